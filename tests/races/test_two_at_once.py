"""Two people, or a person and sending, at once: one wins, and no unapproved text is sent."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import User

from approvals.decisions import decisions
from approvals.decisions.decisions import Decider, DecisionConflict
from approvals.escalation import escalation, held_notices
from approvals.models import Decision, Notice
from leads.models import Lead, RateWindow
from outreach.choices import Phase
from outreach.content import email_footer
from outreach.control import phase
from outreach.drafting import drafts, open_drafts
from outreach.feedback import dnd_sync, unsubscribes
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import AfterSend, DailySlots, Message, OptOut, SendIntent
from outreach.review import ghl_lookup, review_actions
from outreach.sending import after_send, uncertain
from outreach.sending import send as sending_send
from tests import factories
from tests.conftest import person
from tests.fakes.ghl import FakeGhl
from tests.fakes.slack import FakeSlack
from tests.races.conftest import at_once, held_up, in_background, now_is

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sender", "loose"),
]

ROUNDS = 12
SEND, SEARCH, CONTACT = (
    "POST /conversations/messages",
    "GET /conversations/search",
    "GET /contacts/{id}",
)
REASON = "The first line is about us, not about them."


@pytest.fixture
def people(committed: None) -> tuple[User, User]:
    return person("rita", "Reviewer"), person("lena", "Lead")


def test_of_two_concurrent_decisions_one_wins(people: tuple[User, User]) -> None:
    rita, lena = people
    winners = set()
    for _ in range(ROUNDS):
        message = factories.held_email()
        mine, theirs = now_is(message), now_is(message)
        found = at_once(
            lambda: decisions.approve(mine, 1, Decider(rita, "desk")),  # noqa: B023
            lambda: decisions.reject(theirs, 1, Decider(lena, "slack"), tag="other", reason=REASON),  # noqa: B023
        )
        (late,) = [one for one in found if isinstance(one, Exception)]
        assert isinstance(late, DecisionConflict), late
        (row,) = Decision.objects.filter(message=message)
        expected = {"approved": "cleared", "rejected": "rejected"}[row.verdict]
        assert now_is(message).status == late.message.status == expected
        assert late.text.startswith(f"{row.by_name} {row.verdict} this email ")
        assert message.moves.count() == 2
        winners.add(row.verdict)
    assert winners <= {"approved", "rejected"}


def test_of_two_concurrent_rejections_one_reason_is_kept(people: tuple[User, User]) -> None:
    rita, lena = people
    for _ in range(ROUNDS):
        message = factories.held_email()
        found = at_once(
            *[
                lambda user=user: decisions.reject(
                    now_is(message),
                    1,
                    Decider(user, "desk"),
                    tag="other",
                    reason=f"{user.username}: {REASON}",  # noqa: B023
                )
                for user in (rita, lena)
            ]
        )
        assert sorted(isinstance(one, DecisionConflict) for one in found) == [False, True], found
        row = Decision.objects.get(message=message)
        assert row.reason.text == f"{row.by_name}: {REASON}" == message.moves.last().reason.text


def test_a_concurrent_edit_never_sends_unapproved_text(
    ghl: FakeGhl, people: tuple[User, User]
) -> None:
    rita, lena = people
    ends = set()
    for _ in range(ROUNDS):
        message = factories.held_email()
        old = message.text
        mine, theirs = now_is(message), now_is(message)

        def send() -> None:
            for _ in range(10):
                sending_send.send_due()
                time.sleep(0.005)

        approved, edited, _ = at_once(
            lambda: decisions.approve(mine, 1, Decider(rita, "desk")),  # noqa: B023
            lambda: review_actions.edit_text(
                theirs, 1, subject=old.subject, body=f"{old.body}\n\nNew.", by=lena
            ),  # noqa: B023
            send,
        )
        sending_send.send_due()
        current, sent = now_is(message), ghl.sent_emails(message.to_address)
        if current.status == "sent":
            assert isinstance(edited, StaleMessage | IllegalMove)
            (entry,) = sent
            row = Decision.objects.get(message=message)
            assert entry["html"] == email_footer.email_html(old.body, old.footer)
            assert row.text_sha256 == old.sha256 and current.version == 1
        else:
            assert (current.status, current.version, sent) == ("held", 2, [])
            assert (
                isinstance(approved, DecisionConflict)
                or Decision.objects.filter(message=message).count() == 1
            )
        ends.add(current.status)
        Message.objects.filter(pk=message.pk, status="held").update(status="withdrawn")
        assert SendIntent.objects.filter(outcome="open").count() == 0
        DailySlots.objects.all().delete()  # the cap and GoHighLevel's rate are other tests' matter
        RateWindow.objects.all().delete()
    assert ends <= {"sent", "held"}


def test_undo_and_the_door_cannot_both_win(ghl: FakeGhl) -> None:
    for _ in range(ROUNDS):
        message = factories.cleared_email()
        undone, sent = at_once(
            lambda: review_actions.undo_approval(now_is(message), by=None), sending_send.send_due
        )  # noqa: B023
        current, left = now_is(message), ghl.sent_emails(message.to_address)
        if isinstance(undone, Message):
            assert (current.status, left, sent) == ("held", [], 0)
        else:
            assert isinstance(undone, StaleMessage | IllegalMove), undone
            assert (current.status, len(left), sent) == ("sent", 1, 1)
        DailySlots.objects.all().delete()


def test_a_concurrent_approval_and_demotion_agree(people: tuple[User, User]) -> None:
    for _ in range(ROUNDS):
        message = factories.held_email()
        at_once(
            lambda: decisions.approve(now_is(message), 1, Decider(people[0], "desk")),  # noqa: B023
            lambda: phase.change_phase(Phase.SHADOW, by=None, reason="test"),
        )
        row = Decision.objects.get(message=message)
        assert (row.verdict, row.phase, now_is(message).status) in (
            ("approved", "parallel", "cleared"),
            ("would_approve", "shadow", "withdrawn"),
        )
        phase.change_phase(Phase.PARALLEL, by=None, reason="test")


def test_unsubscribing_during_the_ghl_check_stops_the_email(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    ghl.add_contact(message.to_address)
    with held_up(ghl, SEARCH) as wait:
        door = in_background(sending_send.send_due)
        wait()
        assert now_is(message).status == "sending"
        unsubscribes.unsubscribe_by_token(message.unsubscribe_token)
    door.join(120)
    assert (now_is(message).status, message.moves.last().why) == ("withdrawn", "suppressed")
    assert (ghl.requests(SEND), SendIntent.objects.count(), DailySlots.objects.count()) == (
        [],
        0,
        0,
    )


def test_two_drafting_sweeps_skip_and_repeat_nothing() -> None:
    leads = [factories.LeadFactory() for _ in range(30)]
    for lead in leads:
        factories.VisitFactory(lead=lead)
        factories.AssessmentFactory(lead=lead)

    def sweep() -> None:
        for _ in range(10):
            open_drafts.open_new_drafts(batch=7)
            drafts.write_drafts()

    assert at_once(sweep, sweep, sweep) == [None] * 3
    assert sorted(Message.objects.values_list("lead", flat=True)) == [lead.pk for lead in leads]
    assert set(Message.objects.values_list("status", "version")) == {("held", 1)}
    assert not Lead.objects.filter(draft_due_at__isnull=False).exists()


def test_two_recovering_sweeps_settle_once(ghl: FakeGhl, clock: Any) -> None:
    message = factories.cleared_email()
    ghl.on(SEND).act_then_close(times=1)
    sending_send.send_due()
    clock.shift(6)
    assert sorted(at_once(*[uncertain.settle_due] * 4)) == [0, 0, 0, 1]
    assert now_is(message).status == "sent"
    assert message.moves.filter(to_status="sent").count() == 1


def test_four_sweeps_check_each_email_at_ghl_once(ghl: FakeGhl) -> None:
    for _ in range(ROUNDS):
        factories.held_email()
        made = len(ghl.requests("GET /contacts/search/duplicate"))
        assert sorted(at_once(*[ghl_lookup.check_due] * 4)) == [0, 0, 0, 1]
        assert len(ghl.requests("GET /contacts/search/duplicate")) == made + 1


def test_four_sweeps_run_each_after_send_action_once(ghl: FakeGhl, settings: Any) -> None:
    settings.GHL_WORKFLOW_ID = ghl.add_workflow()["id"]
    messages = [factories.cleared_email() for _ in range(3)]
    assert sending_send.send_due() == 3
    unsubscribes.unsubscribe_by_token(messages[0].unsubscribe_token)

    def sweep() -> None:
        for _ in range(3):
            after_send.run_due_actions(batch=2)
            dnd_sync.push_due(batch=2)

    assert at_once(*[sweep] * 4) == [None] * 4
    enrolled = ghl.workflow_contacts(settings.GHL_WORKFLOW_ID)
    assert sorted(enrolled) == sorted(now_is(message).ghl_contact_id for message in messages[1:])
    assert set(AfterSend.objects.values_list("state", flat=True)) == {"done", "dropped"}
    assert set(OptOut.objects.values_list("outcome", flat=True)) == {"blocked"}
    assert (
        ghl.contact(now_is(messages[0]).ghl_contact_id)["dndSettings"]["Email"]["status"]
        == "active"
    )


def test_two_sweeps_tell_people_once(slack: FakeSlack, settings: Any) -> None:
    settings.EMAIL_URL = ""
    factories.held_email()
    slack.on("POST /api/chat.postMessage").delay(0.3)
    at_once(*[lambda: (held_notices.create_held_notices(), escalation.deliver_due_notices())] * 4)
    escalation.deliver_due_notices()
    assert (len(slack.posts()), Notice.objects.count(), Notice.objects.get().channel) == (
        1,
        1,
        "slack",
    )
