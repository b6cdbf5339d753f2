"""What every new connection to the database is told."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


def leave_out_jit(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """PostgreSQL compiles what it takes for long work; for lists of a page that costs 0.3 s each.

    A statement, not a startup option: poolers refuse options that they do not know.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET jit = off")
