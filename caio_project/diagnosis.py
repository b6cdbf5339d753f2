"""Walking the stages: what works, what waits and why; and one visitor of our own to follow through them."""

import json
import time
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from caio_project import status
from leads import ingest, intent
from leads.models import Enrichment, InboundEvent, Kind, Lead
from metrics import flow
from outreach import drafting, limits, pacing, phase
from outreach.models import EmailTemplate, Message, SyncCursor
from outreach.states import Status

POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Finding:
    name: str
    ok: bool
    waiting: int | None
    text: str

    @property
    def state(self) -> str:
        return "works" if self.ok else "does not"


@dataclass(frozen=True)
class Step:
    name: str
    ok: bool
    text: str


def walk() -> list[Finding]:
    """Every stage in order, with a sentence for what is wrong or why something waits."""
    findings = [
        Finding(name, check.ok, None, check.text) for name, check in status.health().items() if name != "pipeline"
    ]
    findings.append(_switches())
    for stage in flow.flow():
        findings.append(_stage(stage))
    findings += [*_polling(), _parked(), _templates(), _door()]
    return findings


def _polling() -> list[Finding]:
    """Each thing that is read at GoHighLevel: when it was last read to its end, or what keeps it from that."""
    if "ghl" in settings.SANDBOXED:
        return [Finding("reading GoHighLevel", True, None, "in the sandbox there is nothing to read")]
    rows = SyncCursor.objects.order_by("name")
    found = [Finding(f"reading {row.name}", not row.error, None, _read(row)) for row in rows]
    return found or [Finding("reading GoHighLevel", False, None, "never tried; is a worker running?")]


def _read(row: SyncCursor) -> str:
    read = f"read to its end {row.polled_at:%Y-%m-%d %H:%M:%S} UTC" if row.polled_at else "never read to its end"
    return f"{row.error} ({read})" if row.error else read


def _stage(stage: flow.Stage) -> Finding:
    seen = f"last alive {stage.seen_at:%Y-%m-%d %H:%M:%S} UTC" if stage.seen_at else "its sweep was never seen"
    since = f", {stage.waiting} wait since {stage.oldest_at:%H:%M:%S} UTC" if stage.oldest_at else ""
    return Finding(stage.label.lower(), stage.is_fresh, stage.waiting, seen + since)


def _switches() -> Finding:
    where = intent.off_by()
    if not where:
        return Finding("intent monitor", True, None, "on")
    return Finding("intent monitor", False, None, f"off by {where}: visits are stored and worked off later")


def _parked() -> Finding:
    parked = InboundEvent.objects.filter(state=InboundEvent.State.PARKED)
    newest = parked.order_by("-received_at").first()
    count = parked.count()
    recent = parked.filter(received_at__gte=timezone.now() - status.NEWLY).count()
    text = f"{recent} in the last hour; the newest: {newest.reason}" if newest else "none"
    return Finding("parked events", not recent, count, text)


def _templates() -> Finding:
    count = EmailTemplate.objects.filter(active=True).count()
    return Finding("templates", count > 0, None, f"{count} active" if count else "there is no active email template")


def _door() -> Finding:
    row, now = phase.control(), timezone.now()
    wait = pacing.for_everything(limits.standing(row, now))
    waiting = Message.objects.filter(status=Status.CLEARED).count()
    where = "into the sandbox" if "ghl" in settings.SANDBOXED else "through GoHighLevel"
    if wait is None:
        return Finding("the door", True, waiting, f"open, {where}")
    until = f" until {wait.until:%Y-%m-%d %H:%M} UTC" if wait.until else ""
    return Finding("the door", wait.limit != "halted", waiting, f"closed by {wait.limit}: {wait.text}{until}")


def follow_test_visitor(wait: float) -> list[Step]:
    """Store a visitor of ours and watch the running workers take it to the review queue, for `wait` seconds."""
    started = time.monotonic()
    stored = ingest.store("rb2b", _body(uuid.uuid4().hex[:10]), kind=Kind.TEST)
    steps = [Step("received", True, f"event {stored.public_id}")]
    looks = (("lead", _lead), ("enrichment settled", _settled), ("assessed", _assessed), ("held", _held))
    for name, look in looks:
        found = ""
        while not (found := look(stored.public_id)) and time.monotonic() - started < wait:
            time.sleep(POLL_SECONDS)
        if not found:
            why = _why_not(stored.public_id)
            steps.append(Step(name, False, f"not within {wait:.0f} s: {why}"))
            break
        steps.append(Step(name, True, f"{found}, after {time.monotonic() - started:.1f} s"))
    return steps


def _body(mark: str) -> bytes:
    return json.dumps(
        {
            "LinkedIn URL": f"https://www.linkedin.com/in/caio-test-{mark}",
            "First Name": "Test",
            "Last Name": "Visitor",
            "Title": "VP Operations",
            "Company Name": "CAIO Test Visitor",
            "Business Email": f"test-visitor-{mark}@caio-visitor.test",
            "Website": "https://caio-visitor.test",
            "Industry": "Logistics",
            "Employee Count": "51-200",
            "City": "Columbus",
            "State": "OH",
            "Zipcode": "43004",
            "Seen At": timezone.now().isoformat(),
            "Captured URL": f"{settings.SITE_URL}/pricing",
        }
    ).encode()


def _visitor(event: str) -> Lead | None:
    return Lead.objects.filter(visits__event__public_id=event).first()


def _lead(event: str) -> str:
    lead = _visitor(event)
    return f"lead {lead.pk}" if lead else ""


def _settled(event: str) -> str:
    found = Enrichment.objects.filter(lead=_visitor(event), state=Enrichment.State.SETTLED).first()
    return found.get_outcome_display().lower() if found else ""


def _assessed(event: str) -> str:
    lead = _visitor(event)
    found = lead.assessments.first() if lead else None
    return f"score {found.intent}, {found.tier}" if found else ""


def _held(event: str) -> str:
    found = Message.objects.filter(lead=_visitor(event), status=Status.HELD).first()
    return f"email {found.public_id}" if found else ""


def _why_not(event: str) -> str:
    stored = InboundEvent.objects.get(public_id=event)
    if stored.state == InboundEvent.State.WAITING:
        beat = status.health().get("beat")
        return "the event still waits; is a worker running?" + (f" Beat: {beat.text}." if beat else "")
    if stored.state == InboundEvent.State.PARKED:
        return f"the event is parked: {stored.reason}"
    lead = _visitor(event)
    if lead is None:
        return "the event made no lead"
    if not intent.is_on():
        return "the intent monitor is off"
    blocked = lead.messages.filter(status=Status.BLOCKED).first()
    if blocked:
        return f"the draft is blocked: {blocked.error}"
    return lead.error or drafting.why_not(lead) or "its next stage has not run"
