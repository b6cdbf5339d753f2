"""Walking the stages: what works, what waits and why."""

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from caio_project.operations import status
from leads.inbound import stuck_files
from leads.models import InboundEvent
from leads.scoring import assess
from metrics.overview import flow
from outreach.choices import Status
from outreach.control import phase
from outreach.drafting.language_model import rewrite_requests
from outreach.limits import current_limits, limit_rules
from outreach.models import EmailTemplate, Message, SyncCursor


@dataclass(frozen=True)
class Finding:
    name: str
    ok: bool
    waiting: int | None
    text: str

    @property
    def state(self) -> str:
        return "works" if self.ok else "does not"


def walk() -> list[Finding]:
    """Every stage in order, with a sentence for what is wrong or why something waits."""
    findings = [
        Finding(name, check.ok, None, check.text)
        for name, check in status.health().items()
        if name != "pipeline"
    ]
    findings.append(_switches())
    for stage in flow.flow():
        findings.append(_stage(stage))
    findings += [*_polling(), _spool(), _parked(), _templates(), _language_model(), _door()]
    return findings


def _polling() -> list[Finding]:
    """Each thing that is read at GoHighLevel: when it was last read to its end, or what keeps it from that."""
    if "ghl" in settings.SANDBOXED:
        return [
            Finding("reading GoHighLevel", True, None, "in the sandbox there is nothing to read")
        ]
    rows = SyncCursor.objects.order_by("name")
    found = [Finding(f"reading {row.name}", not row.error, None, _read(row)) for row in rows]
    return found or [
        Finding("reading GoHighLevel", False, None, "never tried; is a worker running?")
    ]


def _read(row: SyncCursor) -> str:
    read = (
        f"read to its end {row.polled_at:%Y-%m-%d %H:%M:%S} UTC"
        if row.polled_at
        else "never read to its end"
    )
    return f"{row.error} ({read})" if row.error else read


def _stage(stage: flow.Stage) -> Finding:
    seen = (
        f"last alive {stage.seen_at:%Y-%m-%d %H:%M:%S} UTC"
        if stage.seen_at
        else "its sweep was never seen"
    )
    since = (
        f", {stage.waiting} wait since {stage.oldest_at:%H:%M:%S} UTC" if stage.oldest_at else ""
    )
    return Finding(stage.label.lower(), stage.is_fresh, stage.waiting, seen + since)


def _switches() -> Finding:
    where = assess.off_by()
    if not where:
        return Finding("intent monitor", True, None, "on")
    return Finding(
        "intent monitor", False, None, f"off by {where}: visits are stored and worked off later"
    )


def _spool() -> Finding:
    """What the database did not take yet. Another machine's spool is seen by its alarms only."""
    here, troubles = stuck_files.look(), status.spool_troubles()
    return Finding("spool", not troubles, here.waiting, " ".join(troubles) or here.text)


def _parked() -> Finding:
    parked = InboundEvent.objects.filter(state=InboundEvent.State.PARKED)
    newest = parked.order_by("-received_at").first()
    count = parked.count()
    recent = parked.filter(received_at__gte=timezone.now() - status.NEWLY).count()
    text = f"{recent} in the last hour; the newest: {newest.reason}" if newest else "none"
    return Finding("parked events", not recent, count, text)


def _templates() -> Finding:
    count = EmailTemplate.objects.filter(active=True).count()
    return Finding(
        "templates",
        count > 0,
        None,
        f"{count} active" if count else "there is no active email template",
    )


def _language_model() -> Finding:
    now = rewrite_requests.standing()
    if not now.is_on:
        return Finding(
            "language model", True, None, "off: templates write" if now.is_set_up else "not set up"
        )
    wrote = f"{now.written} of the last {now.last} by it, {now.used_today:,} of {now.limit:,} tokens used today"
    return Finding(
        "language model",
        not now.problem,
        None,
        f"{now.problem} Templates write." if now.problem else wrote,
    )


def _door() -> Finding:
    row, now = phase.control(), timezone.now()
    wait = limit_rules.for_everything(current_limits.standing(row, now))
    waiting = Message.objects.filter(status=Status.CLEARED).count()
    where = "into the sandbox" if "ghl" in settings.SANDBOXED else "through GoHighLevel"
    if wait is None:
        return Finding("the door", True, waiting, f"open, {where}")
    until = f" until {wait.until:%Y-%m-%d %H:%M} UTC" if wait.until else ""
    return Finding(
        "the door", wait.limit != "halted", waiting, f"closed by {wait.limit}: {wait.text}{until}"
    )
