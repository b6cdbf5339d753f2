"""Emails for practice: never sent, counted nowhere, and who caught what."""

import html
import random
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from approvals.decisions import claims, decisions, reopening, undo
from approvals.decisions.decisions import Decider, DecisionRefused
from approvals.escalation import held_notices
from approvals.models import Decision, Fault, TrainingEmail
from approvals.queue import review_queue
from approvals.training import results, seeding
from caio_project.lib.models import PersonalSettings
from caio_project.operations import status
from leads.models import Kind, Lead
from metrics.gates import gate_evaluation
from metrics.overview import flow, overview
from outreach.auto_approval import approval_sweep
from outreach.choices import Phase, Status
from outreach.control import phase
from outreach.models import Message, SandboxEmail, SendIntent
from tests.conftest import person

REASON = "This email has a fault that I see."
pytestmark = pytest.mark.django_db


def seed(count: int = 12) -> list[TrainingEmail]:
    return seeding.seed_training_emails(count, chance=random.Random(7))


def decide(training: TrainingEmail, user: User, *, approve: bool) -> Message:
    message, decider = Message.objects.get(pk=training.message_id), Decider(user, "desk")
    claims.record_reading(message, user)
    if approve:
        return decisions.approve(message, 1, decider)
    return decisions.reject(message, 1, decider, tag="other", reason=REASON)


def later() -> Any:
    return timezone.now() + timedelta(seconds=django_settings.UNDO_SECONDS + 1)


def body(response: Any) -> str:
    return html.unescape(" ".join(response.content.decode().split()))


def figures(user: User) -> dict[str, Any]:
    """Everything that counts emails, leads or decisions."""
    now = timezone.now()
    return {
        "stages": [(one.code, one.count, one.waiting) for one in flow.flow_stages(now)],
        "activity": flow.count_stage_activity(now - timedelta(hours=24)),
        "status": {
            name: value
            for name, value in status.build_queue_status(now).items()
            if name != "pipeline_healthy"
        },
        "mine": overview.overview_context(user)["mine"],
        "actions": overview.last_actions(),
        "gates": [
            (one.name, one.value, one.sample)
            for target in ("assisted", "autonomous")
            for one in gate_evaluation.evaluate_gates(target, now).gates
        ],
        "waiting": review_queue.waiting_messages().count(),
        "overdue": review_queue.count_overdue(),
    }


def test_they_are_marked_and_wait_with_their_fault_hidden() -> None:
    made = seed()
    assert len(made) == 12 and {one.fault for one in made} == set(Fault.values)
    for one in made:
        message = Message.objects.get(pk=one.message_id)
        assert (message.kind, message.lead.kind) == (Kind.TRAINING, Kind.TRAINING)
        assert (message.status, message.transport) == (Status.HELD, "")
        assert message.to_address.endswith(".example") and not message.lead.is_deliverable
        assert one.fault not in str(message.guards) or not one.fault


@pytest.mark.parametrize("in_phase", [Phase.SHADOW, Phase.PARALLEL, Phase.AUTONOMOUS])
def test_an_approved_one_never_goes_to_sending(reviewer: User, in_phase: Phase) -> None:
    row = phase.current_control()
    row.phase = in_phase
    row.save()
    done = decide(seed(1)[0], reviewer, approve=True)
    assert (done.status, done.transport) == (Status.WITHDRAWN, "")
    made = Decision.objects.get()
    assert (made.verdict, made.is_evidence) == ("would_approve", False)
    assert SendIntent.objects.count() == SandboxEmail.objects.count() == 0


@pytest.mark.parametrize("approve", [True, False])
def test_each_is_decided_once_and_reopened_by_nobody(
    reviewer: User, lead_user: User, clock: Any, approve: bool
) -> None:
    (training,) = seed(1)
    message = decide(training, reviewer, approve=approve)
    clock.shift(timedelta(seconds=django_settings.UNDO_SECONDS + 1))
    before = results.training_state(later()).results[0].answers
    with pytest.raises(DecisionRefused, match="decided once") as refused:
        reopening.reopen(message, message.version, Decider(lead_user, "desk"), reason="Again.")
    assert refused.value.refusal == "for_practice"
    with pytest.raises(DecisionRefused):
        undo.undo(message, message.version, Decider(reviewer, "desk"))
    with pytest.raises(DecisionRefused):
        decide(training, lead_user, approve=not approve)
    assert Decision.objects.count() == 1
    assert results.training_state(later()).results[0].answers == before


def test_they_are_in_no_figure(reviewer: User) -> None:
    before = figures(reviewer)
    made = seed()
    Message.objects.update(due_at=timezone.now() - timedelta(days=1))
    assert figures(reviewer) == before
    decide(made[0], reviewer, approve=True)
    decide(made[1], reviewer, approve=False)
    assert figures(reviewer) == before


def test_nobody_is_told_and_no_machine_approves() -> None:
    seed()
    Message.objects.update(band="hot", rank=0, held_at=timezone.now() - timedelta(hours=3))
    assert held_notices.create_held_notices() == 0
    assert approval_sweep.approve_due() == 0
    assert set(Message.objects.values_list("status", flat=True)) == {Status.HELD}


