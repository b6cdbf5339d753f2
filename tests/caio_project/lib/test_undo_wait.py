"""Each person's time to undo: chosen on a page, never below the team's, kept by the final send."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.decisions import decisions, undo
from approvals.decisions.decisions import Decider, DecisionRefused
from caio_project.lib.models import PersonalSettings
from metrics.figures import agreement
from outreach.choices import Phase
from outreach.models import Message
from outreach.sending import send
from tests import factories
from tests.outreach.conftest import clock, sender

__all__ = ["clock", "sender"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
PAGE = "/sales/settings/me"
REASON = "The first line is about us, not about them."


@pytest.fixture(autouse=True)
def half_a_minute(settings: Any) -> None:
    settings.UNDO_SECONDS = 30


def choose(user: User, seconds: int | None) -> None:
    PersonalSettings.objects.update_or_create(user=user, defaults={"undo_seconds": seconds})


def approve(user: User) -> Message:
    message = factories.held_email()
    return decisions.approve(message, message.version, Decider(user, "desk"))


@pytest.mark.parametrize(("own", "team", "seconds"), [
    (None, 30, 30), (30, 30, 30), (120, 30, 120), (300, 30, 300), (30, 60, 60), (120, 0, 120),
])  # fmt: skip
def test_the_teams_wait_is_the_floor(
    reviewer: User, settings: Any, own: int | None, team: int, seconds: int
) -> None:
    settings.UNDO_SECONDS = team
    choose(reviewer, own)
    assert PersonalSettings.undo_wait_of(reviewer) == timedelta(seconds=seconds)
    assert PersonalSettings.longest_undo_wait() == timedelta(seconds=seconds)
    assert PersonalSettings.undo_wait_of(None) == timedelta(seconds=team)


def test_an_approval_is_not_sent_before_the_deciders_own_wait_is_over(
    reviewer: User, loose: None, settings: Any, clock: Any
) -> None:
    settings.UNDO_SECONDS = 30
    choose(reviewer, 300)
    message = approve(reviewer)
    clock.shift(timedelta(seconds=299))
    send.send_due()
    assert Message.objects.get(pk=message.pk).status == "cleared"
    (strip,) = undo.undoable_decisions(reviewer)
    assert strip.seconds <= 1
    clock.shift(timedelta(seconds=2))
    send.send_due()
    assert Message.objects.get(pk=message.pk).status == "sent"


def test_a_colleagues_wait_stays_the_teams(reviewer: User, lead_user: User) -> None:
    choose(reviewer, 300)
    message = approve(lead_user)
    assert message.not_before <= timezone.now() + timedelta(seconds=30)


def test_a_rejection_is_undone_within_the_own_wait(reviewer: User, clock: Any) -> None:
    choose(reviewer, 120)
    message = factories.held_email()
    by = Decider(reviewer, "desk")
    rejected = decisions.reject(message, 1, by, tag="weak_subject", reason=REASON)
    clock.shift(timedelta(seconds=100))
    assert [one.seconds for one in undo.undoable_decisions(reviewer)] == [20]
    assert undo.undo(rejected, 1, by).status == "held"


def test_after_the_own_wait_the_refusal_names_it(reviewer: User, clock: Any) -> None:
    choose(reviewer, 120)
    message = factories.held_email()
    by = Decider(reviewer, "desk")
    rejected = decisions.reject(message, 1, by, tag="weak_subject", reason=REASON)
    clock.shift(timedelta(seconds=121))
    with pytest.raises(DecisionRefused, match="for 2 minutes"):
        undo.undo(rejected, 1, by)
    assert undo.undoable_decisions(reviewer) == []


def test_agreement_waits_for_the_longest_wait(reviewer: User, settings: Any, clock: Any) -> None:
    settings.SANDBOXED = []
    choose(reviewer, 300)
    message = factories.held_email()
    decisions.reject(message, 1, Decider(reviewer, "desk"), tag="weak_subject", reason=REASON)
    clock.shift(timedelta(seconds=200))
    assert agreement.measure_agreement(Phase.ASSISTED, timezone.now()).decisions == 0
    clock.shift(timedelta(seconds=101))
    assert agreement.measure_agreement(Phase.ASSISTED, timezone.now()).decisions == 1


def test_it_is_chosen_on_the_page(client: Client, reviewer: User) -> None:
    client.force_login(reviewer)
    assert client.post(PAGE, {"time_zone": "", "undo_seconds": "300"}).status_code == 303
    assert PersonalSettings.objects.get().undo_seconds == 300
    assert '<option value="300" selected>5 minutes</option>' in client.get(PAGE).content.decode()
    client.post(PAGE, {"time_zone": "", "undo_seconds": ""})
    assert PersonalSettings.objects.get().undo_seconds is None


@pytest.mark.parametrize("typed", ["31", "-30", "x", "3000"])
def test_another_wait_is_refused(client: Client, reviewer: User, typed: str) -> None:
    client.force_login(reviewer)
    response = client.post(PAGE, {"time_zone": "America/Chicago", "undo_seconds": typed})
    assert response.status_code == 422
    assert "Time to undo a decision: choose one of the list." in response.content.decode()
    assert not PersonalSettings.objects.exists()
