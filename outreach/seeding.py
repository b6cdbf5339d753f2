"""The starting set of templates and page triggers: put in once, from then on edited by people."""

import tomllib
from pathlib import Path
from typing import Any

from leads.models import PageTrigger
from outreach.models import Control, EmailTemplate

SEEDS = Path(__file__).parent / "seeds"


def seed(**_: Any) -> None:
    """After a migration: fill what is empty. Never touches what people have edited."""
    Control.objects.get_or_create(pk=1)
    if not EmailTemplate.objects.exists():
        rows = tomllib.loads((SEEDS / "templates.toml").read_text())["template"]
        EmailTemplate.objects.bulk_create(
            EmailTemplate(**{**row, "subject": row["subject"].strip(), "body": row["body"].strip()}) for row in rows
        )
    if not PageTrigger.objects.exists():
        rows = tomllib.loads((SEEDS / "triggers.toml").read_text())["trigger"]
        PageTrigger.objects.bulk_create(PageTrigger(**row, priority=10 * n) for n, row in enumerate(rows, 1))
