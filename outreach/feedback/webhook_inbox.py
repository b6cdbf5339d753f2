"""Processes the stored bodies that GoHighLevel posted, and the facts that polling set aside."""

import logging
from collections.abc import Callable
from datetime import datetime

from caio_project.lib.db import deadline
from caio_project.lib.vendor_access.access import value_in_time, vendor_value
from leads.inbound import events
from leads.inbound.old_reasons import OldReason
from leads.inbound.parked import NO_REASON, NOT_OURS, ParkReason, StoredReason, park_reason
from leads.models import InboundEvent
from leads.suppression import suppression
from outreach.feedback import apply_feedback, placement
from outreach.guardrails import guardrails
from outreach.guardrails.guardrail_counts import COUNTED_KINDS
from outreach.integrations.ghl import ghl_facts, webhook_bodies
from outreach.integrations.ghl.ghl_facts import EmailEventFact, GhlFact

log = logging.getLogger(__name__)

HARM_SECONDS = 5.0  # GoHighLevel waits for its answer meanwhile


def process_inbox(batch: int = 200) -> int:
    count = events.process_due(batch, PROCESSORS)
    if count:
        guardrails.check_guardrails()
    return count


def process_harm(public_id: str, body: bytes, received_at: datetime) -> bool:
    """Process a webhook now if the guardrails count what it says, and check them; False if not.

    For the web process, which needs neither broker nor worker for it. What fails or takes too long
    here is left to the next sweep.
    """
    if not _is_harm(body, received_at):
        return False
    try:
        with deadline.database_deadline(HARM_SECONDS):
            processed = events.process_one(public_id, PROCESSORS)
            guardrails.check_guardrails()
        return processed
    except Exception as error:  # it is stored: whatever is wrong, it is answered and tried again
        log.error("a webhook waits for the next sweep: %s", type(error).__name__)
        return False


def _is_harm(body: bytes, received_at: datetime) -> bool:
    try:
        fact = webhook_bodies.read_webhook(body, value_in_time("GHL_LOCATION_ID"), received_at)
    except webhook_bodies.UnreadableBody:
        return False
    return isinstance(fact, EmailEventFact) and fact.kind in COUNTED_KINDS


def process_webhook(event: InboundEvent) -> StoredReason:
    return _apply_body(
        event,
        "webhook",
        lambda raw: webhook_bodies.read_webhook(
            raw, vendor_value("GHL_LOCATION_ID"), event.received_at
        ),
    )


def process_workflow(event: InboundEvent) -> StoredReason:
    return _apply_body(
        event,
        "workflow",
        lambda raw: webhook_bodies.read_workflow(raw, vendor_value("GHL_LOCATION_ID")),
    )


def process_polled(event: InboundEvent) -> StoredReason:
    return _apply_body(event, "poll", ghl_facts.load_fact)


def _apply_body(
    event: InboundEvent, source: str, read: Callable[[bytes], GhlFact | None]
) -> StoredReason:
    """Apply the fact in a body. A body about nobody we may know of is erased, unless somebody
    wrote to us in it: that is kept, with a reason.
    """
    try:
        fact = read(bytes(event.body))
    except webhook_bodies.UnreadableBody as error:
        reason = park_reason(error.code, PARK_REASONS, **error.details)
        raise events.ParkedError(reason) from error
    person = apply_feedback.apply_fact(fact, source) if fact is not None else None
    is_unplaced = fact is not None and person is None and placement.is_unplaced(fact)
    is_known = person is not None and not suppression.is_erased(person)
    kept = {} if is_known or is_unplaced else {"body": b""}
    InboundEvent.objects.filter(pk=event.pk).update(about=person, **kept)
    return UNPLACED if is_unplaced else NO_REASON


PROCESSORS: events.Processors = {
    "ghl": process_webhook,
    "ghl_workflow": process_workflow,
    "ghl_poll": process_polled,
}

_NO_SUCH_BODY = f"GoHighLevel sends no such body. {NOT_OURS}"

PARK_REASONS = {
    "ghl_not_json": ParkReason("It is not JSON.", _NO_SUCH_BODY),
    "ghl_not_object": ParkReason("It is not a JSON object.", _NO_SUCH_BODY),
    "ghl_other_location": ParkReason(
        "It is about another location: {location}.",
        "If that location is ours, set GHL_LOCATION_ID to it, then replay it. If it is not, take "
        "our app, or the workflow's webhook, out of it: nothing to replay.",
        hidden=("location",),
    ),
    "ghl_no_contact": ParkReason(
        "The event is {event}, and it names neither id nor email of a contact.",
        "In the workflow's custom webhook, add the contact's id or email to what it sends. "
        "Replaying this one changes nothing: stop that person by hand if they asked for it.",
        hidden=("event",),
    ),
    placement.UNPLACED_CODE: ParkReason(
        "Somebody wrote to us, and we cannot tell whom of ours it concerns.",
        "Read it. If it answers an email of ours, act on it by hand; once its sender is a lead "
        "here, replay it. If they asked to stop, their address is stopped already.",
    ),
}
UNPLACED = park_reason(placement.UNPLACED_CODE, PARK_REASONS)

# As they were stored before events had a reason's code.
OLD_REASONS = (
    OldReason(r"It is not JSON\.", "ghl_not_json"),
    OldReason(r"It is not a JSON object\.", "ghl_not_object"),
    OldReason(r"It is about another location(: .*)\.", "ghl_other_location"),
    OldReason(
        r"The event is (.*), and it names neither id nor email of a contact\.", "ghl_no_contact"
    ),
)
