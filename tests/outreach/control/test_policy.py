"""The policy's numbers, the band of an email, and what each phase's machine would decide."""

from dataclasses import FrozenInstanceError, replace

import pytest

from outreach.choices import Phase
from outreach.control.policy import (
    BAND_RANK,
    LIMITS_BY_PHASE,
    PHASE_ORDER,
    AutoApproval,
    EmailFacts,
    band_of,
    machine_verdict,
    machine_verdict_now,
    verdicts_by_phase,
    why_machine_waits,
)

LOW = EmailFacts(
    intent=10,
    tier="tier_3",
    employees_from=20,
    warm=False,
    critical_reason="",
    guards_passed=True,
    address_verified=True,
    country="US",
    allowed_countries=frozenset({"US"}),
    unsourced_phrases=0,
)
WARM, HOT = replace(LOW, intent=40), replace(LOW, intent=70)


@pytest.mark.parametrize(
    ("intent", "tier", "employees", "warm", "expected"),
    [
        (100, "tier_3", None, False, "hot"),
        (70, "tier_3", None, False, "hot"),
        (69, "tier_3", None, False, "warm"),
        (69, "tier_1", 49, False, "warm"),
        (0, "tier_1", 49, False, "low"),
        (0, "tier_1", 50, False, "hot"),
        (0, "tier_1", 5000, True, "hot"),
        (0, "tier_1", None, False, "low"),  # an unknown size is never "50 or more"
        (0, "tier_1", 0, False, "low"),
        (0, "tier_2", 50, False, "low"),
        (0, "tier_2", 5000, True, "warm"),
        (40, "tier_3", 5000, False, "warm"),
        (39, "tier_3", 5000, False, "low"),
        (39, "tier_3", 5000, True, "warm"),
        (0, "tier_3", None, True, "warm"),
        (0, "tier_3", None, False, "low"),
        (70, "tier_1", 50, True, "hot"),
    ],
)
def test_the_first_match_gives_the_band(
    intent: int, tier: str, employees: int | None, warm: bool, expected: str
) -> None:
    assert band_of(intent, tier, employees, warm) == expected


def test_the_numbers_of_the_four_phases() -> None:
    table = {
        phase.value: (row.number, row.daily, set(row.machine_approves))
        for phase, row in LIMITS_BY_PHASE.items()
    }
    assert table == {
        "shadow": (1, 0, set()),
        "parallel": (2, 25, set()),
        "assisted": (3, 50, {"low"}),
        "autonomous": (4, 100, {"low", "warm"}),
    }
    assert [phase.value for phase in PHASE_ORDER] == [
        "shadow",
        "parallel",
        "assisted",
        "autonomous",
    ]


def test_the_table_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        LIMITS_BY_PHASE[Phase.SHADOW].daily = 1000  # type: ignore[misc]
    assert LIMITS_BY_PHASE[Phase.SHADOW].daily == 0


def test_critical_and_hot_stand_first() -> None:
    assert {one.value: rank for one, rank in BAND_RANK.items()} == {
        "critical": 0,
        "hot": 0,
        "warm": 1,
        "low": 2,
    }


ON = AutoApproval(switched_on=True, under_intent=40, no_warm=True)


@pytest.mark.parametrize(
    ("phase", "machine", "waits"),
    [
        (Phase.SHADOW, ON, ("A person decides every email in this phase.",)),
        (Phase.PARALLEL, ON, ("A person decides every email in this phase.",)),
        (Phase.ASSISTED, ON, ()),
        (Phase.AUTONOMOUS, ON, ()),
        (Phase.ASSISTED, replace(ON, switched_on=False), ("Automatic approval is switched off.",)),
        (Phase.ASSISTED, replace(ON, held_up=("Sending is halted.",)), ("Sending is halted.",)),
        (
            Phase.PARALLEL,
            replace(ON, switched_on=False, held_up=("x",)),
            (
                "A person decides every email in this phase.",
                "Automatic approval is switched off.",
                "x",
            ),
        ),
    ],
)
def test_what_holds_the_machine_up_as_a_whole(
    phase: Phase, machine: AutoApproval, waits: tuple[str, ...]
) -> None:
    assert why_machine_waits(LIMITS_BY_PHASE[phase], machine) == waits
    verdict = machine_verdict_now(LIMITS_BY_PHASE[phase], LOW, machine)
    assert (verdict.machine_approves, verdict.reasons[: len(waits)]) == (not waits, waits)


