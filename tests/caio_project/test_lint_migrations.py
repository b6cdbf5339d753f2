"""New migrations: each kind that blocks writes or breaks the release before is refused by name,
with what to do instead; the same done well passes.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

from caio_project.lib.db.append_only import HoldAppendOnly
from caio_project.lib.db.online_migrations import (
    AddConstraintOnline,
    AddIndexOnline,
    RemoveIndexOnline,
)

pytestmark = pytest.mark.sqlite_is_enough
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def lint() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "lint_migrations", ROOT / ".ci/lint_migrations.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["lint_migrations"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    return MigrationLoader(None)


@pytest.fixture
def refusals(lint: Any, loader: MigrationLoader) -> Any:
    """The refusals of a migration of outreach that has these operations."""

    def judge(*operations: Any, **attributes: Any) -> list[Any]:
        kind = type(
            "Migration", (migrations.Migration,), {"operations": list(operations), **attributes}
        )
        migration = kind("0999_tried", "outreach")
        return lint.judge([lint.write_sql(migration, loader.project_state())])

    return judge


def add_field(field: Any, name: str = "tried") -> migrations.AddField:
    return migrations.AddField("message", name, field)


def run_nothing(_apps: Any, _editor: Any) -> None:
    pass


class Asks(migrations.RunSQL):
    def __init__(self) -> None:
        super().__init__(migrations.RunSQL.noop)

    def database_forwards(self, app_label: str, schema_editor: Any, *_: Any) -> None:
        schema_editor.connection.cursor()


def index(name: str = "tried_idx") -> models.Index:
    return models.Index(fields=["domain"], name=name)


CHECK = models.CheckConstraint(condition=models.Q(version__gte=0), name="tried_check")
UNIQUE = models.UniqueConstraint(fields=["domain"], name="tried_unique")
UNIQUE_SOME = models.UniqueConstraint(
    fields=["domain"], condition=models.Q(status="held"), name="tried_unique_some"
)
BAD: dict[str, tuple[list[Any], str, str]] = {
    "a column with a default of Python": (
        [add_field(models.IntegerField(default=0))],
        "ban-drop-default",
        "db_default",
    ),
    "a column that must be given": (
        [migrations.RunSQL('ALTER TABLE "outreach_message" ADD COLUMN "x" integer NOT NULL;')],
        "adding-required-field",
        "null=True",
    ),
    "a column with an index": (
        [add_field(models.IntegerField(null=True, db_index=True))],
        "require-concurrent-index-creation",
        "AddIndexOnline",
    ),
    "a reference with its index": (
        [add_field(models.ForeignKey("leads.lead", models.CASCADE, null=True, related_name="+"))],
        "require-concurrent-index-creation",
        "db_index=False",
    ),
    "an index": (
        [migrations.AddIndex("message", index())],
        "require-concurrent-index-creation",
        "AddIndexOnline",
    ),
    "a check of all rows": (
        [migrations.AddConstraint("message", CHECK)],
        "constraint-missing-not-valid",
        "AddConstraintOnline",
    ),
    "something unique": (
        [migrations.AddConstraint("message", UNIQUE)],
        "disallowed-unique-constraint",
        "AddConstraintOnline",
    ),
    "something unique in some rows": (
        [migrations.AddConstraint("message", UNIQUE_SOME)],
        "require-concurrent-index-creation",
        "AddIndexOnline",
    ),
    "another name of a column": (
        [migrations.RenameField("message", "domain", "headline")],
        "renaming-column",
        "db_column",
    ),
    "another name of a table": (
        [migrations.RenameModel("reply", "answer")],
        "renaming-table",
        "db_table",
    ),
    "a column dropped": (
        [migrations.RemoveField("message", "domain")],
        "ban-drop-column",
        "later release",
    ),
    "a table dropped": ([migrations.DeleteModel("reply")], "ban-drop-table", "later release"),
    "something behind a comment": (
        [migrations.RunSQL("-- Not needed.\nALTER TABLE outreach_message\n  DROP COLUMN domain;")],
        "ban-drop-column",
        "later release",
    ),
    "another type": (
        [migrations.AlterField("message", "version", models.TextField())],
        "changing-column-type",
        "second column",
    ),
    "data beside schema": (
        [add_field(models.IntegerField(null=True)), migrations.RunPython(run_nothing)],
        "data-beside-schema",
        "migration of its own",
    ),
    "something that asks the database": ([Asks()], "needs-the-database", "judge it"),
    "SQL that cannot be read": (
        [migrations.RunSQL("ALTER outreach_message SOMEHOW;")],
        "opaque-sql",
        "cannot read",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_blocks_writes_or_the_release_before_is_refused(refusals: Any, what: str) -> None:
    operations, rule, instead = BAD[what]
    found = {one.rule: str(one) for one in refusals(*operations)}
    assert rule in found, found
    assert found[rule].startswith(f"outreach.0999_tried: {rule}\n")
    assert instead in found[rule].partition("Instead: ")[2]


GOOD: dict[str, list[Any]] = {
    "an empty column": [add_field(models.IntegerField(null=True))],
    "a column with a default of the database": [add_field(models.IntegerField(db_default=0))],
    "a text with a default of the database": [
        add_field(models.CharField(db_default="", max_length=9))
    ],
    "an empty reference": [
        add_field(
            models.ForeignKey(
                "leads.lead", models.CASCADE, null=True, related_name="+", db_index=False
            )
        )
    ],
    "words of choices": [
        migrations.AlterField(
            "message",
            "domain",
            models.CharField(max_length=253, blank=True, help_text="Other words."),
        )
    ],
    "data alone": [migrations.RunPython(run_nothing)],
    "a table with all that belongs to it": [
        migrations.CreateModel(
            "Tried",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("lead", models.ForeignKey("leads.lead", models.CASCADE, related_name="+")),
                ("name", models.CharField(max_length=9, unique=True)),
            ],
            options={"indexes": [models.Index(fields=["name"], name="tried_name")]},
        ),
        migrations.AddField("tried", "size", models.IntegerField(default=0)),
        HoldAppendOnly("outreach_tried"),
    ],
}
ONLINE: dict[str, Any] = {
    "an index": AddIndexOnline("message", index()),
    "an index dropped": RemoveIndexOnline("message", "tried_idx"),
    "a check": AddConstraintOnline("message", CHECK),
    "something unique": AddConstraintOnline("message", UNIQUE),
    "something unique in some rows": AddConstraintOnline("message", UNIQUE_SOME),
}


@pytest.mark.parametrize("what", GOOD)
def test_what_only_adds_passes(refusals: Any, what: str) -> None:
    assert refusals(*GOOD[what]) == []


@pytest.mark.parametrize("what", ONLINE)
def test_what_is_done_while_rows_are_written_passes(
    refusals: Any, loader: MigrationLoader, what: str
) -> None:
    before = [AddIndexOnline("message", index())] if what == "an index dropped" else []
    assert refusals(*before, ONLINE[what], atomic=False) == []


def test_a_check_of_all_rows_is_refused_inside_a_transaction(refusals: Any) -> None:
    assert refusals(ONLINE["a check"]) != []


def test_a_rule_is_lifted_by_its_name_alone(refusals: Any) -> None:
    operations = [migrations.RemoveField("message", "domain")]
    because = {"ban-drop-column": "No release reads it since 1.4."}
    assert refusals(*operations, lint_allows=because) == []
    assert refusals(*operations, lint_allows={"ban-drop-table": "Another rule."}) != []


def test_all_that_are_there_are_released_or_pass() -> None:
    done = subprocess.run(
        [sys.executable, ".ci/lint_migrations.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 refusals" in done.stdout
