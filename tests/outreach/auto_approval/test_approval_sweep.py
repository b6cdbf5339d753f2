"""Automatic approval: what the machine may clear, what it never touches, and what goes back to people."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from approvals.decisions import claims, decisions
from approvals.decisions.decisions import Decider
from approvals.models import Decision
from leads.suppression import suppression
from metrics.promotion import promotion
from outreach.auto_approval import approval_sweep, eligibility
from outreach.choices import Phase
from outreach.contact_history import ghl_check
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.guardrails.guardrail_rules import DomainHealth
from outreach.lifecycle.moves import move_message
from outreach.lifecycle.transitions import StaleMessage
from outreach.models import Control, ControlChange, EmailEvent, Message, SendIntent
from outreach.review import ghl_lookup, review_actions
from outreach.sending import send, send_slots
from outreach.sending.final_checks import SendStopped
from tests import factories
from tests.fakes.ghl import FakeGhl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

DOMAIN = "mail.ours.example.com"


@pytest.fixture(autouse=True)
def assisted(settings: Any, lead_user: User) -> None:
    """Assisted, switched on, and a healthy domain; in the sandbox, where nothing needs to be looked up."""
    settings.GHL_FROM_EMAIL = f"alex@{DOMAIN}"
    phase.current_control()
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    phase.set_auto_approval(True, by=lead_user, reason="Six weeks of agreement.")
    verdict()


def verdict(score: int | None = 90, at: Any = None) -> None:
    guardrails.store_health_verdict(
        DomainHealth(DOMAIN, score, "present", "present", "present", at or timezone.now())
    )


def low(verified: bool = True, lead: dict[str, Any] | None = None, **assessment: Any) -> Message:
    """A held email of the band LOW, faultless unless told otherwise."""
    person = factories.LeadFactory(**{"email_verified": verified, **(lead or {})})
    return factories.held_email(person, **{"intent": 10, "tier": "tier_3", "icp": 10, **assessment})


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def last_move(message: Message) -> tuple[str, str, int | None]:
    return message.moves.values_list("to_status", "why", "by").last()


def complained() -> None:
    message = Message.objects.create(lead=factories.LeadFactory(), status="sent", transport="ghl")
    EmailEvent.objects.create(
        key=f"{message.pk}", message=message, kind="complained", source="w", at=timezone.now()
    )


def reasons(message: Message) -> tuple[str, ...]:
    return eligibility.why_person_decides(message, phase.current_control(), timezone.now())


def stays_held(message: Message, reason: str) -> None:
    moves = message.moves.count()
    assert reason in reasons(message)
    approval_sweep.approve_due()
    assert (now_is(message).status, message.moves.count()) == ("held", moves)


# --- What the machine clears ------------------------------------------------------------------------------------------


def test_a_faultless_low_email_is_cleared_by_nobody_and_says_so(settings: Any) -> None:
    settings.UNDO_SECONDS = 30
    message = low()
    assert approval_sweep.approve_due() == 1
    cleared = now_is(message)
    assert (cleared.status, cleared.by_machine, cleared.transport) == ("cleared", True, "sandbox")
    assert last_move(message) == ("cleared", "machine", None)
    assert cleared.waiting_for == "undo" and cleared.not_before == cleared.cleared_at + timedelta(
        seconds=30
    )
    assert Decision.objects.count() == 0  # never evidence for latency, agreement or quality
    assert approval_sweep.approve_due() == 0


def test_what_the_machine_cleared_leaves_once_and_stays_marked() -> None:
    message = low()
    approval_sweep.approve_due()
    assert (send.send_due(), send.send_due()) == (1, 0)
    assert (now_is(message).status, now_is(message).by_machine) == ("sent", True)


@pytest.mark.parametrize(
    ("to", "under", "intent", "warm", "cleared"),
    [
        (Phase.PARALLEL, 100, 10, False, False),
        (Phase.ASSISTED, 40, 39, False, True),
        (Phase.ASSISTED, 100, 40, False, False),  # WARM is a person's
        (Phase.ASSISTED, 30, 30, False, False),
        (Phase.ASSISTED, 30, 29, False, True),
        (Phase.AUTONOMOUS, 40, 40, False, False),
        (Phase.AUTONOMOUS, 60, 40, False, True),
        (Phase.AUTONOMOUS, 100, 69, False, True),
        (Phase.AUTONOMOUS, 100, 70, False, False),  # HOT is a person's
        (Phase.AUTONOMOUS, 100, 10, True, False),
    ],
)
def test_phase_switch_and_limits_say_which(
    to: Phase, under: int, intent: int, warm: bool, cleared: bool, lead_user: User
) -> None:
    Control.objects.update(phase=to)
    phase.set_auto_approval(True, by=lead_user, reason="test", under_intent=under)
    message = low(
        intent=intent, warm={"member": "Lena", "kind": "known", "sentence": "x"} if warm else None
    )
    approval_sweep.approve_due()
    assert now_is(message).status == ("cleared" if cleared else "held")


def test_a_warm_connection_is_cleared_only_where_a_lead_allows_it(lead_user: User) -> None:
    Control.objects.update(phase=Phase.AUTONOMOUS)
    message = low(warm={"member": "Lena", "kind": "known", "sentence": "x"})
    stays_held(message, "there is a warm connection")
    phase.set_auto_approval(True, by=lead_user, reason="test", no_warm=False)
    Message.objects.update(machine_looks_at=timezone.now())
    assert approval_sweep.approve_due() == 1


def test_an_address_that_an_email_arrived_at_needs_no_other_proof() -> None:
    message = low(verified=False)
    stays_held(message, "the address is not verified")
    before = Message.objects.create(
        lead=factories.LeadFactory(), status="sent", transport="ghl", to_address=message.to_address
    )
    EmailEvent.objects.create(
        key="d", message=before, kind="delivered", source="w", at=timezone.now()
    )
    assert reasons(message) == ()
    EmailEvent.objects.create(
        key="b", message=before, kind="bounced", source="w", at=timezone.now()
    )
    assert "the address is not verified" in reasons(message)


# --- What it leaves to people -----------------------------------------------------------------------------------------


def test_the_switch_is_off_until_a_lead_turns_it_on(lead_user: User) -> None:
    phase.set_auto_approval(False, by=lead_user, reason="test")
    stays_held(low(), "Automatic approval is switched off.")


def test_a_score_that_rose_after_the_draft_is_the_one_that_counts() -> None:
    message = low()
    factories.AssessmentFactory(lead=message.lead, intent=80, tier="tier_1")
    stays_held(message, "HOT emails are decided by a person in this phase")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"country": ""}, "the recipient's country is not known"),
        ({"country": "DE"}, "DE is not an allowed country"),
        ({"email_verified": False}, "the address is not verified"),
        ({"email": "other@elsewhere.test"}, "the person has another address by now"),
        ({"kind": "test"}, "it is to nobody real"),
    ],
)
def test_what_is_known_of_the_person_now_decides(changes: dict[str, Any], reason: str) -> None:
    message = low()
    type(message.lead).objects.filter(pk=message.lead_id).update(**changes)
    stays_held(message, reason)


@pytest.mark.parametrize("kind", ["test", "training", "example"])
def test_people_who_are_not_real_are_left_to_people(kind: str) -> None:
    stays_held(low(lead={"kind": kind}), "it is to nobody real")


def test_a_phrase_without_a_source_is_a_persons() -> None:
    message = low()
    text = message.text
    type(text).objects.filter(pk=text.pk).update(
        phrases=[{"text": "raised a Series B", "field": "news", "source": ""}]
    )
    stays_held(message, "a phrase has no source")


def test_a_guard_that_fails_by_now_is_a_persons(settings: Any) -> None:
    message = low()
    settings.POSTAL_ADDRESS = "2 Other Street, Columbus, OH 43004"  # not the one in its footer
    stays_held(message, "a guard did not pass")


def test_critical_emails_are_a_persons() -> None:
    message = low()
    Message.objects.filter(pk=message.pk).update(critical_reason="They answered.")
    stays_held(now_is(message), "CRITICAL emails are decided by a person in this phase")


def test_what_a_person_opened_is_theirs(reviewer: User) -> None:
    message = low()
    review_actions.mark_opened(message)
    stays_held(now_is(message), "a person has opened it")


def test_what_a_person_has_on_the_desk_is_theirs(reviewer: User) -> None:
    message = low()
    claims.claim_message(message, reviewer)
    stays_held(now_is(message), "a person has opened it")


def test_what_a_person_opens_in_this_moment_is_not_cleared() -> None:
    message = low()
    review_actions.mark_opened(now_is(message))
    with pytest.raises(StaleMessage):
        review_actions.approve_email(message, message.version, by=None, why=review_actions.MACHINE)
    assert now_is(message).status == "held"


def test_what_a_person_took_back_is_not_taken_from_them(reviewer: User) -> None:
    message = low()
    approval_sweep.approve_due()
    review_actions.undo_approval(now_is(message), by=reviewer)
    stays_held(now_is(message), "a person has decided about it before")


def test_what_a_person_wrote_is_theirs(reviewer: User) -> None:
    message = low()
    text = message.text
    review_actions.edit_text(
        message, 1, subject=text.subject, body=f"{text.body}\n\nA word more.", by=reviewer
    )
    stays_held(now_is(message), "a person has written in it")


def test_what_came_back_from_the_door_is_a_persons() -> None:
    message = low()
    Message.objects.filter(pk=message.pk).update(
        error="There is a message from this person at GoHighLevel."
    )
    stays_held(now_is(message), "There is a message from this person at GoHighLevel.")


def test_who_must_not_be_written_to_is_not_cleared() -> None:
    message = low()
    suppression.suppress(message.to_address, "unsubscribed", "test", message.lead)
    assert (approval_sweep.approve_due(), now_is(message).status) == (0, "held")


def test_one_that_is_not_cleared_is_looked_at_again_later_and_holds_up_no_other(clock: Any) -> None:
    refused, good = low(verified=False), low()
    assert approval_sweep.approve_due(batch=1) == 0
    assert approval_sweep.approve_due(batch=1) == 1
    assert now_is(good).status == "cleared"
    type(refused.lead).objects.filter(pk=refused.lead_id).update(email_verified=True)
    assert approval_sweep.approve_due() == 0
    clock.shift(approval_sweep.RECHECK_AFTER)
    assert approval_sweep.approve_due() == 1


def test_live_emails_wait_until_they_are_looked_up(ghl: FakeGhl) -> None:
    message = low()
    stays_held(message, "it is not checked at GoHighLevel, or too long ago")
    assert ghl_lookup.check_due() == 1
    assert (approval_sweep.approve_due(), now_is(message).transport) == (1, "ghl")
    assert send.send_due() == 1
    assert len(ghl.sent_emails(message.to_address)) == 1


def test_what_was_found_at_ghl_is_a_persons(ghl: FakeGhl) -> None:
    message = low()
    ghl.add_outbound(ghl.add_contact(message.to_address))
    ghl_lookup.check_due()
    assert now_is(message).critical_reason.startswith("GoHighLevel shows an email to them")
    stays_held(now_is(message), "CRITICAL emails are decided by a person in this phase")


def test_a_look_that_has_grown_old_is_done_again(ghl: FakeGhl, clock: Any, lead_user: User) -> None:
    phase.set_auto_approval(False, by=lead_user, reason="test")
    message = low()
    ghl_lookup.check_due()
    clock.shift(ghl_check.FRESH_FOR + timedelta(seconds=1))
    phase.set_auto_approval(True, by=lead_user, reason="test")
    assert (approval_sweep.approve_due(), now_is(message).status) == (0, "held")
    assert ghl_lookup.check_due() == 1
    clock.shift(approval_sweep.RECHECK_AFTER)
    assert approval_sweep.approve_due() == 1


def test_a_look_that_grew_old_in_the_line_does_not_hold_it_up(ghl: FakeGhl, clock: Any) -> None:
    """The door asks GoHighLevel itself."""
    message = low()
    ghl_lookup.check_due()
    approval_sweep.approve_due()
    clock.shift(ghl_check.FRESH_FOR + timedelta(seconds=1))
    verdict()
    assert (send.send_due(), now_is(message).status) == (1, "sent")


# --- What holds all of it up, and sends back what was cleared ---------------------------------------------------------


def halt(lead_user: User) -> None:
    phase.halt_sending(by=lead_user, reason="wrong footer")


def switch_off(lead_user: User) -> None:
    phase.set_auto_approval(False, by=lead_user, reason="I want to look.")


def demote(lead_user: User) -> None:
    promotion.demote_phase(by=lead_user, reason="numbers turned")


def one_complaint(lead_user: User) -> None:
    complained()
    guardrails.check_guardrails()


def two_complaints(lead_user: User) -> None:
    complained()
    complained()
    guardrails.check_guardrails()


def ill(lead_user: User) -> None:
    verdict(69, timezone.now() + timedelta(seconds=1))


def insufficient(lead_user: User) -> None:
    verdict(None, timezone.now() + timedelta(seconds=1))


def other_domain(lead_user: User) -> None:
    from django.conf import settings

    settings.GHL_FROM_EMAIL = "alex@nobody-judged.example.com"


STOPS = [
    (halt, "Sending is halted."),
    (switch_off, "Automatic approval is switched off."),
    (demote, "A person decides every email in this phase."),
    (one_complaint, "1 complaint in 7 days."),
    (two_complaints, "A person decides every email in this phase."),
    (ill, "Domain health is 69, under 70."),
    (insufficient, eligibility.NO_SCORE),
    (other_domain, "There is no verdict on domain health."),
]
every_stop = pytest.mark.parametrize(
    ("stop", "reason"), STOPS, ids=[stop.__name__ for stop, _ in STOPS]
)


@every_stop
def test_what_stops_the_machine_lets_it_clear_nothing(
    stop: Any, reason: str, lead_user: User
) -> None:
    message = low()
    stop(lead_user)
    assert reason in eligibility.machine_hold_reasons(phase.current_control(), timezone.now())
    stays_held(message, reason)


@every_stop
def test_what_stops_the_machine_returns_exactly_what_it_cleared(
    stop: Any, reason: str, lead_user: User, reviewer: User
) -> None:
    mine, theirs = low(), low()
    decisions.approve(theirs, 1, Decider(reviewer, "desk"))
    approval_sweep.approve_due()
    stop(lead_user)
    approval_sweep.approve_due()
    assert (now_is(mine).status, last_move(mine)) == ("held", ("held", "machine_returned", None))
    assert (now_is(mine).transport, now_is(mine).by_machine, now_is(mine).error) == ("", False, "")
    assert (now_is(theirs).status, last_move(theirs)[1]) == ("cleared", "approved")


@pytest.mark.parametrize(
    ("stop", "reason"), STOPS[1:], ids=[stop.__name__ for stop, _ in STOPS[1:]]
)
def test_what_stops_the_machine_stops_it_at_the_door_too(
    stop: Any, reason: str, lead_user: User
) -> None:
    """Before any sweep has given it back. A halt has its own look there; without it the machine still may not."""
    message = low()
    approval_sweep.approve_due()
    taken = move_message(
        now_is(message), "sending", "door", lease_until=timezone.now() + timedelta(minutes=3)
    )
    stop(lead_user)
    Control.objects.update(halted=False)
    with pytest.raises(SendStopped, match="may not approve it any more"):
        send_slots.claim_slot(taken)
    assert SendIntent.objects.count() == 0


def test_a_verdict_that_grows_old_stops_the_machine_until_the_next(clock: Any) -> None:
    message = low()
    approval_sweep.approve_due()
    clock.shift(timedelta(hours=6, minutes=1))
    approval_sweep.approve_due()
    assert (now_is(message).status, last_move(message)[1]) == ("held", "machine_returned")
    verdict()
    assert approval_sweep.approve_due() == 1


def test_after_a_drop_what_people_approved_leaves_within_the_lower_cap(
    lead_user: User, reviewer: User
) -> None:
    mine, theirs = low(), low()
    decisions.approve(theirs, 1, Decider(reviewer, "desk"))
    approval_sweep.approve_due()
    promotion.demote_phase(by=lead_user, reason="numbers turned")
    assert (send.send_due(), now_is(theirs).status, now_is(mine).status) == (1, "sent", "held")
    assert SendIntent.objects.get().phase == "parallel"


def test_after_a_drop_to_shadow_nothing_leaves(lead_user: User, reviewer: User) -> None:
    theirs = low()
    decisions.approve(theirs, 1, Decider(reviewer, "desk"))
    promotion.demote_phase(to=Phase.SHADOW, by=lead_user, reason="numbers turned")
    assert (send.send_due(), now_is(theirs).status) == (0, "cleared")


def test_what_left_and_what_waits_for_people_is_not_given_back(lead_user: User) -> None:
    gone, waits = low(), low(intent=50)
    approval_sweep.approve_due()
    send.send_due()
    phase.halt_sending(by=lead_user, reason="test")
    assert approval_sweep.approve_due() == 0
    assert (now_is(gone).status, now_is(waits).status, waits.moves.count()) == ("sent", "held", 1)


# --- The switch -------------------------------------------------------------------------------------------------------


def test_every_change_of_the_switch_is_logged(lead_user: User) -> None:
    phase.set_auto_approval(
        True, by=lead_user, reason="The first weeks were good.", under_intent=70, no_warm=False
    )
    phase.set_auto_approval(True, by=lead_user, reason="again")
    rows = ControlChange.objects.exclude(what="phase").order_by("pk")
    assert list(rows.values_list("what", "before", "after", "by_name", "reason__text"))[1:] == [
        ("auto_max_intent", "40", "70", "lena", "The first weeks were good."),
        ("auto_no_warm", "on", "off", "lena", "The first weeks were good."),
    ]


@pytest.mark.parametrize("score", [-1, 101])
def test_a_limit_that_is_no_score_is_refused(score: int, lead_user: User) -> None:
    changes = ControlChange.objects.count()
    with pytest.raises(phase.ChangeNotAllowed, match="^under_intent: "):
        phase.set_auto_approval(False, by=lead_user, reason="test", under_intent=score)
    assert (phase.current_control().auto_approve, ControlChange.objects.count()) == (True, changes)


def test_a_drop_turns_the_switch_off_for_good(lead_user: User) -> None:
    phase.change_phase(Phase.PARALLEL, by=lead_user, reason="numbers turned")
    phase.change_phase(Phase.ASSISTED, by=lead_user, reason="numbers are back")
    assert phase.current_control().auto_approve is False
    assert (
        ControlChange.objects.filter(what="auto_approve").latest("pk").reason.text
        == "numbers turned"
    )


def test_a_rise_leaves_the_switch_as_it_is(lead_user: User) -> None:
    phase.change_phase(Phase.AUTONOMOUS, by=lead_user, reason="test")
    assert phase.current_control().auto_approve is True


def test_a_decision_too_late_says_that_the_machine_was_first(reviewer: User) -> None:
    message = low()
    approval_sweep.approve_due()
    with pytest.raises(
        decisions.DecisionConflict,
        match=r"^The machine approved this email at \d\d:\d\d\. Your decision",
    ):
        decisions.approve(now_is(message), 1, Decider(reviewer, "desk"))
    assert Decision.objects.count() == 0


class TestCommand:
    def run(self, *args: str) -> list[str]:
        out = StringIO()
        call_command("auto_approve", *args, "--reason", "because", stdout=out)
        return out.getvalue().splitlines()

    def test_a_lead_turns_it_on_and_hears_what_it_waits_for(self, lead_user: User) -> None:
        phase.change_phase(Phase.PARALLEL, by=None, reason="test")
        assert self.run(
            "--on", "--as", "lena", "--under-intent", "60", "--warm-connections", "yes"
        ) == [
            "Automatic approval is on.",
            "It approves nothing yet: A person decides every email in this phase.",
        ]
        row = phase.current_control()
        assert (row.auto_approve, row.auto_max_intent, row.auto_no_warm_connections) == (
            True,
            60,
            False,
        )

    def test_a_reviewer_turns_it_off(self, reviewer: User) -> None:
        assert self.run("--off", "--as", "rita") == ["Automatic approval is off."]
        assert not phase.current_control().auto_approve

    @pytest.mark.parametrize(
        "args",
        [["--on"], ["--off", "--under-intent", "90"], ["--off", "--warm-connections", "yes"]],
    )
    def test_a_reviewer_loosens_nothing(self, reviewer: User, args: list[str]) -> None:
        before, changes = phase.current_control(), ControlChange.objects.count()
        with pytest.raises(CommandError, match="rita does not have outreach.auto_approve"):
            self.run(*args, "--as", "rita")
        assert (phase.current_control().auto_max_intent, ControlChange.objects.count()) == (
            before.auto_max_intent,
            changes,
        )

    def test_a_score_that_is_none_is_refused(self, lead_user: User) -> None:
        with pytest.raises(CommandError, match="^under_intent: 101"):
            self.run("--on", "--as", "lena", "--under-intent", "101")

    def test_one_json_document(self, lead_user: User) -> None:
        assert json.loads("\n".join(self.run("--on", "--as", "lena", "--json"))) == {
            "switched_on": True, "waits_for": [],
        }  # fmt: skip