@pytest.mark.parametrize(
    ("facts", "machine", "reason"),
    [
        (replace(LOW, intent=30), replace(ON, under_intent=31), None),
        (
            replace(LOW, intent=31),
            replace(ON, under_intent=31),
            "the score is 31, and the machine approves under 31",
        ),
        (replace(LOW, warm=True), ON, "there is a warm connection"),
        (replace(LOW, warm=True), replace(ON, no_warm=False), None),
        (replace(LOW, country="DE"), ON, "DE is not an allowed country"),
    ],
)
def test_the_switch_has_limits_of_its_own(
    facts: EmailFacts, machine: AutoApproval, reason: str | None
) -> None:
    verdict = machine_verdict_now(LIMITS_BY_PHASE[Phase.AUTONOMOUS], facts, machine)
    assert (verdict.machine_approves, verdict.reasons) == (
        reason is None,
        (reason,) if reason else (),
    )


@pytest.mark.parametrize(
    ("facts", "machines"),
    [
        (LOW, {"assisted", "autonomous"}),
        (WARM, {"autonomous"}),
        (HOT, set()),
        (replace(LOW, critical_reason="x"), set()),
    ],
    ids=["low", "warm", "hot", "critical"],
)
def test_which_machine_would_approve_a_faultless_email(
    facts: EmailFacts, machines: set[str]
) -> None:
    assert {
        phase.value
        for phase in Phase
        if machine_verdict(LIMITS_BY_PHASE[phase], facts).machine_approves
    } == machines


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"guards_passed": False}, "a guard did not pass"),
        ({"address_verified": False}, "the address is not verified"),
        ({"country": ""}, "the recipient's country is not known"),
        ({"country": "DE"}, "DE is not an allowed country"),
        ({"unsourced_phrases": 1}, "a phrase has no source"),
        (
            {"critical_reason": "They answered."},
            "CRITICAL emails are decided by a person in this phase",
        ),
        ({"intent": 70}, "HOT emails are decided by a person in this phase"),
    ],
)
def test_one_fault_is_enough_for_a_person_to_decide(
    phase: Phase, fault: dict[str, object], reason: str
) -> None:
    verdict = machine_verdict(LIMITS_BY_PHASE[phase], replace(LOW, **fault))
    assert not verdict.machine_approves
    assert reason in verdict.reasons


def test_every_reason_is_given_not_only_the_first() -> None:
    facts = replace(
        WARM, guards_passed=False, address_verified=False, country="", unsourced_phrases=2
    )
    assert machine_verdict(LIMITS_BY_PHASE[Phase.ASSISTED], facts).reasons == (
        "WARM emails are decided by a person in this phase",
        "a guard did not pass",
        "the address is not verified",
        "the recipient's country is not known",
        "a phrase has no source",
    )


def test_the_stored_verdicts_are_those_of_the_phases_with_a_machine() -> None:
    assert verdicts_by_phase(WARM) == {
        "assisted": {
            "machine_approves": False,
            "reasons": ["WARM emails are decided by a person in this phase"],
        },
        "autonomous": {"machine_approves": True, "reasons": []},
    }


def test_a_name_left_as_written_is_read_by_a_person() -> None:
    verdict = machine_verdict(LIMITS_BY_PHASE[Phase.AUTONOMOUS], replace(LOW, as_written=True))
    assert verdict.reasons == ("a name was left as written",)
