"""Reads open alarms, with what the packages that raised them counted."""

from collections.abc import Iterable
from datetime import datetime

from leads.enrichment import submission_budget
from leads.inbound import silence
from leads.models import Alarm
from metrics.incident_codes import Cause
from metrics.incidents.detectors import alarms
from metrics.incidents.detectors.alarms import AlarmFact, AlarmFacts, BreachFact
from metrics.incidents.findings import Finding
from outreach.models import GuardrailBreach

MOST_ALARMS = 200


def read_alarms(now: datetime) -> list[Finding]:
    """One statement where no alarm is open."""
    rows = Alarm.objects.filter(closed_at=None).order_by("pk")
    facts = [AlarmFact(*row) for row in rows.values_list("pk", "key", "opened_at")[:MOST_ALARMS]]
    if not facts:
        return []
    classified = [alarms.classify_alarm(one.key) for one in facts]
    return alarms.findings_of_alarms(
        AlarmFacts(
            tuple(facts),
            _newest_breaches(one.key for one in facts),
            {
                source: _silence_numbers(source, now)
                for cause, source, _ in classified
                if cause == Cause.SILENT_SOURCE
            },
            submission_budget.submissions_used()
            if any(cause == Cause.CLAY_BUDGET for cause, *_ in classified)
            else None,
        )
    )


def _newest_breaches(keys: Iterable[str]) -> dict[str, BreachFact]:
    guardrails = [
        key.removeprefix(alarms.GUARDRAIL) for key in keys if key.startswith(alarms.GUARDRAIL)
    ]
    found = {}
    for guardrail in guardrails:
        row = GuardrailBreach.objects.filter(guardrail=guardrail).order_by("-pk").first()
        if row is not None:
            found[guardrail] = BreachFact(
                row.level,
                row.action,
                tuple(row.events),
                row.sends,
                row.score,
                row.phase_before,
                row.phase_after,
            )
    return found


def _silence_numbers(source: str, now: datetime) -> dict[str, object]:
    due, since = silence.silent_for(source, now)
    return {"due": round(due, 1), "since": since.isoformat() if since else ""}
