"""Who would move under other rules of the score. Reads only."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q
from django.utils import timezone

from leads import intent, rules, scoring, warmth
from leads.models import Lead
from leads.rulebook import Rules

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standing:
    """How one lead stands under one version of the rules."""

    intent: int
    tier: str
    hot: bool


@dataclass(frozen=True)
class Move:
    lead: str  # the public id
    name: str
    before: Standing
    after: Standing

    @property
    def by(self) -> int:
        return self.after.intent - self.before.intent


@dataclass(frozen=True)
class Report:
    """What other rules would change; `moves` are those that change anything, the largest first."""

    scored: int
    failed: int  # their rows have a form that cannot be scored; the log names them
    up: int
    down: int
    changed_tier: int
    became_hot: int
    no_longer_hot: int
    moves: tuple[Move, ...]


def preview(version: Rules, limit: int = 200) -> Report:
    """The leads seen last, as they stand now under the rules in force and as they would under `version`."""
    leads = Lead.objects.filter(visits__isnull=False).distinct()
    now = timezone.now()
    newest = leads.select_related("company").order_by("-last_seen_at", "-pk")[:limit]
    return _report(_compare(((lead, now) for lead in newest), version))


def replay(version: Rules, days: int = 30) -> Report:
    """Every lead with a visit in the last `days`, scored at its newest visit, by what it had looked at until then."""
    now = timezone.now()
    within = Q(visits__seen_at__gte=now - timedelta(days=days), visits__seen_at__lte=now)
    leads = Lead.objects.annotate(newest=Max("visits__seen_at", filter=within)).filter(newest__isnull=False)
    rows = leads.select_related("company").order_by("pk")
    return _report(_compare(((lead, lead.newest) for lead in rows.iterator(500)), version))


def _compare(leads: Iterable[tuple[Lead, datetime]], version: Rules) -> Iterator[Move | None]:
    before = rules.current()
    for lead, at in leads:
        try:
            person = intent.person(lead, warmth.best_connection(lead), until=at)
            old, new = (_standing(scoring.score(person, at, r), person) for r in (before, version))
        except (TypeError, ValueError, KeyError, AttributeError):
            log.exception("lead %s could not be scored", lead.pk)
            yield None
            continue
        yield Move(str(lead.public_id), str(lead), old, new)


def _standing(score: scoring.Score, person: scoring.Person) -> Standing:
    return Standing(score.intent, score.tier, scoring.is_hot(score.intent, score.tier, person.employees_from))


def _report(compared: Iterator[Move | None]) -> Report:
    scored = failed = 0
    moves = []
    for move in compared:
        if move is None:
            failed += 1
            continue
        scored += 1
        if move.before != move.after:
            moves.append(move)
    moves.sort(key=lambda m: (-abs(m.by), m.before.hot == m.after.hot, m.name))
    return Report(
        scored=scored,
        failed=failed,
        up=sum(m.by > 0 for m in moves),
        down=sum(m.by < 0 for m in moves),
        changed_tier=sum(m.before.tier != m.after.tier for m in moves),
        became_hot=sum(m.after.hot and not m.before.hot for m in moves),
        no_longer_hot=sum(m.before.hot and not m.after.hot for m in moves),
        moves=tuple(moves),
    )
