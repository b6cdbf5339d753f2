"""Promote the phase, which needs every gate and a person, or demote it, which needs no gate."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.vendor_access.access import is_sandboxed, vendor_value
from leads.integrations import ghl, ghl_contact_data
from metrics.gates import gate_evaluation, gate_words, phase_gates
from metrics.gates.gate import FAIL, INSUFFICIENT, PASS, Evaluation
from metrics.gates.gate_measures import GATES
from metrics.incidents import signals
from metrics.promotion import signing
from outreach.choices import Phase
from outreach.control import phase
from outreach.control.policy import LIMITS_BY_PHASE, PHASE_ORDER, REST_AFTER_A_DROP
from outreach.guardrails import guardrails
from outreach.models import Control, ControlChange
from outreach.review import review_actions

SHORTEST_OVERRIDE = 20  # characters of its reason
GAP_WORDS = {FAIL: "fails", INSUFFICIENT: "not enough yet"}


class NotPromoted(Exception):
    """Why the phase stays, each reason a sentence."""

    def __init__(self, reasons: list[str]):
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def promote_phase(to: Phase, *, by: Any, override: bool = False, reason: str = "") -> Control:
    """Move one phase up. An override replaces the gates only and needs a reason: out of Shadow
    the write check at GoHighLevel stands in their place, and nothing replaces it.

    Raises NotPromoted; then nothing has changed.
    """
    if reasons := _fixed_obstacles(to, override, reason):
        raise NotPromoted(reasons)
    evaluation = gate_evaluation.evaluate_gates(to) if to in GATES else None
    if evaluation is None:
        reasons = ghl_write_check()
    else:
        reasons = [] if override else _failed_gates(evaluation)
    if reasons:
        raise NotPromoted(reasons)
    with transaction.atomic():
        phase.lock_control()
        # A halt or a drop came in while the gates were measured.
        if reasons := _fixed_obstacles(to, override, reason):
            raise NotPromoted(reasons)
        if evaluation:
            gate_evaluation.record_evaluation(evaluation)
        why = reason or "Every gate passed."
        return phase.change_phase(to, by=by, reason=why, override=override)


def sign_and_promote(to: Phase, *, by: Any, text: str, override: bool = False) -> Control:
    """Move one phase up; into autonomous, `text` also signs the evaluation.

    Raises NotPromoted or NotSigned; then nothing has changed.
    """
    if to != Phase.AUTONOMOUS:
        return promote_phase(to, by=by, override=override, reason=text)
    with transaction.atomic():
        evaluation = gate_evaluation.recorded_evaluation(gate_evaluation.evaluate_gates(to))
        signing.sign_evaluation(evaluation.pk, text, by=by)
        return promote_phase(to, by=by, override=override, reason=text)


@dataclass(frozen=True)
class Missing:
    """Why a person could not move up now by signing, each reason a sentence."""

    fixed: list[str]  # nothing replaces them
    gates: list[str]  # an override replaces them

    @property
    def sentences(self) -> list[str]:
        return self.fixed + self.gates


def what_is_missing(to: Phase, evaluation: Evaluation | None) -> Missing:
    """Without gates, the write check at GoHighLevel comes with the promotion itself."""
    gates = _failed_gates(evaluation, signs=True) if evaluation else []
    return Missing(_fixed_obstacles(to, signs=True), gates)


def phases_below() -> list[Phase]:
    """Of the one enforced, the nearest first."""
    order = list(LIMITS_BY_PHASE)
    return order[: order.index(Phase(phase.current_control().phase))][::-1]


def _fixed_obstacles(
    to: Phase, override: bool = False, reason: str = "", signs: bool = False
) -> list[str]:
    """What no override can replace. `signs`: the sign-off comes with the promotion itself."""
    row, order = phase.current_control(), list(LIMITS_BY_PHASE)
    here = Phase(row.phase)
    if order.index(to) <= order.index(here):
        return [f"{to.label} is not above {here.label}; use demote_phase."]
    found = []
    if order.index(to) > order.index(here) + 1:
        found.append(f"No phase can be skipped: the next is {order[order.index(here) + 1].label}.")
    if phase.is_halted(row):
        found.append("Sending is halted.")
    if dropped := _last_drop():
        rest = f"{REST_AFTER_A_DROP // timedelta(hours=1)} hours must pass"
        found.append(f"The phase dropped at {dropped:%Y-%m-%d %H:%M} UTC; {rest}.")
    found += [f"Guardrail: {sentence}" for sentence in guardrails.standing_halts()]
    found += [signal.sentence for signal in signals.holding_signals()]
    if to == Phase.AUTONOMOUS and not signs:
        found += _missing_sign_off()
    if override and len(reason.strip()) < SHORTEST_OVERRIDE:
        found.append(f"reason: an override needs one of {SHORTEST_OVERRIDE} characters or more.")
    return found


def _missing_sign_off() -> list[str]:
    signed = phase_gates.sign_off(timezone.now())
    if signed.verdict == PASS:
        return []
    return [f"Sign-off: {gate_words.reason_words(signed)}; nothing replaces it."]


def _last_drop() -> Any:
    order = list(LIMITS_BY_PHASE)
    recent = ControlChange.objects.filter(what="phase", at__gte=timezone.now() - REST_AFTER_A_DROP)
    return next(
        (
            row.at
            for row in recent
            if order.index(Phase(row.after)) < order.index(Phase(row.before))
        ),
        None,
    )


def _failed_gates(evaluation: Evaluation, signs: bool = False) -> list[str]:
    return [
        f"{gate.name}: {GAP_WORDS[gate.verdict]}, {gate_words.reason_words(gate)}."
        for gate in evaluation.gates
        if gate.verdict != PASS and not (signs and gate.name == phase_gates.SIGN_OFF)
    ]


def ghl_write_check() -> list[str]:
    """Write the sender's own address to GoHighLevel, and nothing else; [] where that worked."""
    if is_sandboxed("ghl"):
        return ["GHL write: GoHighLevel is in the sandbox."]
    person = ghl_contact_data.ContactDetails(
        vendor_value("GHL_FROM_EMAIL"), "", "", "", "", "", "", ""
    )
    try:
        with ghl.check_before_each_call(phase.check_not_halted):
            contact = ghl.upsert_contact(person, source="")
    except http.HttpError as failure:
        return [f"GHL write: {failure.detail}"]
    return (
        []
        if contact.email == vendor_value("GHL_FROM_EMAIL").lower()
        else ["GHL write: another contact came back."]
    )


def demote_phase(*, to: Phase | None = None, by: Any, reason: str) -> Control:
    """Drop one phase, or to `to`; unsent emails that a machine approved go back to people.

    Raises ChangeNotAllowed where that is no drop any more, or not the one that was meant.
    """
    seen = Phase(phase.current_control().phase)
    with transaction.atomic():
        here = Phase(phase.lock_control().phase)
        if to is None and here != seen:
            raise phase.ChangeNotAllowed(f"Somebody moved it to {here.label} at this moment.")
        to = to or PHASE_ORDER[max(0, PHASE_ORDER.index(here) - 1)]
        if PHASE_ORDER.index(to) >= PHASE_ORDER.index(here):
            raise phase.ChangeNotAllowed(f"{to.label} is not below {here.label}.")
        row = phase.change_phase(to, by=by, reason=reason)
    review_actions.return_machine_approved()
    return row
