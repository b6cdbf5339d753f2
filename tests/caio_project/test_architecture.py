"""Rules of the architecture: the direction of foreign keys, and no missing migration."""

from django.apps import apps
from django.core.management import call_command
from django.db import models

ORDER = ["lib", "leads", "outreach", "approvals", "metrics"]
EVERYBODYS = {"auth", "contenttypes"}


def _wrong_keys(order: list[str]) -> list[str]:
    wrong = []
    for label in order:
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.get_fields():
                if not isinstance(field, models.ForeignKey):
                    continue
                target = field.related_model._meta.app_label
                if target not in EVERYBODYS and order.index(target) > order.index(label):
                    wrong.append(f"{label}.{model.__name__}.{field.name} -> {target}")
    return wrong


def test_foreign_keys_point_to_lower_apps_only() -> None:
    assert _wrong_keys(ORDER) == []


def test_the_test_of_foreign_keys_can_fail() -> None:
    assert _wrong_keys(list(reversed(ORDER))) != []


def test_no_migration_is_missing(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
