"""The id that follows one visit: the public id of its event, read from whichever row is worked on.

No row carries it in a column of its own (docs/adr/0056). It is looked up when a line is written,
once for each piece of work.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, InterfaceError

# How rows that have no id of their own lead to one that has.
WAYS = ("message", "lead", "event")


class _Work:
    def __init__(self, row: Any) -> None:
        self.row = row
        self._id, self._is_asked = "", False

    @property
    def id(self) -> str:
        """The name of the row while its id is being looked up, and where that fails."""
        if not self._is_asked:
            self._is_asked, self._id = True, name_of(self.row)
            self._id = _look_up(self.row)
        return self._id

    def is_of(self, row: Any) -> bool:
        return type(self.row) is type(row) and self.row.pk == row.pk


_work: ContextVar[_Work | None] = ContextVar("work", default=None)


def current_id() -> str:
    """The id of the row that is worked on; "" where none is."""
    work = _work.get()
    return work.id if work else ""


@contextmanager
def about(row: Any) -> Iterator[None]:
    """Lines that are written meanwhile carry the id of `row`."""
    begun = start(row)
    try:
        yield
    finally:
        go_back(begun)


def start(row: Any) -> Any:
    """Begin work on `row`, in a generator; returns what `go_back` takes."""
    before = _work.get()
    mine = before if before is not None and before.is_of(row) else _Work(row)
    _work.set(mine)
    return before, mine


def go_back(begun: Any) -> None:
    """A generator whose user raised is closed at some later time: other work stays as it is."""
    before, mine = begun
    if _work.get() is mine:
        _work.set(before)


def forget() -> None:
    """Between two pieces of work: one that raised has left its row."""
    _work.set(None)


def name_of(row: Any) -> str:
    """Such as "message-12": from it the id is found as well."""
    return f"{row._meta.model_name}-{row.pk}"


def id_of(row: Any) -> str:
    """The correlation id of a row, or its name where it came of no visit and no person."""
    if (own := getattr(row, "correlation_id", None)) is not None:
        return own()
    names = {field.name for field in row._meta.concrete_fields}
    for way in WAYS:
        if way in names and (further := getattr(row, way)) is not None:
            return id_of(further)
    return name_of(row)


def _look_up(row: Any) -> str:
    try:
        return id_of(row)
    except (DatabaseError, InterfaceError, ObjectDoesNotExist):
        return name_of(row)
