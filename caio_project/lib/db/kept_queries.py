"""Queries that are compiled once. To make and compile one takes longer than to ask it.

    @kept_query
    def _rows_of(person: int, now: datetime) -> QuerySet[Lead]:
        return Lead.rows.filter(...)

    rows = _rows_of(person=5, now=timezone.now())  # a list

The function is called once for values of one shape (None, a list of so many, anything else), with
placeholders. So it reads no setting and no clock, and does not look at what it is given. A list is
for IN: its last value may be repeated, so that there are few lengths.
"""

import copy
import functools
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import BigIntegerField, DateField, DateTimeField, QuerySet, UUIDField, Value

MOST_SHAPES = 128  # of one function; then they are compiled again
# What a database adapter does not take as it is. Any other value is handed on.
FIELDS: dict[type, Any] = {
    int: BigIntegerField(),
    datetime: DateTimeField(),
    date: DateField(),
    UUID: UUIDField(),
}


class Placeholder(Value):
    """A value that is given when the query is asked; its own `value` is the name."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def _resolve_output_field(self) -> None:
        return None  # as unknown as that of a parameter


def kept_query(make: Callable[..., QuerySet[Any]]) -> Callable[..., list[Any]]:
    """Make the function ask its query. It is called by keywords alone."""
    kept: dict[tuple[Any, ...], KeptQuery] = {}

    @functools.wraps(make)
    def ask(**given: Any) -> list[Any]:
        values = {name: _padded(value) for name, value in given.items()}
        shape = tuple((name, _shape_of(value)) for name, value in values.items())
        query = kept.get(shape)
        if query is None:
            if len(kept) >= MOST_SHAPES:
                kept.clear()
            query = kept[shape] = KeptQuery(make(**_placeholders(values)))
        return query.rows(values)

    return ask


def _padded(value: Any) -> Any:
    """A list with as many values as the next power of two."""
    if not isinstance(value, list) or len(value) < 3:
        return value
    return value + value[-1:] * ((1 << (len(value) - 1).bit_length()) - len(value))


def _shape_of(value: Any) -> Any:
    return None if value is None else len(value) if isinstance(value, list) else "one"


def _placeholders(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _placeholder_for(name, value) for name, value in values.items()}


def _placeholder_for(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [Placeholder(f"{name}.{n}") for n in range(len(value))]
    return None if value is None else Placeholder(name)


class KeptQuery:
    """A query with placeholders, and what it was compiled to for each database."""

    def __init__(self, queryset: Any):
        assert not queryset._prefetch_related_lookups, "related rows are read with the others"
        self._queryset = queryset  # any, for some of what is read of it is not in the stubs
        self._compiled: dict[str, tuple[Any, str, Sequence[Any]]] = {}

    def rows(self, values: dict[str, Any]) -> list[Any]:
        using = self._queryset.db
        connection = connections[using]
        if using not in self._compiled:
            self._compiled[using] = _compile(self._queryset, using)
        compiler, sql, places = self._compiled[using]
        if not sql:
            return []
        given = _flat(values)
        params = tuple(
            _prepared(given[place.value], connection) if isinstance(place, Placeholder) else place
            for place in places
        )
        asked = copy.copy(compiler)  # threads share what it was compiled to
        asked.connection, asked.as_sql = connection, lambda: (sql, params)
        return list(self._queryset._iterable_class(_Asked(self._queryset, asked)))


def _compile(queryset: QuerySet[Any], using: str) -> tuple[Any, str, Sequence[Any]]:
    query = queryset.query.clone()  # compiling changes it, and two threads may compile at once
    compiler = query.get_compiler(using)
    try:
        return (compiler, *compiler.as_sql())
    except EmptyResultSet:  # among values of which there are none
        return compiler, "", []


class _Asked:
    """What Django's iterables want to know of a queryset and of its query."""

    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, queryset: QuerySet[Any], compiler: Any):
        self.model, self.db, self.query = queryset.model, queryset.db, self
        self._compiler = compiler

    def get_compiler(self, using: str) -> Any:
        return self._compiler


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    found = dict(values)
    for name, value in values.items():
        if isinstance(value, list):
            found |= {f"{name}.{n}": one for n, one in enumerate(value)}
    return found


def _prepared(value: Any, connection: Any) -> Any:
    field = FIELDS.get(type(value))
    return field.get_db_prep_value(value, connection) if field else value
