"""A marked, undeliverable visitor of our own, followed through the running stages."""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from caio_project.lib.vendor_access.access import is_sandboxed, vendor_value
from caio_project.operations import status
from leads.enrichment import enrichment_requests, submission_budget
from leads.inbound import events
from leads.models import Enrichment, InboundEvent, Kind, Lead
from leads.scoring import assess
from outreach.choices import Status
from outreach.drafting import no_draft
from outreach.models import Message
from outreach.review import ended_tests

POLL_SECONDS = 0.25
NOT_CONNECTED = (
    "set CLAY_WORKBOOK_WEBHOOK_URL and CLAY_CALLBACK_TOKEN, and take clay out of SANDBOX; "
    "nothing was sent"
)
NO_ANSWER = (
    "no callback was stored. Look at the row in Clay: did its HTTP column run, does it post "
    "to {url}/webhooks/clay, "
    "and is its token CLAY_CALLBACK_TOKEN?"
)
StepCheck = Callable[[str], str]


@dataclass(frozen=True)
class VisitorStep:
    name: str
    ok: bool
    text: str


class FollowedVisitor:
    """A test visitor and how long it is followed; `wait` is in seconds for all steps together."""

    def __init__(self, wait: float):
        self._started, self._wait = time.monotonic(), wait
        self.event = send_visitor()

    def follow(self, *checks: tuple[str, StepCheck]) -> list[VisitorStep]:
        """Each step once it is reached; the last says why it was not."""
        steps: list[VisitorStep] = []
        for name, check in checks:
            while (
                not (found := check(self.event)) and time.monotonic() - self._started < self._wait
            ):
                time.sleep(POLL_SECONDS)
            if not found:
                return [
                    *steps,
                    VisitorStep(
                        name,
                        False,
                        f"not within {self._wait:.0f} s: {_not_reached_reason(self.event)}",
                    ),
                ]
            steps.append(
                VisitorStep(name, True, f"{found}, after {time.monotonic() - self._started:.1f} s")
            )
        return steps

    def leave(self) -> None:
        """Take the visitor's email out of the queue: the run is over, whatever it found."""
        if (lead := _visitor_lead(self.event)) is not None:
            ended_tests.withdraw_test_emails(lead)


def follow_test_visitor(wait: float) -> tuple[FollowedVisitor, list[VisitorStep]]:
    visitor = FollowedVisitor(wait)
    received = VisitorStep("received", True, f"event {visitor.event}")
    try:
        return visitor, [received, *visitor.follow(*_step_checks())]
    finally:
        visitor.leave()


def _step_checks() -> tuple[tuple[str, StepCheck], ...]:
    return (
        ("lead", _lead_made),
        ("enrichment settled", _enrichment_settled),
        ("assessed", _lead_assessed),
        ("held", _email_held),
    )


def send_visitor() -> str:
    """The public id of the event of a new test visitor."""
    return events.store_event(
        "rb2b", _visitor_body(uuid.uuid4().hex[:10]), kind=Kind.TEST
    ).public_id


def steps_reached(event: str) -> list[VisitorStep]:
    """Each step now, without waiting; the first that is not reached says why.

    Emails of test visitors leave the queue after 15 minutes by themselves.
    """
    steps: list[VisitorStep] = []
    for name, check in _step_checks():
        found = check(event) if all(one.ok for one in steps) else ""
        is_first_missing = not found and all(one.ok for one in steps)
        text = found or (_not_reached_reason(event) if is_first_missing else "")
        steps.append(VisitorStep(name, bool(found), text))
    return steps


