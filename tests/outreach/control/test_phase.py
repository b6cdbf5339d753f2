"""The phase and the halt are rows with a history that nobody can change."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from outreach.choices import Phase
from outreach.control import phase
from outreach.control.policy import LIMITS_BY_PHASE
from outreach.models import Control, ControlChange, ControlReason

pytestmark = pytest.mark.django_db


def history() -> list[tuple[Any, ...]]:
    return list(
        ControlChange.objects.order_by("pk").values_list(
            "what", "before", "after", "by_name", "override", "reason__text"
        )
    )


def test_a_new_installation_starts_in_parallel_open_and_without_a_machine() -> None:
    row = phase.current_control()
    assert (row.phase, row.halted, row.auto_approve, phase.phase_limits(row).daily) == (
        "parallel",
        False,
        False,
        25,
    )
    assert history() == []


def test_control_row_is_created_once() -> None:
    Control.objects.all().delete()
    assert phase.current_control().phase == "parallel"
    assert phase.current_control() == phase.lock_control()
    with pytest.raises(IntegrityError), transaction.atomic():
        Control.objects.create(pk=2)
    assert Control.objects.count() == 1


def test_a_change_of_phase_says_who_when_and_why(lead_user: User) -> None:
    lead_user.first_name, lead_user.last_name = "Lena", "Ortiz"
    lead_user.save()
    before = timezone.now()
    phase.change_phase(Phase.ASSISTED, by=lead_user, reason="Every gate passed.")
    row = phase.current_control()
    assert (row.phase, row.phase_by, row.phase_reason) == (
        "assisted",
        "Lena Ortiz",
        "Every gate passed.",
    )
    assert before <= row.phase_since <= timezone.now()
    assert phase.phase_limits(row) == LIMITS_BY_PHASE[Phase.ASSISTED]
    assert history() == [
        ("phase", "parallel", "assisted", "Lena Ortiz", False, "Every gate passed.")
    ]
    assert ControlChange.objects.get().by == lead_user


def test_an_override_is_marked_as_one() -> None:
    phase.change_phase(
        Phase.ASSISTED, by="command line", reason="We know better this once.", override=True
    )
    assert history() == [
        ("phase", "parallel", "assisted", "command line", True, "We know better this once.")
    ]
    assert ControlChange.objects.get().by is None


def test_change_to_same_phase_is_refused() -> None:
    since = phase.current_control().phase_since
    with pytest.raises(phase.ChangeNotAllowed, match="already"):
        phase.change_phase(Phase.PARALLEL, by=None, reason="again")
    assert phase.current_control().phase_since == since
    assert history() == []


def test_halting_and_resuming_are_written_down(reviewer: User, lead_user: User) -> None:
    phase.halt_sending(by=reviewer, reason="A complaint came in.")
    row = phase.current_control()
    assert (row.halted, row.halted_by, row.halt_reason) == (True, "rita", "A complaint came in.")
    assert row.halted_at is not None and phase.is_halted(row)
    phase.resume_sending(by=lead_user, reason="It was a mistake.")
    row = phase.current_control()
    assert (row.halted, row.halted_at, row.halted_by, row.halt_reason) == (False, None, "", "")
    assert not phase.is_halted(row)
    assert history() == [
        ("halt", "open", "halted", "rita", False, "A complaint came in."),
        ("halt", "halted", "open", "lena", False, "It was a mistake."),
    ]


def test_repeated_halt_keeps_first_reason() -> None:
    phase.resume_sending(by=None, reason="not halted")
    assert history() == []
    phase.halt_sending(by=None, reason="first")
    phase.halt_sending(by="someone", reason="second")
    assert phase.current_control().halt_reason == "first"
    assert history() == [("halt", "open", "halted", "the system", False, "first")]


def test_a_change_of_phase_does_not_lift_a_halt() -> None:
    phase.halt_sending(by=None, reason="first")
    phase.change_phase(Phase.ASSISTED, by=None, reason="x")
    assert phase.is_halted(phase.current_control())


def test_the_emergency_stop_halts_whatever_the_row_says(settings: Any) -> None:
    settings.EMERGENCY_STOP = True
    phase.resume_sending(by=None, reason="x")
    assert phase.is_halted(phase.current_control())


@pytest.mark.usefixtures("standing_guards")
def test_the_history_cannot_be_changed_or_deleted() -> None:
    phase.change_phase(Phase.ASSISTED, by=None, reason="x")
    row = ControlChange.objects.get()
    row.after = "autonomous"
    with pytest.raises(TypeError, match="append-only"):
        row.save()
    with pytest.raises(TypeError, match="append-only"):
        row.delete()
    ControlReason.objects.all().delete()  # typed text is erasable; the row below it is not
    for change in (
        lambda: ControlChange.objects.update(after="autonomous"),
        lambda: ControlChange.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    assert ControlChange.objects.get().after == "assisted"


# --- What one email asks ---


def test_an_answer_holds_for_half_a_second(django_assert_num_queries: Any) -> None:
    phase.current_control()
    watch = phase.HaltWatch()
    with django_assert_num_queries(1):
        watch.check()
        watch.check()
    time.sleep(phase.ANSWER_HOLDS + 0.05)
    phase.halt_sending(by=None, reason="test")
    with pytest.raises(phase.SendingHalted):
        watch.check()


def test_an_answer_that_somebody_got_holds_from_when_it_was_asked_for() -> None:
    phase.halt_sending(by=None, reason="test")
    phase.HaltWatch(time.monotonic()).check()
    with pytest.raises(phase.SendingHalted):
        phase.HaltWatch(time.monotonic() - phase.ANSWER_HOLDS - 0.01).check()
    with pytest.raises(phase.SendingHalted):
        phase.HaltWatch().check()


def test_the_emergency_stop_needs_no_question(settings: Any) -> None:
    watch = phase.HaltWatch(time.monotonic())
    settings.EMERGENCY_STOP = True
    with pytest.raises(phase.SendingHalted):
        watch.check()


def test_no_call_begins_two_seconds_after_a_halt() -> None:
    assert max(phase.ANSWER_HOLDS, phase.MAX_ANSWER_SECONDS) < 2
