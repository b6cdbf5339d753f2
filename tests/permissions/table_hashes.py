"""Hashes of tables, to see that a request has changed no row."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

# What a look changes: sessions, who was seen when, and marks of what was on the screen.
NOT_COUNTED = {
    "django_session",
    "usersessions_usersession",
    "lib_heartbeat",
    "lib_accessevent",
    "django_admin_log",
}
_READING = re.compile(r"\s*(SELECT|SAVEPOINT|RELEASE|EXPLAIN|PRAGMA|SHOW|SET|BEGIN)\b", re.I)
_WRITING = re.compile(r'\s*(?:INSERT(?: OR IGNORE)? INTO|UPDATE|DELETE FROM) "(\w+)"', re.I)


class TableHashes:
    """A hash of every row of each table, kept until a statement may have changed that table.

    No trigger writes into another table, so a statement changes the table that it names, and a
    rollback those that were named before. A statement of another form may have changed any.
    """

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}
        self._named: set[str] = set()
        self._tables: list[str] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if named := _WRITING.match(sql):
            self._named.add(named[1])
            self._kept.pop(named[1], None)
        elif not _READING.match(sql):
            is_rollback = sql.startswith("ROLLBACK TO SAVEPOINT")
            for table in self._named if is_rollback else list(self._kept):
                self._kept.pop(table, None)
        return execute(sql, params, many, context)

    @property
    def is_used(self) -> bool:
        return bool(self._tables)

    def of_each(self) -> dict[str, str]:
        self._tables = self._tables or counted_tables()
        missing = [table for table in self._tables if table not in self._kept]
        self._kept |= read_hashes(missing)
        return dict(sorted(self._kept.items()))


_hashes: TableHashes | None = None


@contextmanager
def hashes_kept() -> Iterator[None]:
    """Read tables only as often as they may have changed, and at the end each once more."""
    global _hashes
    outer, _hashes = _hashes, TableHashes()
    try:
        with connection.execute_wrapper(_hashes):
            yield
        if _hashes.is_used:
            kept, read = _hashes.of_each(), read_hashes(counted_tables())
            assert kept == read, "A table changed by a statement that does not name it."
    finally:
        _hashes = outer


def hash_tables() -> dict[str, str]:
    """A hash of every row of every table, but those that a mere look may change."""
    return _hashes.of_each() if _hashes else read_hashes(counted_tables())


def counted_tables() -> list[str]:
    with connection.cursor() as cursor:
        return sorted(set(connection.introspection.table_names(cursor)) - NOT_COUNTED)


def read_hashes(tables: list[str]) -> dict[str, str]:
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = sorted(repr(row) for row in cursor.fetchall())
            found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found