def test_they_stand_in_the_queue_under_a_filter_of_their_own(
    client: Client, reviewer: User
) -> None:
    client.force_login(reviewer)
    assert "show=training" not in body(client.get("/sales/queue"))
    made = seed(3)
    page = body(client.get("/sales/queue"))
    assert "show=training" in page and str(made[0].message.public_id) not in page
    page = body(client.get("/sales/queue?show=training"))
    assert all(str(one.message.public_id) in page for one in made) and "TRAINING" in page
    desk = body(client.get(f"/sales/queue/{made[0].message.public_id}?show=training"))
    assert "Approve (training)" in desk and "1 of 3" in desk


@pytest.mark.parametrize("what", ["edit", "other"])
def test_they_are_not_edited(client: Client, reviewer: User, what: str) -> None:
    client.force_login(reviewer)
    message = seed(1)[0].message
    place = f"/sales/queue/{message.public_id}"
    page = body(client.get(place))
    assert 'data-key="e"' not in page and "Try another template" not in page
    typed = {"version": 1, "subject": "Mended", "body": "Mended.", "template": "1"}
    for response in (client.get(f"{place}/{what}"), client.post(f"{place}/{what}", typed)):
        assert response["Location"] == place
    assert [one.version for one in message.texts.all()] == [1]


def test_leads_for_practice_are_not_among_the_leads(client: Client, reviewer: User) -> None:
    seed(1)
    client.force_login(reviewer)
    name = Lead.objects.get().last_name
    assert name not in body(client.get("/sales/leads"))
    assert name in body(client.get("/sales/leads?show=example"))


def test_each_reviewer_has_a_result_of_their_own(reviewer: User) -> None:
    made, sam = seed(), person("sam", "Reviewer")
    faulty = [one for one in made if one.fault]
    good = [one for one in made if not one.fault]
    for one in faulty[:3]:
        decide(one, reviewer, approve=False)
    decide(faulty[3], reviewer, approve=True)
    decide(good[0], reviewer, approve=True)
    decide(good[1], sam, approve=False)
    state = results.training_state(later())
    assert state.waiting == 6 and not state.is_over
    rita, of_sam = state.results
    assert (rita.name, len(rita.faulty), len(rita.caught), rita.right) == ("rita", 4, 3, 4)
    assert [one.fault for one in rita.missed] == [faulty[3].fault] and rita.good_rejected == []
    assert [one.message for one in of_sam.good_rejected] == [good[1].message]
    assert (of_sam.name, of_sam.right) == ("sam", 0)


def test_a_decision_counts_only_once_it_cannot_be_taken_back(reviewer: User) -> None:
    one = seed(1)[0]
    done = decide(one, reviewer, approve=True)
    assert results.training_state().results == []
    undo.undo(done, 1, Decider(reviewer, "desk"))
    assert results.training_state(later()).results == []
    again = Message.objects.get(pk=done.pk)
    assert again.status == Status.HELD
    decisions.reject(again, 2, Decider(reviewer, "desk"), tag="other", reason=REASON)
    (result,) = results.training_state(later()).results
    assert (result.right, len(result.answers)) == (1, 1)


def test_the_page_shows_results_and_no_fault_of_what_waits(
    client: Client, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(reviewer)
    assert "No email for practice yet." in body(client.get("/sales/training"))
    made = [one for one in seed() if one.fault == Fault.PLACEHOLDER]
    page = body(client.get("/sales/training"))
    assert "12 emails for practice wait" in page and Fault.PLACEHOLDER.label not in page
    decide(made[0], reviewer, approve=True)
    monkeypatch.setattr(PersonalSettings, "longest_undo_wait", lambda: timedelta(0))
    page = body(client.get("/sales/training"))
    assert "rita: 0 of 1 right" in page and f"Missed: {Fault.PLACEHOLDER.label}" in page
    assert "0 of 0" in page and Fault.WRONG_NAME.label not in page


def test_a_lead_makes_them_and_nobody_else(client: Client, reviewer: User, lead_user: User) -> None:
    client.force_login(reviewer)
    response = client.post("/sales/training", {"count": 3})
    assert response.status_code == 403 and not TrainingEmail.objects.exists()
    client.force_login(lead_user)
    assert client.post("/sales/training", {"count": 3}).status_code == 303
    assert [one.made_by for one in TrainingEmail.objects.all()] == [lead_user] * 3


@pytest.mark.parametrize("count", ["", "0", "51", "x", "1.5"])
def test_a_wrong_count_makes_nothing(client: Client, lead_user: User, count: str) -> None:
    client.force_login(lead_user)
    response = client.post("/sales/training", {"count": count})
    assert response.status_code == 422 and 'id="id_count_error"' in body(response)
    assert TrainingEmail.objects.count() == Lead.objects.count() == 0


def test_the_command() -> None:
    out = StringIO()
    call_command("seed_training_emails", "--count", "4", stdout=out)
    assert "4 emails for practice wait" in out.getvalue() and TrainingEmail.objects.count() == 4
    with pytest.raises(CommandError, match="from 1 to 50"):
        call_command("seed_training_emails", "--count", "51")
    assert TrainingEmail.objects.count() == 4
