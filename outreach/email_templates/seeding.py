"""The starting set of templates: put in once, from then on edited by people."""

import tomllib
from pathlib import Path
from typing import Any

from django.db import transaction

from leads.field_values.languages import ENGLISH
from leads.models import Switch
from leads.scoring import assess
from outreach.drafting import follow_ups
from outreach.drafting.language_model import rewrite_requests
from outreach.models import Control, EmailTemplate

SEEDS_FOLDER = Path(__file__).parent / "seeds"


def seed_after_migration(**_: Any) -> None:
    """After a migration: fill what is empty, and bring templates nobody has edited up to date."""
    Control.objects.get_or_create(pk=1)
    Switch.objects.get_or_create(name=assess.SWITCH_NAME, defaults={"on": True})
    for name in (follow_ups.SWITCH_NAME, rewrite_requests.SWITCH_NAME):
        Switch.objects.get_or_create(name=name, defaults={"on": False})
    seed_templates(starting_templates())


def starting_templates() -> list[dict[str, Any]]:
    rows = tomllib.loads((SEEDS_FOLDER / "templates.toml").read_text())["template"]
    empty: dict[str, Any] = {"signal": "", "other_subjects": []}
    return [{**empty, **row, "body": row["body"].strip()} for row in rows]


def seed_templates(rows: list[dict[str, Any]]) -> int:
    """Store each row that is new or follows an older seed; returns how many were stored.

    What people published or took out of use stays as it is.
    """
    with transaction.atomic():
        stored = list(EmailTemplate.objects.select_for_update().order_by("version"))
        return sum(_seed_one(row, stored) for row in rows)


def _seed_one(row: dict[str, Any], stored: list[EmailTemplate]) -> bool:
    versions = [one for one in stored if one.key == row["key"]]
    active = next((one for one in versions if one.active), None)
    if versions and (active is None or not active.seeded or _is_same_text(active, row)):
        return False
    place = (row["tier"], row["angle"], row["signal"], row.get("language", ENGLISH))
    if any(
        one.active and (one.tier, one.angle, one.signal, one.language) == place
        for one in stored
        if one.key != row["key"]
    ):
        return False
    if active is not None:
        EmailTemplate.objects.filter(pk=active.pk).update(active=False)
    EmailTemplate.objects.create(
        **row, version=versions[-1].version + 1 if versions else 1, seeded=True
    )
    return True


def _is_same_text(template: EmailTemplate, row: dict[str, Any]) -> bool:
    return all(getattr(template, name) == text for name, text in row.items())
