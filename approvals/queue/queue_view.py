"""With which filter and search a person goes through the queue, on its page and at the desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet

from approvals.queue import review_queue
from approvals.queue.review_queue import FILTERS, QueuePosition
from outreach.models import Message

SIDE_LIST_LENGTH = 9
LONGEST_SEARCH = 100


@dataclass(frozen=True)
class QueueView:
    """One filter of the queue and the words searched for; both empty shows all of it."""

    show: str = ""
    words: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, Any]) -> "QueueView":
        show = asked.get("show", "")
        words = asked.get("search", "").strip()[:LONGEST_SEARCH]
        return cls(show if show in FILTERS else "", words)

    @property
    def query(self) -> str:
        """What an address needs to keep the view: "?show=hot&search=acme", or ""."""
        kept = {"show": self.show, "search": self.words}
        text = urlencode({name: value for name, value in kept.items() if value})
        return f"?{text}" if text else ""

    @property
    def label(self) -> str:
        said = [FILTERS[self.show]] if self.show else []
        return " ".join([*said, f"“{self.words}”"] if self.words else said)

    def messages(self, user: Any) -> QuerySet[Message]:
        rows = review_queue.messages_by_filter(self.show, user)
        return review_queue.search_messages(rows, self.words)


@dataclass(frozen=True)
class Neighbours:
    """What stands around one email in a view; `position` counts from 1, 0 where it is not in it."""

    rows: list[Message]
    next: Message | None = None
    previous: Message | None = None
    position: int = 0
    total: int | None = None  # None for the whole queue, which every page counts anyway


def find_neighbours(message: Message, view: QueueView, user: Any) -> Neighbours:
    rows = view.messages(user)
    total = review_queue.count_up_to(rows) if view.query else None
    if view.show in review_queue.WITHOUT_PLACE:
        return _in_list(message, list(rows[: review_queue.PAGE_SIZE]), total)
    if not rows.filter(pk=message.pk).exists():
        top = list(rows[:SIDE_LIST_LENGTH])
        return Neighbours(top, next=review_queue.next_message_for(user, among=rows), total=total)
    place = QueuePosition.of(message)
    later = review_queue.first_rows(review_queue.messages_after(rows, place), SIDE_LIST_LENGTH)
    parts = review_queue.messages_before(rows, place)
    earlier = review_queue.first_rows([part.reverse() for part in parts], 2)
    return Neighbours(
        [*reversed(earlier), message, *later][:SIDE_LIST_LENGTH],
        next=next(iter(later), None),
        previous=next(iter(earlier), None),
        position=review_queue.position_number(message, rows),
        total=total,
    )


def _in_list(message: Message, rows: list[Message], total: int | None) -> Neighbours:
    at = next((n for n, one in enumerate(rows) if one.pk == message.pk), None)
    if at is None:
        return Neighbours(rows[:SIDE_LIST_LENGTH], next=next(iter(rows), None), total=total)
    start = max(0, at - 2)
    return Neighbours(
        rows[start : start + SIDE_LIST_LENGTH],
        next=next(iter(rows[at + 1 :]), None),
        previous=rows[at - 1] if at else None,
        position=at + 1,
        total=total,
    )
