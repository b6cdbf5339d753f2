"""How long a person's decisions can be undone: their own setting, never shorter than the team's."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max

from caio_project.lib.models import PersonalSettings


def undo_wait_of(user: Any) -> timedelta:
    """Without a user, or without a setting of theirs, it is the team's."""
    rows = PersonalSettings.objects.filter(user=user) if user is not None else None
    own = rows.values_list("undo_seconds", flat=True).first() if rows is not None else None
    return _at_least_the_teams(own)


def longest_undo_wait() -> timedelta:
    """Of everybody: after this no decision can be undone any more."""
    return _at_least_the_teams(PersonalSettings.objects.aggregate(m=Max("undo_seconds"))["m"])


def undo_wait_words(user: Any) -> str:
    """ "30 seconds", "2 minutes"."""
    seconds = int(undo_wait_of(user).total_seconds())
    return (
        f"{seconds // 60} minutes" if seconds >= 120 and not seconds % 60 else f"{seconds} seconds"
    )


def _at_least_the_teams(own: int | None) -> timedelta:
    return timedelta(seconds=max(settings.UNDO_SECONDS, own or 0))
