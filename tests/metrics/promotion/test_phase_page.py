"""The phase page: what would stop us, you and the machine, and the switch."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.decisions import decisions
from approvals.decisions.decisions import Decider
from approvals.models import Decision
from metrics.figures import agreement
from outreach.auto_approval import approval_sweep
from outreach.choices import Phase
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.guardrails.guardrail_rules import DomainHealth
from outreach.models import ControlChange, EmailEvent, Message
from outreach.review import review_actions
from tests import factories

pytestmark = pytest.mark.django_db
REASON = "The first line is about us, not about them."


def words(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


@pytest.fixture
def lead_client(client: Client, lead_user: User) -> Client:
    client.force_login(lead_user)
    return client


# --- What would stop us ---------------------------------------------------------------------------


def test_guardrails_show_count_threshold_and_window(lead_client: Client, settings: Any) -> None:
    settings.GHL_FROM_EMAIL = "alex@mail.ours.example.com"
    guardrails.store_health_verdict(
        DomainHealth("mail.ours.example.com", 84, "present", "missing", "present", timezone.now())
    )
    message = Message.objects.create(lead=factories.LeadFactory(), status="sent", transport="ghl")
    EmailEvent.objects.create(
        key="c", message=message, kind="complained", source="poll", at=timezone.now()
    )
    said = words(lead_client.get("/sales/phase"))
    assert "Complaints 1 in 7 days 1 in 7 days 2 in 7 days ! Alert" in said
    assert (
        "Hard bounces 0 in 24 hours, 0 of 0 sent in 7 days 2 in 24 hours 3 in 24 hours, or 3 "
        "% of at least" in said
    )
    assert "Domain health 84 under 70 under 50 ✓ Clear" in said
    missing = "SPF, DKIM, DMARC DKIM missing for less than an hour"
    assert f"{missing} one missing one missing for 72 hours ! Alert" in said


def test_the_sum_that_makes_domain_health_is_shown(lead_client: Client, settings: Any) -> None:
    settings.GHL_FROM_EMAIL = "alex@mail.ours.example.com"
    reasons = (
        {"code": "hard_bounces", "points": -15, "said": "4 of 180"},
        {"code": "replies", "points": 10, "said": "9 of 176"},
        {"code": "dkim", "points": -15, "said": "missing"},
    )
    guardrails.store_health_verdict(
        DomainHealth(
            "mail.ours.example.com", 80, "present", "missing", "present", timezone.now(), reasons
        )
    )
    said = words(lead_client.get("/sales/phase"))
    assert (
        "starts at 100 -15 hard bounces: 4 of 180 +10 replies: 9 of 176 -15 dkim: "
        "missing 80 of 100" in said
    )


def test_the_api_says_the_same(lead_client: Client) -> None:
    body = lead_client.get("/api/phase").json()
    assert [row["guardrail"] for row in body["guardrails"]] == [
        "complaints",
        "blocked",
        "hard_bounces",
        "send_errors",
        "domain_health",
        "authentication",
        "health_verdict",
    ]
    assert body["guardrails"][0] == {
        "guardrail": "complaints",
        "now": "0 in 7 days",
        "alert_at": "1 in 7 days",
        "halt_at": "2 in 7 days",
        "level": "not_known",
        "why": "Nothing was sent in 7 days.",
        "state": "not_known",
    }


# --- The switch -----------------------------------------------------------------------------------


def test_a_lead_turns_the_machine_on_with_limits(lead_client: Client) -> None:
    assert lead_client.get("/sales/phase/machine").status_code == 200
    typed = {"on": "yes", "under_intent": "30", "reason": "Six weeks of agreement."}
    answer = lead_client.post("/sales/phase/machine", typed)
    assert (answer.status_code, answer["Location"]) == (303, "/sales/phase")
    row = phase.current_control()
    assert (row.auto_approve, row.auto_max_intent, row.auto_no_warm_connections) == (True, 30, True)
    assert ControlChange.objects.latest("pk").reason.text == "Six weeks of agreement."


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"on": "yes", "under_intent": "30", "reason": " "}, "Say why, in a few words."),
        ({"under_intent": "30", "reason": "because"}, "Choose on or off."),
        ({"on": "yes", "under_intent": "101", "reason": "because"}, "less than or equal to 100"),
        ({"on": "yes", "under_intent": "", "reason": "because"}, "This field is required."),
    ],
)
def test_what_is_missing_is_said_and_nothing_changes(
    lead_client: Client, typed: dict[str, str], said: str
) -> None:
    answer = lead_client.post("/sales/phase/machine", typed)
    assert (answer.status_code, said in words(answer)) == (422, True)
    assert (phase.current_control().auto_approve, ControlChange.objects.count()) == (False, 0)


def test_a_reviewer_turns_it_off_and_never_on(client: Client, reviewer: User) -> None:
    phase.set_auto_approval(True, by=None, reason="test")
    changes = ControlChange.objects.count()
    client.force_login(reviewer)
    loosened = {"on": "yes", "under_intent": "90", "warm_connections": "on", "reason": "because"}
    assert client.post("/sales/phase/machine", loosened).status_code == 422
    assert (phase.current_control().auto_max_intent, ControlChange.objects.count()) == (40, changes)
    assert "under" not in re.findall(
        r'name="(\w+)"', client.get("/sales/phase/machine").content.decode()
    )
    assert (
        client.post("/sales/phase/machine", {"on": "no", "reason": "I want to look."}).status_code
        == 303
    )
    assert not phase.current_control().auto_approve


def test_a_viewer_changes_nothing(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    assert client.post("/sales/phase/machine", {"on": "no", "reason": "because"}).status_code == 403
    assert client.get("/sales/phase").status_code == 200
    assert ControlChange.objects.count() == 0


def test_the_page_says_why_the_machine_approves_nothing(lead_client: Client) -> None:
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    phase.set_auto_approval(True, by=None, reason="test")
    said = words(lead_client.get("/sales/phase"))
    assert (
        "The machine approves nothing now, though it is switched on for LOW emails that "
        "score under 40 and have no warm connection." in said
    )
    assert "There is no verdict on domain health." in said
    assert lead_client.get("/api/phase").json()["auto_approve"]["enabled"] is False


def test_the_page_and_the_api_say_that_it_approves(lead_client: Client, settings: Any) -> None:
    settings.GHL_FROM_EMAIL = "alex@mail.ours.example.com"
    guardrails.store_health_verdict(
        DomainHealth("mail.ours.example.com", 84, *["present"] * 3, timezone.now())
    )
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    phase.set_auto_approval(True, by=None, reason="test")
    factories.held_email(
        factories.LeadFactory(email_verified=True), intent=10, tier="tier_3", icp=10
    )
    approval_sweep.approve_due()
    assert "Today it approved 1." in words(lead_client.get("/sales/phase"))
    assert lead_client.get("/api/phase").json()["auto_approve"]["enabled"] is True
    assert "Machine" in words(lead_client.get("/sales/sent"))


# --- You and the machine --------------------------------------------------------------------------


class TestAgreement:
    def decide(self, reviewer: User, says: bool, verdict: str) -> Message:
        message = factories.held_email()
        stored = {"assisted": {"machine_approves": says, "reasons": []}}
        Message.objects.filter(pk=message.pk).update(verdicts=stored)
        if verdict == "edited":
            text = message.text
            message = review_actions.edit_text(
                message, 1, subject=text.subject, body=f"{text.body}\n\nMore.", by=reviewer
            )
        message.refresh_from_db()
        decider = Decider(reviewer, "desk")
        if verdict == "rejected":
            decisions.reject(message, message.version, decider, tag="other", reason=REASON)
        else:
            decisions.approve(message, message.version, decider)
        return Message.objects.get(pk=message.pk)

    def between(self, after: timedelta = timedelta(minutes=1)) -> agreement.Agreement:
        return agreement.measure_agreement(Phase.ASSISTED, timezone.now() + after)

    def test_each_decision_is_compared_with_what_was_stored(
        self, ghl: object, reviewer: User
    ) -> None:
        for says, verdict in [
            (True, "approved"),
            (False, "rejected"),
            (True, "edited"),
            (True, "rejected"),
            (False, "approved"),
            (False, "edited"),
        ]:
            self.decide(reviewer, says, verdict)
        found = self.between()
        assert (found.decisions, found.same, found.edited, found.rejected, found.left_to_you) == (
            6,
            2,
            1,
            1,
            2,
        )

    def test_what_can_still_be_undone_does_not_count(
        self, ghl: object, reviewer: User, settings: Any
    ) -> None:
        settings.UNDO_SECONDS = 30
        self.decide(reviewer, True, "approved")
        assert self.between(timedelta(seconds=29)).decisions == 0
        assert self.between(timedelta(seconds=31)).decisions == 1

    def test_undone_decisions_do_not_count_the_last_does(self, ghl: object, reviewer: User) -> None:
        message = self.decide(reviewer, True, "approved")
        review_actions.undo_approval(message, by=reviewer)
        assert self.between().decisions == 0
        message.refresh_from_db()
        decisions.reject(
            message, message.version, Decider(reviewer, "desk"), tag="other", reason=REASON
        )
        assert (self.between().decisions, self.between().rejected) == (1, 1)

    def test_sandbox_and_nameless_decisions_are_no_evidence(self, reviewer: User) -> None:
        self.decide(reviewer, True, "approved")
        assert Decision.objects.count() == 1
        assert self.between().decisions == 0

    def test_a_month_ago_is_forgotten(self, ghl: object, reviewer: User) -> None:
        self.decide(reviewer, True, "approved")
        assert self.between(timedelta(days=28, minutes=-1)).decisions == 1
        assert self.between(timedelta(days=28, minutes=1)).decisions == 0
