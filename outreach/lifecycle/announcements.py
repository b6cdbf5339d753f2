"""What webhooks say of an email's move: ids, codes and numbers."""

from typing import Any

from caio_project.lib.webhooks_out import outbox
from caio_project.lib.webhooks_out.event_types import EventType
from outreach.choices import MoveCode, Status
from outreach.models import Message, Move

WOULD_CODES = {MoveCode.WOULD_APPROVE: "would_approve"}


def announce_move(message: Message, row: Move, changes: dict[str, Any]) -> None:
    """`message` is as it was before the move, `changes` what the move sets."""
    decision = _decision_of(row)
    event = _event_of(row, decision)
    if event is None:
        return

    def build() -> dict[str, Any]:
        said = {
            "message": str(message.public_id),
            "lead": str(message.lead.public_id),
            "kind": message.kind,
            "from_status": row.from_status,
            "status": row.to_status,
            "code": row.why,
            "move": row.pk,
            "at": row.at.isoformat(),
            "version": row.version,
            "step": message.step,
            "priority": str(changes.get("band", message.priority)),
            "tier": changes.get("tier", message.tier),
            "intent_score": changes.get("intent", message.intent),
            "transport": changes.get("transport", message.transport),
        }
        if event == EventType.MESSAGE_DECIDED:
            by_machine = bool(changes.get("by_machine", False))
            said |= {"decision": decision, "by_machine": by_machine, "tag": row.tag}
        return said

    outbox.emit(event, build)


def _decision_of(row: Move) -> str:
    if row.from_status == Status.HELD and row.to_status == Status.CLEARED:
        return "approved"
    if row.to_status == Status.REJECTED:
        return "rejected"
    return WOULD_CODES.get(MoveCode(row.why), "")


def _event_of(row: Move, decision: str) -> EventType | None:
    if decision:
        return EventType.MESSAGE_DECIDED
    if row.to_status == Status.HELD:
        return EventType.MESSAGE_HELD
    return EventType.MESSAGE_SENT if row.to_status == Status.SENT else None
