"""Refuse new migrations that stop writes to a table, or that the release before cannot run on.

python .ci/lint_migrations.py            judge the migrations that .ci/released_migrations.txt lacks
python .ci/lint_migrations.py --release  list all that are there as released

The SQL that Django makes for PostgreSQL is judged by squawk, and data beside schema here. Tables
that the new migrations make are nobody's yet. No database is asked. A migration is let through by
a class attribute `lint_allows = {"rule": "why it is safe here"}`. Exit code 0 where
nothing is refused, else 1.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RELEASED = Path(__file__).with_name("released_migrations.txt")
OLDEST_POSTGRES = "14.0"
ONLINE = "caio_project.lib.db.online_migrations"
TWO_RELEASES = "Release code that does without it first; let a later release's migration do it."
INSTEAD = {
    "adding-not-nullable-field": "Add it with null=True, or with db_default=….",
    "adding-required-field": "Add it with null=True, or with db_default=….",
    "ban-drop-default": "Django takes a Python default away again, and the release before inserts "
    "rows without it. Add it with null=True, or with db_default=….",
    "adding-field-with-default": "Use a constant as db_default: one that is computed rewrites all.",
    "require-concurrent-index-creation": f"AddIndexOnline of {ONLINE}; a ForeignKey with "
    "db_index=False and an index of its own.",
    "require-concurrent-index-deletion": f"RemoveIndexOnline of {ONLINE}.",
    "constraint-missing-not-valid": f"AddConstraintOnline of {ONLINE}.",
    "adding-foreign-key-constraint": "A new field with null=True and without a default.",
    "disallowed-unique-constraint": f"AddConstraintOnline of {ONLINE}.",
    "adding-serial-primary-key-field": "Make a new table.",
    "changing-column-type": "Add a second column and write both. A varchar that only grows may be "
    "let through.",
    "renaming-column": "Keep the name in the database: db_column=….",
    "renaming-table": "Keep the name in the database: Meta.db_table.",
    "ban-drop-column": TWO_RELEASES,
    "ban-drop-table": TWO_RELEASES,
    "ban-drop-constraint": "The release before relies on it. " + TWO_RELEASES,
    "ban-drop-not-null": "The release before does not expect an empty value. " + TWO_RELEASES,
    "ban-truncate-cascade": "Delete rows in batches, by a task.",
    "needs-the-database": "What it does depends on the database, so nobody can judge it before.",
    "data-beside-schema": "Its lock is held until the rows are written. Put RunPython into a "
    "migration of its own.",
    "opaque-sql": "Squawk cannot read it.",
}
# What makes no difference here: names and types are Django's choice.
NOT_ASKED = (
    *("prefer-bigint-over-int", "prefer-bigint-over-smallint", "prefer-identity", "ban-char-field"),
    *(
        "prefer-robust-stmts",
        "prefer-text-field",
        "prefer-timestamp-tz",
        "require-timeout-settings",
    ),
    *("ban-alter-domain-with-add-constraint", "ban-create-domain-with-constraint"),
)
# PostgreSQL does not look through the rows for a new column that is empty.
EMPTY_REFERENCE = re.compile(r'ALTER TABLE "\w+" ADD COLUMN "\w+" \w+ NULL CONSTRAINT "\w+" REF')
COMMENT = re.compile(r"--[^\n]*")
MODULES = ("leads", "outreach", "approvals", "metrics", "lib")


@dataclass(frozen=True)
class Refusal:
    migration: str
    rule: str
    sql: str

    def __str__(self) -> str:
        instead = INSTEAD.get(self.rule, f"squawkhq.com/docs/{self.rule}")
        return f"{self.migration}: {self.rule}\n    {self.sql}\n    Instead: {instead}"


@dataclass(frozen=True)
class Written:
    """A migration and the statements that it makes."""

    name: str
    statements: tuple[str, ...]
    is_atomic: bool
    has_data: bool = False
    needs_database: bool = False
    allows: frozenset[str] = frozenset()


def main() -> int:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
    import django

    django.setup()
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None)
    names = sorted(node for node in loader.graph.nodes if node[0] in MODULES)
    if "--release" in sys.argv[1:]:
        RELEASED.write_text("".join(f"{app} {name}\n" for app, name in names), encoding="utf-8")
        return 0
    released = {tuple(line.split()) for line in RELEASED.read_text(encoding="utf-8").splitlines()}
    new = [node for node in ordered_nodes(loader) if node in set(names) - released]
    refusals = judge([*written_sql(loader, new)])
    for refusal in refusals:
        print(refusal)
    print(f"{len(new)} new, {len(refusals)} refusals")
    return int(bool(refusals))


def ordered_nodes(loader: Any) -> list[tuple[str, str]]:
    """All migrations, each after those it depends on."""
    seen: dict[tuple[str, str], None] = {}
    for leaf in loader.graph.leaf_nodes():
        seen.update(dict.fromkeys(loader.graph.forwards_plan(leaf)))
    return list(seen)


def written_sql(loader: Any, nodes: Iterable[tuple[str, str]]) -> Iterator[Written]:
    for node in nodes:
        migration = loader.graph.nodes[node]
        yield write_sql(migration, loader.project_state(node, at_end=False))


def write_sql(migration: Any, state: Any) -> Written:
    """Without a connection: what an editor would run is collected instead of run."""
    from django.db import OperationalError
    from django.db.migrations.operations import RunPython

    editor, needs_database = offline_editor(), False
    try:
        migration.apply(state, editor, collect_sql=True)
    except OperationalError:
        needs_database = True
    statements = [*editor.collected_sql, *(f"{one};" for one in editor.deferred_sql)]
    lines = [" ".join(COMMENT.sub("", one).split()) for one in statements]
    return Written(
        f"{migration.app_label}.{migration.name}",
        tuple(filter(None, lines)),
        migration.atomic,
        any(isinstance(operation, RunPython) for operation in migration.operations),
        needs_database,
        frozenset(getattr(migration, "lint_allows", {})),
    )


def offline_editor() -> Any:
    from django.db import ConnectionHandler, OperationalError
    from django.db.backends.postgresql.schema import DatabaseSchemaEditor
    from psycopg.sql import Literal

    class OfflineEditor(DatabaseSchemaEditor):
        """Django's own asks a connection how to write a value, and for names of constraints."""

        def execute(self, sql: Any, params: Any = ()) -> None:
            if params:
                sql = str(sql) % tuple(Literal(one).as_string(None) for one in params)
            super().execute(sql, None)

        def _constraint_names(self, model: Any, *_: Any, **__: Any) -> list[str]:
            return [f"{model._meta.db_table}_its_constraint"]

    def refuse() -> None:
        raise OperationalError("A database was asked.")

    nowhere = {"ENGINE": "django.db.backends.postgresql", "NAME": "none"}
    connection = ConnectionHandler({"default": nowhere})["default"]
    connection.ensure_connection = refuse
    editor = OfflineEditor(connection, collect_sql=True)
    editor.deferred_sql = []
    return editor


