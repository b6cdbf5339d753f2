"""The blocked drafts grouped by cause, with what clears each and what a person can type."""

from dataclasses import dataclass, field

from approvals.queue import review_queue, what_waits
from approvals.queue.what_waits import WaitingWork
from leads.identity import typed_fields
from outreach.lifecycle.block_causes import BlockCause, block_cause
from outreach.models import Message

MOST_READ = 200  # drafts in one page, the most urgent first
MOST_LISTED = 50  # of one cause


@dataclass(frozen=True)
class ListedDraft:
    """A blocked draft, and fields of its lead that are not known: (name, label)."""

    message: Message
    missing: tuple[tuple[str, str], ...]


@dataclass
class BlockedGroup:
    """All drafts of one cause: how many, and the most urgent of them."""

    cause: BlockCause
    count: int
    drafts: list[ListedDraft] = field(default_factory=list)

    @property
    def unlisted(self) -> int:
        return self.count - len(self.drafts)


def blocked_groups(waits: WaitingWork) -> list[BlockedGroup]:
    """The most frequent cause first; one query at any size."""
    groups = {one.cause: BlockedGroup(one.cause, one.count) for one in waits.blocked}
    for message in what_waits.with_typed(review_queue.blocked_messages())[:MOST_READ]:
        cause = block_cause(message.blocked_by, by_template=not message.typed)
        group = groups.get(cause)
        if group and len(group.drafts) < min(MOST_LISTED, group.count):
            group.drafts.append(ListedDraft(message, _typable_fields(message)))
    return list(groups.values())


def _typable_fields(message: Message) -> tuple[tuple[str, str], ...]:
    """Of a draft that waits for what is not known of its lead."""
    if message.blocked_by not in ("missing_field", "personal"):
        return ()
    missing = typed_fields.missing_fields(message.lead)
    return tuple((name, typed_fields.LABELS[name]) for name in missing)
