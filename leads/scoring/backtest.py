"""Who would move under other rules of the score. Reads only."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter

from django.db.models import Q
from django.utils import timezone

from leads.models import Lead, Visit
from leads.scoring import assess, calculation, connections, rule_versions
from leads.scoring_rules import Rules

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]  # done, in all


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

    @property
    def hot(self) -> list[Move]:
        """Who would become HOT, and then who would no longer be."""
        changed = [move for move in self.moves if move.before.hot != move.after.hot]
        return sorted(changed, key=lambda move: not move.after.hot)


@dataclass(frozen=True)
class Page:
    """A page that people looked at lately, and what it counts for."""

    path: str
    visits: int
    before: str
    after: str


def preview(version: Rules, limit: int = 200) -> Report:
    """The leads seen last, as they stand now under the rules in force and as they would under `version`."""
    leads = Lead.objects.filter(visits__isnull=False).distinct()
    now = timezone.now()
    newest = leads.select_related("company").order_by("-last_seen_at", "-pk")[:limit]
    return _report(_compare(newest, version, lambda person: [now], now))


def pages(version: Rules, visits: int = 2000, shown: int = 20) -> list[Page]:
    """The paths of the newest visits: first those that would count for something else, then the most visited."""
    before = rule_versions.current()
    paths = Visit.objects.exclude(path="").order_by("-pk").values_list("path", flat=True)[:visits]
    found = [
        Page(path, n, _counts_for(path, before), _counts_for(path, version))
        for path, n in Counter(paths).items()
    ]
    return sorted(found, key=lambda page: (page.before == page.after, -page.visits, page.path))[
        :shown
    ]


def _counts_for(path: str, version: Rules) -> str:
    trigger = version.page(path)
    return f"{trigger.label}, {trigger.points}" if trigger else "nothing"


def replay(version: Rules, days: int = 30, progress: Progress | None = None) -> Report:
    """Every lead with a visit in the last `days`, at the best that each of those visits would have brought.

    Scored as the monitor does at each visit: by what they had looked at until then.
    """
    now = timezone.now()
    since = now - timedelta(days=days)
    lately = Q(visits__seen_at__gte=since, visits__seen_at__lte=now)
    leads = Lead.objects.filter(lately).distinct().select_related("company").order_by("pk")
    rows = _told(leads.iterator(500), leads.count(), progress) if progress else leads.iterator(500)
    return _report(_compare(rows, version, lambda person: _moments(person, since) or [now], now))


def _told(leads: Iterable[Lead], total: int, progress: Progress) -> Iterator[Lead]:
    for done, lead in enumerate(leads):
        progress(done, total)
        yield lead


def _moments(person: calculation.Person, since: datetime) -> list[datetime]:
    """When a person was there since then; company-only visits bring nobody here."""
    return sorted({seen.at for seen in person.visits if seen.by_person and seen.at >= since})


def _compare(
    leads: Iterable[Lead],
    version: Rules,
    moments: Callable[[calculation.Person], list[datetime]],
    until: datetime,
) -> Iterator[Move | None]:
    before = rule_versions.current()
    for lead in leads:
        try:
            person, known = assess.person(lead, until), connections.connections(lead)
            at = moments(person)
            old, new = (
                _best(assess.warmed(person, connections.best(known, v)), at, v)
                for v in (before, version)
            )
        except (TypeError, ValueError, KeyError, AttributeError):
            log.exception("lead %s could not be scored", lead.pk)
            yield None
            continue
        yield Move(str(lead.public_id), str(lead), old, new)


def _best(person: calculation.Person, moments: list[datetime], version: Rules) -> Standing:
    """HOT where they were at any of the moments, at the highest intent of them."""
    standings = [_standing(_as_of(person, at), at, version) for at in moments]
    best = max(standings, key=attrgetter("intent"))
    return replace(best, hot=any(standing.hot for standing in standings))


def _as_of(person: calculation.Person, at: datetime) -> calculation.Person:
    return replace(person, visits=tuple(seen for seen in person.visits if seen.at <= at))


def _standing(person: calculation.Person, at: datetime, version: Rules) -> Standing:
    score = calculation.score(person, at, version)
    return Standing(
        score.intent,
        score.tier,
        calculation.is_hot(score.intent, score.tier, person.employees_from),
    )


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
