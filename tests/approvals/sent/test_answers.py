"""Answers on the page: who needs somebody, what they said and why it is sorted so, and what a
person says about it.
"""

import html
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from approvals.escalation import escalation
from approvals.models import Absence, Delegate, Notice
from approvals.sent import answers
from leads.models import Suppression, TeamMember
from leads.suppression import suppression
from outreach.feedback import apply_feedback
from outreach.integrations.ghl.ghl_facts import MessageFact
from outreach.models import Message, Reply, ReplyKind
from tests import factories
from tests.fakes.slack import FakeSlack

pytestmark = pytest.mark.django_db

YES, NO, STOP = (
    "Happy to talk on Thursday.",
    "We are not interested.",
    "Please remove me from your list.",
)
UNSURE = "Hm."
QUESTION = "How much is it for a team of twelve?"


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


def body(response: Any) -> str:
    return html.unescape(" ".join(response.content.decode().split()))


def sent(**lead: Any) -> Message:
    message = factories.cleared_email(factories.LeadFactory(**lead))
    contact = f"cnt_{message.pk}"
    Message.objects.filter(pk=message.pk).update(
        status="sent", transport="ghl", sent_at=timezone.now(), ghl_contact_id=contact
    )
    message.refresh_from_db()
    return message


def said(text: str, message: Message | None = None, **more: Any) -> Reply:
    message = message or sent()
    fact = {
        "id": f"eml_{Reply.objects.count()}",
        "message_id": "",
        "contact_id": message.ghl_contact_id,
        "address": "",
    }
    told = {
        "is_inbound": True,
        "channel": "email",
        "subject": "Re: x",
        "body": text,
        "at": timezone.now(),
        **more,
    }
    apply_feedback.apply_fact(MessageFact(**fact, **told), "webhook")
    return Reply.objects.latest("pk")


# The page


def test_a_reply_stands_there_with_the_words_that_decided_marked(desk: Client) -> None:
    reply = said(f"<p>{YES}</p><script>alert(1)</script>")
    page = body(desk.get("/sales/sent"))
    word = reply.text.decided_by[0]
    assert f"<mark>{word}</mark>" in page and f"“{word}”" in page
    assert "Because of" in page and "alert(1)" not in page
    assert str(reply.lead) in page


def test_an_answer_stands_alone_where_nothing_else_came_back(desk: Client) -> None:
    said(YES)
    page = body(desk.get("/sales/sent"))
    row = page.partition("Came back")[2].partition("</tr>")[2].partition("</tr>")[0]
    assert "<b>Positive</b>" in row and "–" not in row.rpartition("<td>")[2]


def test_what_people_wrote_is_text_and_never_markup(desk: Client) -> None:
    said("<div>Happy to talk &lt;img src=x onerror=alert(1)&gt; &amp; more</div>")
    raw = desk.get("/sales/sent").content.decode()
    assert "<img" not in raw
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; more" in raw


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        *((YES, True), (QUESTION, True), (UNSURE, True)),
        *((NO, False), (STOP, False), ("I am out of the office.", True)),
    ],
)
def test_a_yes_a_question_and_what_the_machine_asks_about_need_somebody(
    desk: Client, text: str, needs: bool
) -> None:
    said(text)
    assert bool(answers.replies_needing_someone()) == needs
    page = body(desk.get("/sales/sent"))
    assert ("Needs you <b>1</b>" in page) == needs
    assert ("Nobody waits for an answer" in page) == (not needs)


def test_what_is_taken_too_old_or_from_before_us_needs_nobody(reviewer: User) -> None:
    taken, old, imported = said(YES), said(YES), said(YES)
    Reply.objects.filter(pk=taken.pk).update(taken_by=reviewer, taken_at=timezone.now())
    Reply.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=15))
    Reply.objects.filter(pk=imported.pk).update(source="history")
    assert answers.replies_needing_someone() == []


def test_pages_of_replies(desk: Client) -> None:
    message = sent()
    for n in range(answers.PAGE_SIZE + 1):
        said(f"Number {n} is not what we need.", message)
    first = body(desk.get("/sales/sent"))
    assert "Number 25" in first and "Number 0 " not in first
    oldest_shown = Reply.objects.order_by("-pk")[answers.PAGE_SIZE - 1].pk
    assert f"?answers_before={oldest_shown}#replies" in first
    older = body(desk.get(f"/sales/sent?answers_before={oldest_shown}"))
    assert "Number 0 " in older and "Number 25" not in older


def test_an_erased_text_leaves_the_reply(desk: Client) -> None:
    reply = said(YES)
    reply.text.delete()
    page = body(desk.get("/sales/sent"))
    assert "Without words" in page and str(reply.lead) in page


def test_what_came_back_stands_beside_each_email_that_left(desk: Client) -> None:
    message = sent()
    now = timezone.now()
    for n, kind in enumerate(("delivered", "opened")):
        message.events.create(key=f"{n}", kind=kind, source="poll", at=now + timedelta(seconds=n))
    said(NO, message)
    assert "Delivered, Opened; <b>Negative</b>" in body(desk.get("/sales/sent"))


