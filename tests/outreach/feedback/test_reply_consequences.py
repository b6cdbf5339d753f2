"""Holds, stops that are taken back, and what a mail says of its address."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from leads.imports import suppression_list
from leads.models import Suppression
from leads.suppression import suppression
from outreach.choices import EventKind
from outreach.feedback import apply_feedback, dnd_sync, replies, reply_consequences, unsubscribes
from outreach.feedback.reply_consequences import StopStays
from outreach.integrations.ghl.ghl_facts import DoNotDisturbFact
from outreach.models import EmailEvent, Message, OptOut, Reply
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.back import make_sent_email, receive_webhooks, reload_email

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

STOP = "Please remove me from your list."
HINT = "I find this creepy."
WHY = "They meant their own newsletter list, not ours."


def answered(ghl: FakeGhl, message: Message, text: str, **more: Any) -> Reply:
    receive_webhooks(ghl.receive_reply(message.ghl_contact_id, body=text, **more))
    return Reply.objects.latest("pk")


def reason_of(message: Message) -> str | None:
    stop = suppression.find_stop(message.to_address, message.lead)
    return stop.reason if stop else None


@pytest.fixture
def lead_user(db: None) -> User:
    return User.objects.create_user("lea")


# --- Unsure: held until a person says what it is


def test_an_unsure_stop_holds_everything_to_that_person(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    open_one = factories.cleared_email(message.lead)

    reply = answered(ghl, message, HINT)

    assert (reply.kind, reply.is_sure) == ("stop", False)
    assert reload_email(open_one).status == "withdrawn"
    assert reason_of(message) == "stop_unsure"
    assert not EmailEvent.objects.filter(kind=EventKind.UNSUBSCRIBED).exists()
    dnd_sync.record_new_stops()
    assert OptOut.objects.count() == 0  # not told to GoHighLevel: it may be none


@pytest.mark.parametrize("kind", ["question", "negative", "positive"])
def test_the_hold_ends_where_a_person_says_that_it_is_no_stop(
    ghl: FakeGhl, lead_user: User, kind: str
) -> None:
    message = make_sent_email(ghl)
    reply = answered(ghl, message, HINT)
    replies.correct_kind(reply, kind, by=lead_user)
    assert reason_of(message) is None


def test_the_hold_is_for_good_where_a_person_says_so(ghl: FakeGhl, lead_user: User) -> None:
    message = make_sent_email(ghl)
    replies.correct_kind(answered(ghl, message, HINT), "stop", by=lead_user)
    assert reason_of(message) == "unsubscribed"


def test_the_hold_stays_while_another_answer_may_be_a_stop(ghl: FakeGhl, lead_user: User) -> None:
    message = make_sent_email(ghl)
    reply = answered(ghl, message, HINT)
    answered(ghl, message, "This is intrusive.")
    replies.correct_kind(reply, "question", by=lead_user)
    assert reason_of(message) == "stop_unsure"


# --- Taken back


def test_a_machines_stop_is_taken_back_with_a_reason(ghl: FakeGhl, lead_user: User) -> None:
    message = make_sent_email(ghl)
    reply = answered(ghl, message, STOP)
    assert reason_of(message) == "unsubscribed"

    reply = reply_consequences.take_back_stop(reply, "question", WHY, by=lead_user)

    assert reason_of(message) is None
    assert (reply.kind, reply.sorted_as, reply.taken_back_by) == ("question", "stop", lead_user)
    assert reply.taken_back_at and reply.text.taken_back_why == WHY
    assert Suppression.objects.exclude(expires_at=None).exists()  # the rows stay


def refused(reply: Reply, by: User, kind: str = "question", why: str = WHY) -> str:
    before = list(Suppression.objects.order_by("pk").values())
    with pytest.raises(StopStays) as refusal:
        reply_consequences.take_back_stop(reply, kind, why, by=by)
    assert list(Suppression.objects.order_by("pk").values()) == before
    reply.refresh_from_db()
    assert (reply.corrected_to, reply.taken_back_at) == ("", None)
    return refusal.value.code


@pytest.mark.parametrize(
    "text", ["STOP", "Unsubscribe", "stop. thank you", "Remove me please", "Abmelden", "退订"]
)
def test_the_word_alone_is_never_taken_back(ghl: FakeGhl, lead_user: User, text: str) -> None:
    message = make_sent_email(ghl)
    assert refused(answered(ghl, message, text), lead_user) == StopStays.OWN_WORD
    assert reason_of(message) == "unsubscribed"


def test_the_word_alone_as_subject_is_never_taken_back(ghl: FakeGhl, lead_user: User) -> None:
    reply = answered(ghl, make_sent_email(ghl), " ", subject="Unsubscribe")
    assert refused(reply, lead_user) == StopStays.OWN_WORD


def use_link(message: Message) -> None:
    assert unsubscribes.unsubscribe_by_token(message.unsubscribe_token)


def set_dnd(message: Message) -> None:
    fact = DoNotDisturbFact(message.ghl_contact_id, message.to_address, is_blocked=True)
    apply_feedback.apply_fact(fact, "poll")


def stand_in_list(message: Message) -> None:
    rows = f"value,reason\n{message.to_address},unsubscribed\n".encode()
    assert suppression_list.import_suppressions(rows, "import mailchimp.csv").read == 1


@pytest.mark.parametrize("own_choice", [use_link, set_dnd, stand_in_list])
@pytest.mark.parametrize("is_first", [True, False])
def test_their_own_choice_is_never_taken_back(
    ghl: FakeGhl, lead_user: User, own_choice: Any, is_first: bool
) -> None:
    message = make_sent_email(ghl)
    if is_first:
        own_choice(message)
    reply = answered(ghl, message, STOP)
    if not is_first:
        own_choice(message)
    assert refused(reply, lead_user) == StopStays.OWN_CHOICE


def test_another_stop_of_theirs_keeps_it(ghl: FakeGhl, lead_user: User) -> None:
    message = make_sent_email(ghl)
    reply = answered(ghl, message, STOP)
    answered(ghl, message, "I asked you to remove me from your list.")
    assert refused(reply, lead_user) == StopStays.OTHER_REPLY


def test_what_is_no_stop_and_what_has_no_reason_is_refused(ghl: FakeGhl, lead_user: User) -> None:
    message = make_sent_email(ghl)
    reply = answered(ghl, message, STOP)
    assert refused(reply, lead_user, why="  typo  ") == StopStays.NO_REASON
    assert refused(reply, lead_user, kind="stop") == StopStays.NO_STOP
    other = answered(ghl, make_sent_email(ghl), "We are not interested.")
    assert refused(other, lead_user) == StopStays.NO_STOP


def test_a_later_stop_counts_again(ghl: FakeGhl, lead_user: User) -> None:
    message = make_sent_email(ghl)
    reply_consequences.take_back_stop(answered(ghl, message, STOP), "question", WHY, by=lead_user)
    answered(ghl, message, "Never write to me again.")
    assert reason_of(message) == "unsubscribed"


def test_do_not_disturb_that_we_set_ourselves_is_not_their_choice(
    ghl: FakeGhl, lead_user: User
) -> None:
    message = make_sent_email(ghl)
    reply = answered(ghl, message, STOP)
    while dnd_sync.push_due():
        pass
    assert OptOut.objects.filter(outcome="blocked").exists()
    reply = reply_consequences.take_back_stop(reply, "question", WHY, by=lead_user)
    assert reply.dnd_is_ours
    set_dnd(message)
    assert reason_of(message) is None
    lifted = DoNotDisturbFact(message.ghl_contact_id, message.to_address, is_blocked=False)
    apply_feedback.apply_fact(lifted, "poll")
    set_dnd(message)
    assert reason_of(message) == "unsubscribed"


def test_a_later_stop_is_told_to_gohighlevel_again(ghl: FakeGhl, lead_user: User) -> None:
    message = make_sent_email(ghl)
    reply = answered(ghl, message, STOP)
    while dnd_sync.push_due():
        pass
    reply_consequences.take_back_stop(reply, "question", WHY, by=lead_user)
    answered(ghl, message, "Never write to me again.")
    assert OptOut.objects.filter(told_at=None).exists()
    while dnd_sync.push_due():
        pass
    assert not OptOut.objects.filter(told_at=None).exists()


def test_a_stop_that_ended_is_not_told_to_gohighlevel(ghl: FakeGhl, lead_user: User) -> None:
    reply = answered(ghl, make_sent_email(ghl), STOP)
    dnd_sync.record_new_stops()
    reply_consequences.take_back_stop(reply, "question", WHY, by=lead_user)
    dnd_sync.push_due()
    assert set(OptOut.objects.values_list("outcome", flat=True)) == {"ended"}


def post_kind(client: Client, reply: Reply, **form: str) -> Any:
    return client.post(reverse("correct_reply", args=[reply.public_id]), form)


def test_the_page_takes_a_stop_back(ghl: FakeGhl, admin_client: Client) -> None:
    message = make_sent_email(ghl)
    reply = answered(ghl, message, STOP)
    assert "Why it is no stop" in admin_client.get(reverse("sent")).content.decode()

    post_kind(admin_client, reply, kind="question", why=WHY)

    assert reason_of(message) is None
    assert WHY in admin_client.get(reverse("sent")).content.decode()


def test_the_page_says_why_a_stop_stays(ghl: FakeGhl, admin_client: Client) -> None:
    message = make_sent_email(ghl)
    answer = post_kind(admin_client, answered(ghl, message, "STOP"), kind="question", why=WHY)
    assert answer.status_code == 422
    assert "so it is their own stop" in answer.content.decode()
    assert reason_of(message) == "unsubscribed"


def test_a_reviewer_sorts_and_takes_nothing_back(
    ghl: FakeGhl, client: Client, lead_user: User
) -> None:
    lead_user.user_permissions.add(
        *Permission.objects.filter(codename__in=["correct_reply", "view_reply", "view_message"])
    )
    client.force_login(lead_user)
    message = make_sent_email(ghl)
    reply = answered(ghl, message, STOP)
    assert post_kind(client, reply, kind="question", why=WHY).status_code == 403
    post_kind(client, reply, kind="question")
    assert reason_of(message) == "unsubscribed"


# --- What a mail says of its address


@pytest.mark.parametrize(
    ("subject", "text", "reason", "kind", "status"),
    [
        ("Automatic reply: x", "I retired in May. Contact sam@acme.test.", "gone", "", "withdrawn"),
        ("Re: x", "I no longer work there.", "gone", "", "withdrawn"),
        ("Abwesenheit", "Frau Vogt ist nicht mehr im Unternehmen tätig.", "gone", "", "withdrawn"),
        ("Undeliverable: x", "User unknown.", "bounced", "bounced", "withdrawn"),
        ("Non remis : x", "Impossible de trouver l'adresse.", "bounced", "bounced", "withdrawn"),
        ("Undeliverable: x", "The mailbox is full.", None, "deferred", "cleared"),
        ("Automatic reply: x", "I am out of the office until May 3.", None, "", "cleared"),
    ],
)
def test_a_mail_that_says_what_became_of_the_address(
    ghl: FakeGhl, subject: str, text: str, reason: str | None, kind: str, status: str
) -> None:
    message = make_sent_email(ghl)
    open_one = factories.cleared_email(message.lead)

    reply = answered(ghl, message, text, subject=subject, sender="mailer-daemon@mx.test")

    assert reason_of(message) == reason
    assert reload_email(open_one).status == status
    assert list(EmailEvent.objects.values_list("kind", flat=True)) == ([kind] if kind else [])
    assert not Suppression.objects.filter(value="mailer-daemon@mx.test").exists()
    assert reply.text.successor == ("Contact sam@acme.test." if "sam@" in text else "")


def test_a_successor_is_shown(ghl: FakeGhl, admin_client: Client) -> None:
    text = "I retired in May. Contact sam@acme.test."
    answered(ghl, make_sent_email(ghl), text, subject="Automatic reply: x")
    page = admin_client.get(reverse("sent")).content.decode()
    assert "No longer there" in page and "Contact sam@acme.test." in page
