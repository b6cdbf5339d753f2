"""Migration operations during which others may write to the table on PostgreSQL. SQLite, which has
one writer, gets Django's own.

They belong into a migration with `atomic = False`, one to a migration: what was half done is then
found as it was left. On PostgreSQL each may be run again after it was broken off.
"""

from typing import Any

from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    NotInTransactionMixin,
    RemoveIndexConcurrently,
)
from django.db import transaction
from django.db.migrations.operations import AddConstraint, AddIndex, RemoveIndex
from django.db.models import UniqueConstraint

HALF_BUILT = (
    "SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
    " WHERE relname = %s AND NOT indisvalid"
)
UNCHECKED = "SELECT 1 FROM pg_constraint WHERE conname = %s AND NOT convalidated"


class _PlainOnSqlite:
    plain: Any  # Django's own operation

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.vendor == "sqlite":
            self.plain.database_forwards(self, app_label, schema_editor, *states)
        else:
            super().database_forwards(app_label, schema_editor, *states)  # type: ignore[misc]

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.vendor == "sqlite":
            self.plain.database_backwards(self, app_label, schema_editor, *states)
        else:
            super().database_backwards(app_label, schema_editor, *states)  # type: ignore[misc]


class AddIndexOnline(_PlainOnSqlite, AddIndexConcurrently):
    plain = AddIndex

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.vendor != "sqlite":
            _drop_half_built(schema_editor, self.index.name)
        super().database_forwards(app_label, schema_editor, *states)


class RemoveIndexOnline(_PlainOnSqlite, RemoveIndexConcurrently):
    plain = RemoveIndex


class AddConstraintOnline(NotInTransactionMixin, AddConstraint):
    """A check holds for new rows at once, and is then compared with those that are there. What must
    be unique gets its index first.
    """

    atomic = False

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor == "sqlite":
            with transaction.atomic(schema_editor.connection.alias):  # it copies the table
                AddConstraint.database_forwards(
                    self, app_label, schema_editor, from_state, to_state
                )
            return
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        sql = str(self.constraint.create_sql(model, schema_editor))
        table = schema_editor.quote_name(model._meta.db_table)
        name = schema_editor.quote_name(self.constraint.name)
        if isinstance(self.constraint, UniqueConstraint):
            _add_unique(schema_editor, table, name, sql)
            return
        if not _is_there(schema_editor, UNCHECKED, self.constraint.name):
            schema_editor.execute(f"{sql} NOT VALID")
        schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _add_unique(schema_editor: Any, table: str, name: str, sql: str) -> None:
    _drop_half_built(schema_editor, name.strip('"'))
    by_constraint = f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE ("
    if not sql.startswith(by_constraint):
        schema_editor.execute(
            sql.replace("CREATE UNIQUE INDEX", "CREATE UNIQUE INDEX CONCURRENTLY", 1)
        )
        return
    columns = sql.removeprefix(by_constraint)
    schema_editor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns}")
    schema_editor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")


def _drop_half_built(schema_editor: Any, name: str) -> None:
    """PostgreSQL leaves an invalid index where building it was broken off."""
    if _is_there(schema_editor, HALF_BUILT, name):
        quoted = schema_editor.quote_name(name)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {quoted}")


def _is_there(schema_editor: Any, query: str, name: str) -> bool:
    if schema_editor.collect_sql:
        return False
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(query, [name])
        return cursor.fetchone() is not None
