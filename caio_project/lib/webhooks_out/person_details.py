"""What an endpoint may be told of a person beside the id, read when an event is sent.

The app that knows people registers the function: nothing of a person is stored with an event, so
that an erasure needs to find nothing here.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

_readers: list[Callable[[UUID], dict[str, Any] | None]] = []


def register_reader(read: Callable[[UUID], dict[str, Any] | None]) -> None:
    _readers[:] = [read]


def read_person(lead: UUID) -> dict[str, Any] | None:
    """Name, title, company and email; None where the person is erased or unknown."""
    return _readers[0](lead) if _readers else None