def judge(written: list[Written]) -> list[Refusal]:
    """Tables that these migrations make are new: nobody writes to them yet."""
    made = {table for one in written for table in made_tables(one)}
    found = [
        refusal
        for one in written
        for refusal in (*by_squawk(one, made), *by_django(one, made))
        if refusal.rule not in one.allows
    ]
    return list(dict.fromkeys(found))


def made_tables(written: Written) -> set[str]:
    return {
        match[1]
        for statement in written.statements
        if (match := re.match(r'CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?', statement))
    }


def of_table(statement: str) -> str:
    match = re.search(r'(?:\bON|ALTER TABLE(?: ONLY)?|UPDATE|DROP TABLE) "?(\w+)"?', statement)
    return match[1] if match else ""


def by_squawk(written: Written, made: set[str]) -> Iterator[Refusal]:
    asked = [one for one in written.statements if of_table(one) not in made]
    if not asked:
        return
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("squawk")),
            *("--reporter=json", f"--pg-version={OLDEST_POSTGRES}"),
            *("--assume-in-transaction",) * written.is_atomic,
            f"--exclude={','.join(NOT_ASKED)}",
        ],
        input="\n".join(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1) or not done.stdout.strip():
        raise RuntimeError(f"squawk failed on {written.name}: {done.stderr}")
    for report in json.loads(done.stdout):
        rule = "opaque-sql" if report["rule_name"] == "syntax-error" else report["rule_name"]
        statement = asked[report["line"]]
        if rule != "adding-foreign-key-constraint" or not EMPTY_REFERENCE.match(statement):
            yield Refusal(written.name, rule, statement)


def by_django(written: Written, made: set[str]) -> Iterator[Refusal]:
    if written.needs_database:
        yield Refusal(written.name, "needs-the-database", "(the statements are not known)")
    changes = [one for one in written.statements if of_table(one) not in made]
    if written.has_data and changes and written.is_atomic:
        yield Refusal(written.name, "data-beside-schema", changes[0])


if __name__ == "__main__":
    sys.exit(main())