def ask_clay(wait: float, visitor: FollowedVisitor | None = None) -> list[VisitorStep]:
    """Send a test visitor to Clay, which uses one submission, and wait for its callback.

    Clay's answer about an invented person is not stored; its arrival is all that this proves.
    """
    connected = (
        not is_sandboxed("clay")
        and vendor_value("CLAY_WORKBOOK_WEBHOOK_URL")
        and vendor_value("CLAY_CALLBACK_TOKEN")
    )
    steps = [VisitorStep("Clay connected", bool(connected), "" if connected else NOT_CONNECTED)]
    if not connected:
        return steps
    visitor = visitor or FollowedVisitor(wait)
    try:
        steps += visitor.follow(("lead", _lead_made), ("nothing else asked", _enrichment_settled))
        lead = _visitor_lead(visitor.event)
        if lead is None or not steps[-1].ok:
            return steps
        return steps + watch_enrichment(enrichment_requests.request_test_enrichment(lead), wait)
    finally:
        visitor.leave()


def watch_enrichment(row: Enrichment, wait: float) -> list[VisitorStep]:
    started, until = time.monotonic(), time.monotonic() + wait
    while (
        row.requested_at is None
        and row.state != Enrichment.State.SETTLED
        and time.monotonic() < until
    ):
        time.sleep(POLL_SECONDS)
        row.refresh_from_db()
    if row.requested_at is None and row.answered_at is None:
        return [
            VisitorStep(
                "Clay asked", False, row.reason or f"not within {wait:.0f} s; is a worker running?"
            )
        ]
    asked = VisitorStep(
        "Clay asked",
        True,
        f"submission {submission_budget.submissions_used()} of "
        f"{submission_budget.LIFETIME_SUBMISSIONS}, request {row.request_id}",
    )
    while row.answered_at is None and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
        row.refresh_from_db()
    if row.answered_at is None:
        return [
            asked,
            VisitorStep(
                "Clay answered", False, f"not within {wait:.0f} s: {_unanswered_reason(row)}"
            ),
        ]
    gained = (
        ", ".join(row.gained).replace("_", " ") or "nothing found, as is right for somebody made up"
    )
    return [
        asked,
        VisitorStep("Clay answered", True, f"{gained}; after {time.monotonic() - started:.1f} s"),
    ]


def _unanswered_reason(row: Enrichment) -> str:
    """Names a callback that came since and could not be used, where there is one."""
    came = (
        InboundEvent.objects.filter(source="clay", received_at__gte=row.created_at)
        .order_by("-received_at")
        .first()
    )
    if came is None:
        return NO_ANSWER.format(url=settings.SITE_URL)
    return (
        f"event {came.public_id} came from Clay: {came.reason or came.get_state_display().lower()}"
    )


def _visitor_body(mark: str) -> bytes:
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


def _visitor_lead(event: str) -> Lead | None:
    return Lead.objects.filter(visits__event__public_id=event).first()


def _lead_made(event: str) -> str:
    lead = _visitor_lead(event)
    return f"lead {lead.pk}" if lead else ""


def _enrichment_settled(event: str) -> str:
    found = Enrichment.objects.filter(
        lead=_visitor_lead(event), state=Enrichment.State.SETTLED
    ).first()
    return found.get_outcome_display().lower() if found else ""


def _lead_assessed(event: str) -> str:
    lead = _visitor_lead(event)
    found = lead.assessments.first() if lead else None
    return f"score {found.intent}, {found.tier}" if found else ""


def _email_held(event: str) -> str:
    found = Message.objects.filter(lead=_visitor_lead(event), status=Status.HELD).first()
    return f"email {found.public_id}" if found else ""


def _not_reached_reason(event: str) -> str:
    stored = InboundEvent.objects.get(public_id=event)
    if stored.state == InboundEvent.State.WAITING:
        beat = status.health_checks().get("beat")
        return "the event still waits; is a worker running?" + (
            f" Beat: {beat.text}." if beat else ""
        )
    if stored.state == InboundEvent.State.PARKED:
        return f"the event is parked: {stored.reason}"
    lead = _visitor_lead(event)
    if lead is None:
        return "the event made no lead"
    if not assess.is_on():
        return "the intent monitor is off"
    blocked = lead.messages.filter(status=Status.BLOCKED).first()
    if blocked:
        return f"the draft is blocked: {blocked.error}"
    return lead.error or str(no_draft.why_no_draft_now(lead) or "") or "its next stage has not run"
