"""Everything there is to say of the sending domains, for the page, the API and the diagnosis."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count

from caio_project.lib import calendar
from caio_project.lib.words.check_states import CheckState
from metrics.health import dmarc_reports, dns_words, domain_health
from metrics.health.dmarc_reports import ReportSummary
from metrics.health.dns_words import FindingWords
from metrics.health.health_score import MIN_SAMPLE
from metrics.models import DomainDay
from outreach.choices import Record, Transport
from outreach.guardrails.guardrail_rules import DNS_RECORDS, HEALTH_ALERT, HEALTH_FRESH, HEALTH_HALT
from outreach.limits import sending_domains
from outreach.limits.warm_up import CAPS_BY_WEEK, warm_up_week
from outreach.models import HealthVerdict, SendIntent

SHOWN_DAYS = 30
RECORD_STATES = {
    Record.PRESENT: CheckState.PASS,
    Record.MISSING: CheckState.FAIL,
    Record.UNKNOWN: CheckState.NOT_KNOWN,
}
STATE_WORDS = {
    CheckState.PASS: "Healthy",
    CheckState.ALERT: "Alert",
    CheckState.FAIL: "Halts sending",
    CheckState.NOT_KNOWN: "Not known",
}


@dataclass(frozen=True)
class RecordState:
    name: str
    state: CheckState
    words: str


@dataclass(frozen=True)
class WarmUpWeek:
    """One week of the plan, and the most emails that left on one of its days."""

    number: int
    planned: int
    most_sent: int | None  # None: not yet
    is_now: bool


@dataclass(frozen=True)
class DomainReport:
    name: str
    is_current: bool
    state: CheckState
    why: str  # what is missing for a state; "" where nothing is
    score: int | None
    verdict: HealthVerdict | None
    today: DomainDay | None  # the newest day on record
    records: tuple[RecordState, ...]
    findings: tuple[FindingWords, ...]
    days: tuple[DomainDay, ...]
    warm_up: tuple[WarmUpWeek, ...]
    warm_up_text: str
    reports: ReportSummary

    @property
    def state_words(self) -> str:
        return STATE_WORDS[self.state]


def report_domains(now: datetime) -> list[DomainReport]:
    """The domain that we send from first."""
    return [report_domain(name, now) for name in domain_health.measured_domains(now)]


def report_domain(name: str, now: datetime) -> DomainReport:
    verdict = HealthVerdict.objects.filter(domain=name).first()
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    rows = DomainDay.objects.filter(domain=name, day__gt=today - timedelta(days=SHOWN_DAYS))
    days = tuple(rows.filter(day__lte=today))
    state, why = judge_state(verdict, days[0] if days else None, now)
    return DomainReport(
        name=name,
        is_current=name == sending_domains.our_domain(),
        state=state,
        why=why,
        score=verdict.score if verdict else None,
        verdict=verdict,
        today=days[0] if days else None,
        records=_record_states(verdict),
        findings=_findings(days[0] if days else None),
        days=days,
        warm_up=_warm_up_weeks(name, today),
        warm_up_text=sending_domains.describe_domain(sending_domains.find_domain(name)),
        reports=dmarc_reports.summarize_reports(name, now),
    )


def judge_state(
    verdict: HealthVerdict | None, day: DomainDay | None, now: datetime
) -> tuple[CheckState, str]:
    """A low score stands whatever else is not known; nothing passes with a gap."""
    if verdict is None:
        return CheckState.NOT_KNOWN, "It was not checked yet."
    if verdict.evaluated_at < now - HEALTH_FRESH:
        return CheckState.NOT_KNOWN, "It was not checked in the last 6 hours."
    if verdict.score is not None and verdict.score < HEALTH_ALERT:
        return (CheckState.FAIL if verdict.score < HEALTH_HALT else CheckState.ALERT), ""
    missing = [name for name in DNS_RECORDS if getattr(verdict, name) == Record.MISSING]
    if missing:
        return CheckState.ALERT, f"{_names(missing)} missing or broken."
    if verdict.score is None:
        sent = max((one["sent"] for one in day.counts), default=0) if day else 0
        return CheckState.NOT_KNOWN, f"Collecting: {sent} of {MIN_SAMPLE} emails sent."
    unknown = [name for name in DNS_RECORDS if getattr(verdict, name) == Record.UNKNOWN]
    if unknown:
        return CheckState.NOT_KNOWN, f"{_names(unknown)} not known."
    return CheckState.PASS, ""


def _names(records: list[str]) -> str:
    return ", ".join(name.upper() for name in records)


def _record_states(verdict: HealthVerdict | None) -> tuple[RecordState, ...]:
    states = {
        name: Record(getattr(verdict, name)) if verdict else Record.UNKNOWN for name in DNS_RECORDS
    }
    words = {Record.MISSING: "Missing or broken"}
    return tuple(
        RecordState(name.upper(), RECORD_STATES[state], words.get(state, state.label))
        for name, state in states.items()
    )


def _findings(day: DomainDay | None) -> tuple[FindingWords, ...]:
    found = day.dns.get("findings", ()) if day else ()
    return tuple(dns_words.describe_finding(one, day.domain) for one in found) if day else ()


def _warm_up_weeks(name: str, today: date) -> tuple[WarmUpWeek, ...]:
    """The plan and what left; () for an established domain."""
    row = sending_domains.find_domain(name)
    if row and row.warm_up_since is None:
        return ()
    since = row.warm_up_since if row else None
    now = warm_up_week(since, today)
    most = _most_by_week(name, since) if since else {}
    return tuple(
        WarmUpWeek(week, planned, most.get(week, 0) if since and week <= now else None, week == now)
        for week, planned in enumerate(CAPS_BY_WEEK, 1)
    )


def _most_by_week(name: str, since: date) -> dict[int, int]:
    last = since + timedelta(weeks=len(CAPS_BY_WEEK))
    left = SendIntent.objects.may_have_left().filter(
        from_domain=name, transport=Transport.GHL, day__gte=since, day__lt=last
    )
    most: dict[int, int] = {}
    for day, count in left.order_by().values_list("day").annotate(n=Count("pk")):
        week = warm_up_week(since, day)
        most[week] = max(count, most.get(week, 0))
    return most


# --- For the API and commands ---


def report_json(one: DomainReport) -> dict[str, Any]:
    return {
        "domain": one.name,
        "current": one.is_current,
        "state": one.state.value,
        "why": one.why,
        "score": one.score,
        "evaluated_at": one.verdict.evaluated_at if one.verdict else None,
        "sum": one.verdict.reasons if one.verdict else [],
        "windows": one.today.counts if one.today else [],
        "dns": {
            "records": {record.name.lower(): record.state.value for record in one.records},
            "findings": [_finding_json(finding) for finding in one.findings],
            "facts": one.today.dns.get("facts", {}) if one.today else {},
        },
        "warm_up": [
            {"week": week.number, "planned": week.planned, "most_sent": week.most_sent}
            for week in one.warm_up
        ],
        "reports": reports_json(one.reports),
        "history": [
            {"day": day.day, "score": day.score, "sum": day.parts, "version": day.version}
            for day in one.days
        ],
    }


def _finding_json(finding: FindingWords) -> dict[str, Any]:
    record = finding.record
    return {
        "code": finding.code,
        "state": finding.state.value,
        "says": finding.says,
        "do": finding.do,
        "record": {
            "name": record.name,
            "type": "TXT",
            "value": record.value,
            "exact": record.is_exact,
        }
        if record
        else None,
    }


def reports_json(one: ReportSummary) -> dict[str, Any]:
    return {
        "reports": one.reports,
        "reporters": one.reporters,
        "from": one.begins_at,
        "to": one.ends_at,
        "messages": one.messages,
        "aligned": one.share_of(one.aligned),
        "aligned_dkim": one.share_of(one.dkim),
        "aligned_spf": one.share_of(one.spf),
        "sources": [
            {
                "organisation": source.organisation,
                "messages": source.messages,
                "aligned": source.aligned,
                "addresses": list(source.addresses),
                "more_addresses": source.more_addresses,
            }
            for source in one.sources
        ],
        "more_sources": one.more_sources,
    }
