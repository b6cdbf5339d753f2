"""The sources of inbound events: processors, reasons for parking, and who may read them."""

from typing import Any

from leads.inbound import events, old_reasons, parked
from leads.inbound.parked import StoredReason
from leads.models import InboundEvent
from outreach.feedback import webhook_inbox

PROCESSORS = {**events.PROCESSORS, **webhook_inbox.PROCESSORS}
PARK_REASONS = {**parked.PARK_REASONS, **webhook_inbox.PARK_REASONS}
OLD_REASONS = (*old_reasons.OLD_REASONS, *webhook_inbox.OLD_REASONS)


def may_read(user: Any) -> bool:
    return bool(user.has_perm("leads.read_inboundevent"))


def may_replay(user: Any) -> bool:
    """A dry run shows personal data, so replaying includes reading."""
    return may_read(user) and bool(user.has_perm("leads.replay_inboundevent"))


def shown_reason(reason: StoredReason, user: Any) -> str:
    """A reason as `user` may read it."""
    return reason.sentence if may_read(user) else masked_reason(reason)


def masked_reason(reason: StoredReason) -> str:
    return parked.visible_reason(reason, PARK_REASONS, OLD_REASONS)


def next_step(event: InboundEvent) -> str:
    return parked.next_step(parked.reason_of(event), event.state, PARK_REASONS, OLD_REASONS)
