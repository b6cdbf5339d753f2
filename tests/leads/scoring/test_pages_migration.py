"""Migrating the page triggers into the rules versions, and back."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from leads.models import ScoringRules
from leads.scoring import rule_versions
from leads.scoring_rules import DEFAULT_RULES, Rules

migration = import_module("leads.migrations.0006_pages_into_rules")
later = import_module("leads.migrations.0010_contacts_by_key")
NEW = ("pages", "visit_hours", "version")


@pytest.fixture
def apps(committed: None) -> Iterator[Any]:
    """The models of before, and the table that was dropped."""
    found = MigrationExecutor(connection).loader.project_state(
        [("leads", "0005_bookmark"), ("lib", "0001_initial")]
    )
    table = found.apps.get_model("leads", "PageTrigger")
    with connection.schema_editor() as editor:
        editor.create_model(table)
    yield found.apps
    with connection.schema_editor() as editor:
        editor.delete_model(table)


def upgrade(apps: Any) -> None:
    """This migration, and what a later one adds to every version."""
    migration.into_versions(apps, None)
    later.worth_nothing_before(apps, None)


def trigger(apps: Any, **fields: Any) -> None:
    row = {
        "label": "Pricing",
        "pattern": "/pricing*",
        "category": "pricing",
        "points": 30,
        **fields,
    }
    apps.get_model("leads", "PageTrigger").objects.create(**row)


def version(apps: Any, state: str, number: int, **fields: Any) -> None:
    old = {name: value for name, value in DEFAULT_RULES.as_dict().items() if name not in NEW}
    old["warm_points"] = {
        kind: points for kind, points in old["warm_points"].items() if not kind.startswith("known_")
    }
    model = apps.get_model("leads", "ScoringRules")
    model.objects.create(version=number, name=state, rules={**old, **fields}, state=state)


def stored(number: int) -> Rules:
    return ScoringRules.objects.get(version=number).parsed()


def test_an_empty_table_keeps_the_built_in_rules(apps: Any) -> None:
    upgrade(apps)
    assert not ScoringRules.objects.exists()
    assert rule_versions.current_rules() is DEFAULT_RULES


def test_an_edited_table_is_published_without_a_version(apps: Any) -> None:
    trigger(apps, label="Second", priority=20, angle="high_intent", topic="pricing")
    trigger(apps, label="First", priority=10, active=False)
    upgrade(apps)
    now = rule_versions.current_rules()
    assert [(t.label, t.active, t.angle, t.topic) for t in now.pages] == [
        ("Second", True, "high_intent", "pricing"),
        ("First", False, "", ""),
    ]
    assert (
        now.version,
        now.visit_hours,
        [dict(now.warm_points)[kind] for kind in ("known_there", "known_before")],
    ) == ("1", 0, [0, 0])
    assert (now.titles, now.sizes, now.decay) == (
        DEFAULT_RULES.titles,
        DEFAULT_RULES.sizes,
        DEFAULT_RULES.decay,
    )
    assert ScoringRules.objects.create(name="Next", rules={}).version == 2


def test_every_version_gets_the_table(apps: Any) -> None:
    trigger(apps)
    for number, state in enumerate(("retired", "published", "draft"), 1):
        version(apps, state, number, fit_share=number / 10)
    upgrade(apps)
    assert [(stored(n).fit_share, len(stored(n).pages)) for n in (1, 2, 3)] == [
        (0.1, 1),
        (0.2, 1),
        (0.3, 1),
    ]
    assert ScoringRules.objects.count() == 3


@pytest.mark.parametrize(
    ("fields", "pattern", "active"),
    [
        ({"pattern": "/Pricing/"}, "/pricing", True),
        ({"pattern": "/p?ice[sd]*"}, "/p*ice**", True),
        ({"pattern": "pricing*"}, "/pricing*", False),  # it never fitted any path
        ({"pattern": "https://x.example/a"}, "/https:/x.example/a", False),
        ({"pattern": ""}, "/", False),
        ({"pattern": "/a b#c"}, "/a*b*c", True),
        ({"pattern": "a" * 200}, "/" + "a" * 199, False),
        ({"points": 30_000, "label": "", "angle": "—", "topic": "a\u0007"}, "/pricing*", True),
    ],
)
def test_any_table_becomes_readable_rules(
    apps: Any, fields: dict[str, Any], pattern: str, active: bool
) -> None:
    trigger(apps, **fields)
    upgrade(apps)
    [page] = rule_versions.current_rules().pages
    assert (page.pattern, page.active, page.points) == (
        pattern,
        active,
        min(100, fields.get("points", 30)),
    )


def test_migrating_back_restores_the_published_table(apps: Any) -> None:
    version(apps, "published", 1)
    trigger(apps, label="Pricing")
    upgrade(apps)
    before = apps.get_model("leads", "PageTrigger").objects
    before.all().delete()
    later.unknown_again(apps, None)
    migration.out_of_versions(apps, None)
    assert list(before.values_list("label", "pattern", "points", "priority")) == [
        ("Pricing", "/pricing*", 30, 10)
    ]
    assert not set(NEW) & set(ScoringRules.objects.get().rules)
