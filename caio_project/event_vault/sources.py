"""The sources of inbound events: names, processors, reasons for parking, and who may read them."""

from typing import Any

from leads.inbound import events, parked
from leads.models import InboundEvent
from outreach.feedback import webhook_inbox

SOURCE_NAMES = {
    "rb2b": "RB2B", "api": "API", "import": "Import", "clay": "Clay", "ghl": "GoHighLevel",
    "ghl_workflow": "GoHighLevel workflow", "ghl_poll": "GoHighLevel, polled",
}  # fmt: skip
PROCESSORS = {**events.PROCESSORS, **webhook_inbox.PROCESSORS}
PARK_REASONS = (*parked.REASONS, *webhook_inbox.REASONS)


def may_read(user: Any) -> bool:
    return bool(user.has_perm("leads.read_inboundevent"))


def may_replay(user: Any) -> bool:
    """A dry run shows personal data, so replaying includes reading."""
    return may_read(user) and bool(user.has_perm("leads.replay_inboundevent"))


def shown_reason(reason: str, user: Any) -> str:
    return reason if may_read(user) else parked.visible_reason(reason, PARK_REASONS)


def next_step(event: InboundEvent) -> str:
    return parked.next_step(event.reason, event.state, PARK_REASONS)
