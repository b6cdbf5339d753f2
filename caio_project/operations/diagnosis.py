"""Diagnose each stage of the pipeline: what works, what waits and why."""

import platform
from dataclasses import replace

from django.conf import settings
from django.utils import timezone

from approvals.integrations import slack
from approvals.queue import what_waits
from caio_project.lib.vendor_access.access import is_sandboxed, vendor_value
from caio_project.lib.words.check_states import CheckState
from caio_project.lib.words.clock_words import stamp_words
from caio_project.operations import status, surroundings, sweeps
from caio_project.operations.diagnosis_parts import surrounding_findings as around
from caio_project.operations.diagnosis_parts.finding import NOT_KNOWN, NOT_SET_UP, not_set_up
from caio_project.operations.diagnosis_parts.finding import StageFinding as StageFinding
from caio_project.operations.diagnosis_parts.mail_service import mail_service_finding
from caio_project.operations.diagnosis_parts.mending import mend_of
from leads.inbound import stuck_files
from leads.integrations import alarms
from leads.scoring import assess
from metrics.health import domain_report
from metrics.overview import flow, headline
from outreach.choices import BlockedBy, Status
from outreach.control import phase
from outreach.drafting.language_model import rewrite_requests
from outreach.limits import current_limits, limit_rules
from outreach.models import EmailTemplate, Message, SyncCursor

GHL_SWEEP = "outreach.sync_ghl"
NOBODY_TOLD = "nobody is notified. Set SLACK_BOT_TOKEN, or EMAIL_URL"
NOTICES_ONLY = "notices only (without SLACK_SIGNING_SECRET nobody can decide there)"


def diagnose_stages() -> list[StageFinding]:
    """Every stage in order, with a sentence for what is wrong or why something waits."""
    findings = [
        StageFinding(name, check.ok, None, check.text, check.is_starting)
        for name, check in status.health_checks().items()
        if name != "pipeline"
    ]
    now = timezone.now()
    findings += [
        around.settings_finding(),
        around.sweeps_finding(now),
        around.broker_finding(),
        _intent_monitor(),
    ]
    starting = {one.name for one in sweeps.sweep_states(now) if one.is_starting}
    for stage in flow.flow_stages():
        findings.append(_stage_finding(stage, starting))
    waits = what_waits.what_waits()
    findings += [
        *_ghl_polling(is_starting=GHL_SWEEP in starting),
        _event_spool(),
        _parked_events(),
        _unmatched_answers(waits.unmatched),
        *_blocked_drafts(waits),
        _uncertain_emails(waits.uncertain),
        *domain_findings(),
        mail_service_finding(),
        _email_templates(),
        _language_model(),
        around.clay_finding(),
        slack_finding(),
        around.webhooks_finding(),
        around.alarms_finding(),
        _sending_state(),
        _python(),
        _proxy(),
    ]
    return [_with_mend(one) for one in findings]


def _with_mend(one: StageFinding) -> StageFinding:
    return one if one.ok or one.is_starting else replace(one, mend=mend_of(one.name))


def _ghl_polling(*, is_starting: bool) -> list[StageFinding]:
    """For each list read from GoHighLevel: when it was last read in full, or what prevents it."""
    if is_sandboxed("ghl"):
        return [not_set_up("reading GoHighLevel", "in the sandbox there is nothing to read")]
    rows = SyncCursor.objects.order_by("name")
    found = [
        StageFinding(f"reading {row.name}", not row.error, None, _last_read(row)) for row in rows
    ]
    never = "not tried yet" if is_starting else "never tried; is a worker running?"
    return found or [StageFinding("reading GoHighLevel", False, None, never, is_starting)]


def _last_read(row: SyncCursor) -> str:
    read = (
        f"read to its end {stamp_words(row.polled_at)}"
        if row.polled_at
        else "never read to its end"
    )
    return f"{row.error} ({read})" if row.error else read


def _stage_finding(stage: flow.Stage, starting: set[str]) -> StageFinding:
    seen = (
        f"last alive {stamp_words(stage.seen_at)}" if stage.seen_at else "its sweep was never seen"
    )
    since = (
        f", {stage.waiting} wait since {stamp_words(stage.oldest_at)}" if stage.oldest_at else ""
    )
    fault = stage.is_stuck or stage.is_off
    is_starting = not stage.is_fresh and not fault and stage.sweep in starting
    if is_starting:
        seen = "it has not had its time since the start"
    text = seen + since + (f"; today {stage.passed_on}" if stage.passed_on else "")
    return StageFinding(stage.label.lower(), stage.is_fresh, stage.waiting, text, is_starting)


def _intent_monitor() -> StageFinding:
    where = assess.switched_off_by()
    if not where:
        return StageFinding("intent monitor", True, None, "on")
    return StageFinding(
        "intent monitor", False, None, f"off by {where}: visits are stored and worked off later"
    )


def _event_spool() -> StageFinding:
    """Bodies not yet in the database. Another machine's spool is seen by its alarms only."""
    here, troubles = stuck_files.spool_status(), status.spool_troubles()
    return StageFinding("spool", not troubles, here.waiting, " ".join(troubles) or here.text)


def _parked_events() -> StageFinding:
    parked = status.parked_events()
    newest = parked.order_by("-received_at").first()
    count = parked.count()
    recent = parked.filter(received_at__gte=timezone.now() - status.RECENTLY_PARKED).count()
    text = f"{recent} in the last hour; the newest: {newest.reason}" if newest else "none"
    return StageFinding("parked events", not recent, count, text)