def test_the_page_asks_the_database_as_often_with_many_replies(
    desk: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(2):
        said(YES)
    with django_assert_max_num_queries(60) as few:
        desk.get("/sales/sent")
    for _ in range(6):
        said(YES)
    with django_assert_max_num_queries(len(few)):
        desk.get("/sales/sent")


@pytest.mark.parametrize(
    ("said_", "because", "quote"),
    [
        ("Happy to talk.", ["Happy"], "Happy to talk."),
        ("", [], ""),
        ("x" * 300, [], "x" * 240 + " …"),
        (
            "We do much. " * 30 + "Happy to\n talk on Thursday.",
            ["Happy to talk"],
            "… Happy to talk on Thursday.",
        ),
        ("word " * 60 + "Happy", ["Happy"], "… Happy"),
        ("First. Second.", ["not there"], "First. Second."),
    ],
)
def test_what_is_quoted_is_what_decided(said_: str, because: list[str], quote: str) -> None:
    assert answers.quote_around(said_, because) == quote


# Sorted differently


def test_a_person_sorts_a_reply_differently_and_both_words_stand_there(
    desk: Client, reviewer: User
) -> None:
    reply = said(NO)
    response = desk.post(f"/sales/replies/{reply.public_id}/correct", {"kind": "not_now"})
    assert (response.status_code, response["Location"]) == (303, "/sales/sent#replies")
    reply.refresh_from_db()
    assert (reply.sorted_as, reply.corrected_to, reply.corrected_by) == (
        "negative",
        "not_now",
        reviewer,
    )
    page = body(desk.get("/sales/sent"))
    assert "sorted as not now." in page and "rita sorted it; the machine said negative." in page


def test_sorted_as_a_stop_they_are_stopped_and_sorting_does_not_lift_it(desk: Client) -> None:
    reply = said(NO)
    path = f"/sales/replies/{reply.public_id}/correct"
    page = body(desk.post(path, {"kind": "stop"}, follow=True))
    assert "Nobody writes to them any more." in page
    assert suppression.find_stop(reply.lead.email, reply.lead).reason == "unsubscribed"
    page = body(desk.post(path, {"kind": "positive"}, follow=True))
    assert "they stay stopped: that is never lifted by sorting." in page
    assert suppression.find_stop(reply.lead.email, reply.lead).reason == "unsubscribed"


@pytest.mark.parametrize("kind", ["", "maybe", "POSITIVE"])
def test_an_unknown_kind_changes_nothing(desk: Client, kind: str) -> None:
    reply = said(NO)
    response = desk.post(f"/sales/replies/{reply.public_id}/correct", {"kind": kind})
    assert response.status_code == 422
    assert "nothing was changed. Choose what the answer is." in body(response)
    reply.refresh_from_db()
    assert (reply.corrected_to, reply.corrected_at) == ("", None)


@pytest.mark.parametrize("what", ["correct", "take"])
def test_a_get_changes_nothing_and_a_viewer_may_not(
    client: Client, viewer: User, desk: Client, what: str
) -> None:
    reply = said(NO)
    path = f"/sales/replies/{reply.public_id}/{what}"
    assert desk.get(path, {"kind": "stop"}).status_code == 302
    client.force_login(viewer)
    assert client.post(path, {"kind": "stop"}).status_code == 403
    assert "Sort differently" not in body(client.get("/sales/sent"))
    client.logout()
    assert client.post(path, {"kind": "stop"}).status_code == 302
    reply.refresh_from_db()
    assert (reply.corrected_to, reply.taken_by, Suppression.objects.count()) == ("", None, 0)


def test_an_unknown_reply_is_not_found(desk: Client) -> None:
    path = "/sales/replies/00000000-0000-0000-0000-000000000000/correct"
    assert desk.post(path, {"kind": "stop"}).status_code == 404


def test_who_takes_an_answer_is_named_and_nobody_else_takes_it(
    desk: Client, lead_user: User
) -> None:
    reply = said(YES)
    path = f"/sales/replies/{reply.public_id}/take"
    page = body(desk.post(path, follow=True))
    assert (
        "yours to answer." in page and "rita answers it." in page and "Needs you <b>0</b>" in page
    )
    other = Client()
    other.force_login(lead_user)
    assert "rita has it already. Nothing was changed." in body(other.post(path, follow=True))
    reply.refresh_from_db()
    assert reply.taken_by.username == "rita"


# Told


@pytest.fixture
def owner(db: None) -> TeamMember:
    factories.TeamMemberFactory(name="First", notice_order=1, slack_user_id="U0FIRST")
    return factories.TeamMemberFactory(
        name="Olga", email="olga@ours.example.com", slack_user_id="U0OLGA"
    )


def told(times: int = 1) -> list[Notice]:
    for _ in range(times):
        escalation.create_reply_notices()
        escalation.deliver_due_notices()
    return list(Notice.objects.filter(reply__isnull=False))


def test_the_owner_is_told_once_in_slack_with_the_words_and_not_of_a_no(
    slack: FakeSlack, owner: TeamMember
) -> None:
    reply = said(f"{YES} <!channel>", sent(owner=owner))
    said(NO, sent(owner=owner))
    (notice,) = told(times=3)
    assert (notice.to, notice.channel, notice.reply) == (owner, "slack", reply)
    (posted,) = slack.posts()
    text = posted["blocks"][0]["text"]["text"]
    assert posted["blocks"][2]["elements"][0]["text"] == "<@U0OLGA>"
    assert text.startswith("A positive answer: ") and "Happy to talk on Thursday." in text
    assert "<!channel>" not in text
    assert posted["blocks"][1]["elements"][0]["url"].endswith(
        f"/sales/sent#reply-{reply.public_id}"
    )
    assert "Happy" not in notice.text, "the words are kept in one place"


def test_the_owner_is_told_of_a_question_until_it_is_sorted_as_a_no(
    slack: FakeSlack, owner: TeamMember
) -> None:
    asked, sorted_again = said(QUESTION, sent(owner=owner)), said(QUESTION, sent(owner=owner))
    escalation.create_reply_notices()
    Reply.objects.filter(pk=sorted_again.pk).update(corrected_to=ReplyKind.NEGATIVE)
    escalation.deliver_due_notices()
    assert [one.channel for one in Notice.objects.filter(reply=asked)] == ["slack"]
    (posted,) = slack.posts()
    assert posted["blocks"][0]["text"]["text"].startswith("A question: ")


def test_while_the_owner_is_away_their_delegate_or_the_next_is_told(
    slack: FakeSlack, owner: TeamMember, clock: Any
) -> None:
    until = timezone.now() + timedelta(days=2)
    sam = factories.TeamMemberFactory(name="Sam", slack_user_id="U0SAM")
    today = timezone.localdate()
    Absence.objects.create(member=owner, until=until)
    said(YES, sent(owner=owner))
    row = Delegate.objects.create(member=owner, delegate=sam, first_day=today, last_day=today)
    said(YES, sent(owner=owner))
    Delegate.objects.filter(pk=row.pk).update(ended_at=timezone.now())
    escalation.create_reply_notices()
    named = [(str(one.to), str(one.instead_of)) for one in Notice.objects.order_by("pk")]
    assert named == [("First", "Olga")] * 2
    Delegate.objects.filter(pk=row.pk).update(ended_at=None)
    first, _ = told()
    assert (str(first.to), str(first.instead_of)) == ("Sam", "Olga"), "as it is when they are told"
    assert "Olga is away." in slack.posts()[0]["blocks"][0]["text"]["text"]
    Absence.objects.all().delete()
    Delegate.objects.all().delete()
    back = said(YES, sent(owner=owner))
    told()
    notice = Notice.objects.get(reply=back)
    assert (notice.to, notice.instead_of) == (owner, None)


def test_without_slack_it_goes_by_email(settings: Any, owner: TeamMember) -> None:
    settings.EMAIL_URL, settings.EMAIL_BACKEND = (
        "smtp://x",
        "django.core.mail.backends.locmem.EmailBackend",
    )
    reply = said(YES, sent(owner=owner))
    told()
    (letter,) = mail.outbox
    assert letter.to == ["olga@ours.example.com"]
    assert YES in letter.body and f"/sales/sent#reply-{reply.public_id}" in letter.body


def test_without_an_owner_who_signed_is_told_and_else_the_first_in_order(owner: TeamMember) -> None:
    signed, plain = sent(owner=None), sent(owner=None)
    Message.objects.filter(pk=signed.pk).update(sender=owner)
    Message.objects.filter(pk=plain.pk).update(sender=None)
    by_signed, by_plain = said(YES, signed), said(YES, plain)
    assert {notice.reply: str(notice.to) for notice in told()} == {
        by_signed: "Olga",
        by_plain: "First",
    }


def test_a_reply_sorted_as_positive_by_a_person_is_told(desk: Client, owner: TeamMember) -> None:
    reply = said(NO)
    assert told() == []
    desk.post(f"/sales/replies/{reply.public_id}/correct", {"kind": "positive"})
    assert [notice.reply for notice in told()] == [reply]


@pytest.mark.parametrize("change", ["taken", "sorted"])
def test_what_somebody_has_dealt_with_already_is_not_told(
    slack: FakeSlack, owner: TeamMember, reviewer: User, change: str
) -> None:
    reply = said(YES)
    escalation.create_reply_notices()
    Reply.objects.filter(pk=reply.pk).update(
        **{"taken": {"taken_by": reviewer}, "sorted": {"corrected_to": "negative"}}[change]
    )
    escalation.deliver_due_notices()
    notice = Notice.objects.get(reply=reply)
    assert (notice.channel, notice.error) == (
        "page",
        "taken, or sorted differently, before it was told",
    )
    assert slack.posts() == []


def test_the_notices_page_leads_to_the_reply(desk: Client, owner: TeamMember) -> None:
    reply = said(YES)
    told()
    assert f"/sales/sent#reply-{reply.public_id}" in body(desk.get("/sales/notices"))
