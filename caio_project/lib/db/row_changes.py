"""Record every row that a piece of work changes in the database, before and after.

Statements are watched, not models: most of our changes are conditional UPDATEs without an instance.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models

WRITE_STATEMENT = re.compile(r'\s*(INSERT (?:OR IGNORE )?INTO|UPDATE|DELETE FROM) "(\w+)"')
RowValues = dict[str, Any]


@dataclass(frozen=True)
class RowChange:
    """Differing fields of one row; `before` is empty for a new one, `after` for a deleted one."""

    model: type[models.Model]
    pk: Any
    name: str  # what the row is called, afterwards where it is still there
    before: RowValues
    after: RowValues

    @property
    def kind(self) -> str:
        return "new" if not self.before else "gone" if not self.after else "changed"


@dataclass
class _SeenRows:
    """Rows of one table before the first statement that wrote them, and the keys of new rows."""

    before: dict[Any, tuple[str, RowValues]] = field(default_factory=dict)
    new: set[Any] = field(default_factory=set)


class ChangeRecorder:
    """Sees each writing statement of this connection; read `changes` before a rollback."""

    def __init__(self) -> None:
        self._tables = {model._meta.db_table: model for model in apps.get_models()}
        self._seen: dict[type[models.Model], _SeenRows] = {}

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = WRITE_STATEMENT.match(sql)
        model = self._tables.get(found[2]) if found else None
        if found is None or model is None or many:
            return execute(sql, params, many, context)
        seen = self._seen.setdefault(model, _SeenRows())
        if found[1].startswith("INSERT"):
            return self._insert(model, seen, execute, sql, params, context)
        for row in _fetch_rows(
            model, _keys_to_write(sql, params, model), skip=seen.before.keys() | seen.new
        ):
            seen.before[row.pk] = str(row), _row_values(row)
        return execute(sql, params, many, context)

    def _insert(
        self,
        model: type[models.Model],
        seen: _SeenRows,
        execute: Any,
        sql: str,
        params: Any,
        context: Any,
    ) -> Any:
        numbered = _is_numbered(model, sql)
        known = set() if numbered else _all_keys(model)
        result = execute(sql, params, False, context)
        seen.new |= (
            _inserted_keys(_inserted_count(sql, params)) if numbered else _all_keys(model) - known
        )
        return result

    def changes(self) -> list[RowChange]:
        """Every row that differs now, in the order in which tables were first written."""
        return [
            change for model, seen in self._seen.items() for change in _table_changes(model, seen)
        ]


@contextmanager
def record_changes() -> Iterator[ChangeRecorder]:
    watch = ChangeRecorder()
    with connection.execute_wrapper(watch):
        yield watch


def _table_changes(model: type[models.Model], seen: _SeenRows) -> Iterator[RowChange]:
    now = {row.pk: row for row in _fetch_rows(model, seen.before.keys() | seen.new)}
    for pk, (name, before) in sorted(seen.before.items(), key=lambda item: item[0]):
        if pk not in now:
            yield RowChange(model, pk, name, before, {})
            continue
        after = _row_values(now[pk])
        if differing := [key for key in after if after[key] != before[key]]:
            yield RowChange(
                model,
                pk,
                str(now[pk]),
                _pick_fields(before, differing),
                _pick_fields(after, differing),
            )
    for pk in sorted(seen.new & now.keys() - seen.before.keys()):
        yield RowChange(model, pk, str(now[pk]), {}, _row_values(now[pk]))


def _pick_fields(row: RowValues, names: list[str]) -> RowValues:
    return {name: row[name] for name in names}


def _fetch_rows(model: type[models.Model], pks: Any, skip: Any = ()) -> list[models.Model]:
    return list(model._base_manager.filter(pk__in=set(pks) - set(skip)))


def _is_numbered(model: type[models.Model], sql: str) -> bool:
    """Whether the database numbers every row of this INSERT in sequence and leaves none out."""
    key = model._meta.pk
    given = key is None or f'"{key.column}"' in sql.partition(")")[0]
    return (
        isinstance(key, models.AutoField)
        and not given
        and "ON CONFLICT" not in sql
        and "OR IGNORE" not in sql
    )


def _all_keys(model: type[models.Model]) -> set[Any]:
    """Every key: for small tables with named rows, and statements that may leave rows out."""
    return set(model._base_manager.values_list("pk", flat=True))


def _row_values(row: models.Model) -> RowValues:
    return {
        one.name: _field_value(row, one) for one in row._meta.concrete_fields if not one.primary_key
    }


def _field_value(row: models.Model, one: Any) -> Any:
    if one.is_relation:
        return str(getattr(row, one.name) or "")
    value = getattr(row, one.attname)
    return f"{len(value)} bytes" if isinstance(value, bytes | memoryview) else value


def _keys_to_write(sql: str, params: Any, model: type[models.Model]) -> set[Any]:
    """The keys of the rows that an UPDATE or a DELETE is about to write."""
    at = _where_position(sql)
    before, where = sql[:at], sql[at:]
    table, key = model._meta.db_table, model._meta.pk.column if model._meta.pk else "id"
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT "{table}"."{key}" FROM "{table}" {where}',
            tuple(params or ())[_count_placeholders(before) :],
        )
        found = cursor.fetchall()
    to_python = model._meta.pk.to_python if model._meta.pk else int
    return {to_python(row[0]) for row in found}


def _where_position(sql: str) -> int:
    """Where the statement's own condition begins; those of inner queries are in brackets."""
    depth = 0
    for at, letter in enumerate(sql):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and sql.startswith(" WHERE ", at):
            return at
    return len(sql)


def _count_placeholders(sql: str) -> int:
    return sql.replace("%%", "").count("%s")


def _inserted_count(sql: str, params: Any) -> int:
    """How many rows an INSERT adds; PostgreSQL gets many as one list for each column."""
    return len(params[0]) if "UNNEST(" in sql else sql.count("), (") + 1


def _inserted_keys(count: int) -> set[int]:
    """The keys given by the last INSERT; both databases report it for this connection alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lastval()"
            if connection.vendor == "postgresql"
            else "SELECT last_insert_rowid()"
        )
        last = cursor.fetchone()[0]
    return set(range(last - count + 1, last + 1))
