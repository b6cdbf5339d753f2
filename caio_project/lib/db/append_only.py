"""Rows that are written once, protected by database triggers."""

from typing import Any

from django.db import connections, models
from django.db.migrations.operations.base import Operation

# Days after which rows of a table may be deleted, never changed: by the retention settings alone.
AGE_TO_DELETE = {"lib_accessevent": 90}


class AppendOnly(models.Model):
    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{type(self).__name__} is append-only")


def forbid_changes(schema_editor: Any, table: str) -> None:
    days = AGE_TO_DELETE.get(table)
    if schema_editor.connection.vendor == "sqlite":
        young = f"WHEN OLD.at > datetime('now', '-{days} days') " if days else ""
        for verb, when in (("UPDATE", ""), ("DELETE", young)):
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {when}"
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    schema_editor.execute(
        "CREATE OR REPLACE FUNCTION caio_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN "
        "IF TG_OP = 'DELETE' AND TG_NARGS = 1 THEN "
        "IF OLD.at < now() - TG_ARGV[0]::interval THEN RETURN OLD; END IF; END IF; "
        "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', "
        "ERRCODE = 'integrity_constraint_violation'; "
        "END $$"
    )
    age = f"'{days} days'" if days else ""
    schema_editor.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION caio_append_only({age})"
    )


def allow_changes(schema_editor: Any, table: str) -> None:
    """Remove the triggers (migrations backwards, and SQLite's flush between tests)."""
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        return
    schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")


class HoldAppendOnly(Operation):
    """Migration operation: forbid changes to the tables named."""

    reversible = True

    def __init__(self, *tables: str):
        self.tables = tables

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        for table in self.tables:
            forbid_changes(schema_editor, table)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        for table in self.tables:
            allow_changes(schema_editor, table)

    def describe(self) -> str:
        return f"Hold {', '.join(self.tables)} append-only"


def append_only_tables(alias: str = "default") -> list[str]:
    connection = connections[alias]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type='trigger' AND name "
                "LIKE '%_no_delete'"
            )
        else:
            cursor.execute(
                "SELECT DISTINCT event_object_table FROM information_schema.triggers WHERE "
                "trigger_name LIKE '%_append_only'"
            )
        return sorted(row[0] for row in cursor.fetchall())