def _unmatched_answers(count: int) -> StageFinding:
    text = "kept under Inbound events; replay them once their people are leads"
    return StageFinding("answers of Clay about nobody", True, count, text if count else "none")


def _blocked_drafts(waits: what_waits.WaitingWork) -> list[StageFinding]:
    """By us is a fault; by a person's data or an earlier email is not, unless it is too much."""
    problems = what_waits.problems_by_person_data(timezone.now())
    by_others = waits.sentences(BlockedBy.PERSON, BlockedBy.EARLIER)
    ours = waits.blocked_by(BlockedBy.US)
    return [
        StageFinding(
            "drafts blocked by us", not ours, ours, _joined(waits.sentences(BlockedBy.US))
        ),
        StageFinding(
            "other blocked drafts",
            not problems,
            waits.blocked_by(BlockedBy.PERSON, BlockedBy.EARLIER),
            _joined([*problems, *by_others]),
        ),
    ]


def _joined(sentences: list[str]) -> str:
    return " ".join(sentences) or "none"


def _uncertain_emails(count: int) -> StageFinding:
    text = "a person settles them under Sent & replies" if count else "none"
    return StageFinding("uncertain emails", True, count, text)


def last_line(findings: list[StageFinding], tests_ok: bool) -> str:
    """The verdict for whoever reads only that, and what waits outside the queue."""
    starting = sum(one.is_starting for one in findings)
    if not tests_ok or any(not one.ok and not one.is_starting for one in findings):
        verdict = "Something does not work; see above."
    elif starting:
        verdict = f"Starting: {starting} have not had their time yet. Ask again in two minutes."
    else:
        unproven = ", ".join(one.name for one in findings if one.unproven)
        rest = f"Not set up or not known: {unproven}." if unproven else ""
        return " ".join(filter(None, ("Everything works.", what_else_waits(), rest)))
    return f"{verdict} {what_else_waits()}".rstrip()


def what_else_waits() -> str:
    """A sentence for whoever reads only the last line; "" where nothing waits outside the queue."""
    phrases = headline.waiting_phrases(what_waits.what_waits())
    return f"Not in the queue: {', '.join(phrases)}; see above." if phrases else ""


def _email_templates() -> StageFinding:
    count = EmailTemplate.objects.filter(active=True).count()
    return StageFinding(
        "templates",
        count > 0,
        None,
        f"{count} active" if count else "there is no active email template",
    )


def domain_findings() -> list[StageFinding]:
    if is_sandboxed("ghl"):
        return [not_set_up("sending domain", "in the sandbox nothing is sent")]
    found = domain_report.report_domains(timezone.now())
    if not found:
        return [StageFinding("sending domain", False, None, "GHL_FROM_EMAIL is not set")]
    return [*map(_sending_domain, found)]


def _sending_domain(one: domain_report.DomainReport) -> StageFinding:
    """A domain that is only not known yet is no fault; one that alerts is."""
    score = "no score yet" if one.score is None else f"{one.score} of 100"
    findings = [finding.says for finding in one.findings if finding.state != CheckState.ALERT]
    text = " ".join([f"{score}.", *([one.why] if one.why else []), *findings])
    ok = one.state in (CheckState.PASS, CheckState.NOT_KNOWN) or not one.is_current
    unproven = NOT_KNOWN if one.state == CheckState.NOT_KNOWN else ""
    return StageFinding(f"domain {one.name}", ok, None, text, unproven=unproven)


def _language_model() -> StageFinding:
    now = rewrite_requests.model_status()
    if not now.is_on:
        text, unproven = ("templates write", "off") if now.is_set_up else ("", NOT_SET_UP)
        return StageFinding("language model", True, None, text, unproven=unproven)
    wrote = (
        f"{now.written} of the last {now.last} by it, {now.used_today:,} of {now.limit:,} tokens "
        "used today"
    )
    return StageFinding(
        "language model",
        not now.problem,
        None,
        f"{now.problem} Templates write." if now.problem else wrote,
    )


def slack_finding() -> StageFinding:
    if trouble := " ".join(alarms.open_texts(slack.ALARM)):
        return StageFinding("Slack", False, None, trouble)
    if not vendor_value("SLACK_BOT_TOKEN"):
        by_email = "notices go by email" if settings.EMAIL_URL else NOBODY_TOLD
        return not_set_up("Slack", f"not connected: {by_email}")
    decided = "notices and decisions" if vendor_value("SLACK_SIGNING_SECRET") else NOTICES_ONLY
    return StageFinding("Slack", True, None, f"{decided}, in {settings.SLACK_CHANNEL}")


def _python() -> StageFinding:
    old = surroundings.old_python()
    text = old or platform.python_version()
    return StageFinding("Python", True, None, text, unproven="warning" if old else "")


def _proxy() -> StageFinding:
    untold, count = surroundings.untold_proxy(), settings.TRUSTED_PROXY_COUNT
    text = untold or (f"{count} in front" if count else "none in front")
    return StageFinding("proxies", True, None, text, unproven="warning" if untold else "")


def _sending_state() -> StageFinding:
    row, now = phase.current_control(), timezone.now()
    wait = limit_rules.limit_on_everything(current_limits.read_limits(row, now))
    waiting = Message.objects.filter(status=Status.CLEARED).count()
    where = "into the sandbox" if is_sandboxed("ghl") else "through GoHighLevel"
    if wait is None:
        return StageFinding("sending", True, waiting, f"open, {where}")
    until = f" until {stamp_words(wait.until)}" if wait.until else ""
    return StageFinding(
        "sending", wait.limit != "halted", waiting, f"closed by {wait.limit}: {wait.text}{until}"
    )
