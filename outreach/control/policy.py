"""What each phase allows: one frozen table and pure functions.

The numbers are those of the rollout plan's phases 1 to 4.
"""

from dataclasses import dataclass
from datetime import timedelta

from leads.scoring import calculation
from outreach.choices import Band, Phase

BAND_RANK = {Band.CRITICAL: 0, Band.HOT: 0, Band.WARM: 1, Band.LOW: 2}


@dataclass(frozen=True)
class PhaseLimits:
    number: int
    daily: int  # emails a day; 0 where the transport cannot send at all
    machine_approves: frozenset[Band]
    sentence: str
    digest_tells: bool = False  # the weekly digest, in place of a notice for each email


LIMITS_BY_PHASE: dict[Phase, PhaseLimits] = {
    Phase.SHADOW: PhaseLimits(1, 0, frozenset(), "Nothing is sent. What you would do is recorded."),
    Phase.PARALLEL: PhaseLimits(2, 25, frozenset(), "A person decides every email."),
    Phase.ASSISTED: PhaseLimits(
        3, 50, frozenset({Band.LOW}), "The machine may approve LOW emails."
    ),
    Phase.AUTONOMOUS: PhaseLimits(
        4,
        100,
        frozenset({Band.LOW, Band.WARM}),
        "The machine may approve LOW and WARM emails.",
        digest_tells=True,
    ),
}
PHASE_ORDER = list(LIMITS_BY_PHASE)
REST_AFTER_A_DROP = timedelta(hours=48)  # in which nothing is promoted

LOW_INTENT = 40


@dataclass(frozen=True)
class EmailFacts:
    """What the policy asks about one email."""

    intent: int
    tier: str
    employees_from: int | None  # the lower end of a band; None is unknown, and never "50 or more"
    warm: bool
    critical_reason: str  # "" or why a person must always decide
    guards_passed: bool
    address_verified: bool
    country: str
    allowed_countries: frozenset[str]
    unsourced_phrases: int
    as_written: bool = False  # whether a name in it was left as written, to be read
    by_model: bool = False  # whether a language model wrote it
    template_flagged: bool = False  # whether people reject too many of its template
    rules: tuple[str, ...] = ()  # names of the team's rules that leave it to a person


@dataclass(frozen=True)
class MachineVerdict:
    machine_approves: bool
    reasons: tuple[str, ...]  # why a person decides; empty where the machine would


def band_of(intent: int, tier: str, employees_from: int | None, warm: bool) -> Band:
    """First match wins. CRITICAL is set beside it, with its own reason."""
    if calculation.is_hot(intent, tier, employees_from):
        return Band.HOT
    if intent < LOW_INTENT and not warm:
        return Band.LOW
    return Band.WARM


def machine_verdict(limits: PhaseLimits, facts: EmailFacts) -> MachineVerdict:
    own = (
        Band.CRITICAL
        if facts.critical_reason
        else band_of(facts.intent, facts.tier, facts.employees_from, facts.warm)
    )
    reasons = []
    if own not in limits.machine_approves:
        reasons.append(f"{own.label} emails are decided by a person in this phase")
    if not facts.guards_passed:
        reasons.append("a guard did not pass")
    if not facts.address_verified:
        reasons.append("the address is not verified")
    if not facts.country:
        reasons.append("the recipient's country is not known")
    elif facts.country not in facts.allowed_countries:
        reasons.append(f"{facts.country} is not an allowed country")
    if facts.unsourced_phrases:
        reasons.append("a phrase has no source")
    if facts.as_written:
        reasons.append("a name was left as written")
    if facts.by_model:
        reasons.append("a language model wrote it")
    if facts.template_flagged:
        reasons.append("people rejected more than a third of the emails of its template")
    reasons += [f"the rule “{name}” leaves it to a person" for name in facts.rules]
    return MachineVerdict(not reasons, tuple(reasons))


@dataclass(frozen=True)
class AutoApproval:
    """The switch for automatic approval, its limits, and what suspends it now."""

    switched_on: bool
    under_intent: int  # it approves only what scores less
    no_warm: bool  # and nothing with a warm connection
    held_up: tuple[str, ...] = ()  # a halt, guardrails: each a sentence


def why_machine_waits(limits: PhaseLimits, machine: AutoApproval) -> tuple[str, ...]:
    """Why nothing at all is approved automatically now, each a sentence; () where it may be."""
    reasons = []
    if not limits.machine_approves:
        reasons.append("A person decides every email in this phase.")
    if not machine.switched_on:
        reasons.append("Automatic approval is switched off.")
    return (*reasons, *machine.held_up)


def machine_verdict_now(
    limits: PhaseLimits, facts: EmailFacts, machine: AutoApproval
) -> MachineVerdict:
    """`machine_verdict`, with the conditions that hold only at the moment of approving."""
    reasons = [*why_machine_waits(limits, machine), *machine_verdict(limits, facts).reasons]
    if facts.intent >= machine.under_intent:
        reasons.append(
            f"the score is {facts.intent}, and the machine approves under {machine.under_intent}"
        )
    if machine.no_warm and facts.warm:
        reasons.append("there is a warm connection")
    return MachineVerdict(not reasons, tuple(reasons))


def verdicts_by_phase(facts: EmailFacts) -> dict[str, dict[str, object]]:
    return {
        phase.value: {
            "machine_approves": verdict.machine_approves,
            "reasons": list(verdict.reasons),
        }
        for phase in (Phase.ASSISTED, Phase.AUTONOMOUS)
        for verdict in [machine_verdict(LIMITS_BY_PHASE[phase], facts)]
    }
