"""The gates into autonomous that ask for time, for more than a baseline, and for a person."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from metrics.evidence.reply_rules import DAYS_IN_ASSISTED
from metrics.gates import replies_and_deals
from metrics.gates.gate import (
    INSUFFICIENT,
    PASS,
    UNREAD_FOR_NOW,
    Comparison,
    Gate,
    ReasonCode,
    SampleUnit,
    Scope,
    Threshold,
    Unit,
    exceeds_baseline,
)
from metrics.models import Baseline, GateEvaluation, SignOff
from outreach.choices import Phase
from outreach.control import phase

SIGNED_FOR = timedelta(days=7)
SIGN_OFF = "sign-off"


def time_in_assisted(now: datetime) -> Gate:
    """Full days of 24 hours since the phase became assisted."""
    control = phase.current_control()
    threshold = Threshold(Comparison.AT_LEAST, DAYS_IN_ASSISTED, Unit.DAYS)
    gate = Gate("time in assisted", (threshold,), DAYS_IN_ASSISTED, "", unit=Unit.DAYS)
    if control.phase != Phase.ASSISTED:
        return gate.with_verdict(
            INSUFFICIENT, ReasonCode.NOT_IN_PHASE, phase=Phase(control.phase).value
        )
    days = (now - control.phase_since) // timedelta(days=1)
    gate = Gate(gate.name, gate.thresholds, gate.needed, "", float(days), Unit.DAYS, sample=days)
    return gate.judge_sample(True, SampleUnit.DAYS, 1)


def pipeline_value(now: datetime) -> Gate:
    """Open opportunities in our pipeline, compared with the recorded baseline."""
    found, baseline = replies_and_deals.open_pipeline(now), Baseline.objects.first()
    over = Threshold(Comparison.AT_LEAST, 0.20, Unit.SHARE, Scope.OVER_BASELINE)
    least = Threshold(Comparison.AT_LEAST, 180_000, Unit.DOLLARS)
    gate = Gate(
        "pipeline value",
        (over, least),
        needed=1,
        window="",
        value=None if found.unknown else float(found.value),
        unit=Unit.DOLLARS,
        sample=0 if found.unknown or baseline is None else 1,
        raw={
            "value": float(found.value),
            "through_us": float(found.through_us),
            "deals": found.deals,
            "baseline": float(baseline.pipeline_value) if baseline else None,
        },
    )
    if found.unknown or baseline is None:
        return gate.with_verdict(INSUFFICIENT, found.unknown or ReasonCode.NO_BASELINE)
    has_grown = exceeds_baseline(over, found.value, baseline.pipeline_value)
    met = has_grown and least.is_met_by(float(found.value))
    return gate.judge_sample(met, SampleUnit.SENDS)


def sign_off(now: datetime) -> Gate:
    """A person's signature under one evaluation, not older than a week, whose verdicts hold."""
    threshold = Threshold(Comparison.AT_LEAST, 1, Unit.PERSONS)
    signed = (
        SignOff.objects.filter(evaluation__target=Phase.AUTONOMOUS, at__lte=now)
        .select_related("evaluation", "by")
        .first()
    )
    gate = Gate(SIGN_OFF, (threshold,), 1, "7 days", unit=Unit.PERSONS)
    if signed is None:
        return gate.with_verdict(INSUFFICIENT, ReasonCode.NO_SIGN_OFF)
    arguments = {"by": signed.by.get_username(), "evaluation": signed.evaluation_id}
    if signed.at < now - SIGNED_FOR:
        return gate.with_verdict(INSUFFICIENT, ReasonCode.SIGN_OFF_EXPIRED, **arguments)
    if not signed.by.is_active or not signed.by.has_perm("metrics.sign_off"):
        return gate.with_verdict(INSUFFICIENT, ReasonCode.SIGNER_MAY_NOT, **arguments)
    if lost := _lost_since(signed.evaluation):
        return gate.with_verdict(
            INSUFFICIENT, ReasonCode.SIGN_OFF_OUTDATED, gates=lost, **arguments
        )
    gate = Gate(SIGN_OFF, (threshold,), 1, "7 days", 1.0, Unit.PERSONS, sample=1, met=True)
    return gate.with_verdict(PASS, ReasonCode.SIGNED, **arguments)


def _lost_since(signed: GateEvaluation) -> list[str]:
    """The gates that passed where it was signed and do not in a later evaluation on record.

    Where something could not be read for a while, nothing is lost.
    """
    later = GateEvaluation.objects.filter(target=signed.target, pk__gt=signed.pk).order_by("-pk")
    newest = later.first()
    if newest is None:
        return []
    standing = {gate["name"] for gate in newest.gates if _holds_or_is_unread(gate)}
    return [
        gate["name"]
        for gate in signed.gates
        if gate["verdict"] == PASS and gate["name"] not in {SIGN_OFF, *standing}
    ]


def _holds_or_is_unread(stored: Mapping[str, Any]) -> bool:
    reason = stored.get("reason") or {}  # oldest rows hold a sentence in its place
    return stored["verdict"] == PASS or reason.get("code") in UNREAD_FOR_NOW
