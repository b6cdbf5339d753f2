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

ProgressCallback = Callable[[int, int], None]  # done, in all


@dataclass(frozen=True)
class LeadScore:
    """How one lead stands under one version of the rules."""

    intent: int
    tier: str
    hot: bool


@dataclass(frozen=True)
class ScoreChange:
    lead: str  # the public id
    name: str
    before: LeadScore
    after: LeadScore

    @property
    def by(self) -> int:
        return self.after.intent - self.before.intent


@dataclass(frozen=True)
class BacktestReport:
    """What other rules would change; `moves` are those that change anything, the largest first."""

    scored: int
    failed: int  # their rows have a form that cannot be scored; the log names them
    up: int
    down: int
    changed_tier: int
    became_hot: int
    no_longer_hot: int
    moves: tuple[ScoreChange, ...]

    @property
    def hot(self) -> list[ScoreChange]:
        """Who would become HOT, and then who would no longer be."""
        changed = [move for move in self.moves if move.before.hot != move.after.hot]
        return sorted(changed, key=lambda move: not move.after.hot)


@dataclass(frozen=True)
class PageComparison:
    """A page that people looked at lately, and what it counts for."""

    path: str
    visits: int
    before: str
    after: str


def preview_rules(version: Rules, limit: int = 200) -> BacktestReport:
    """The leads seen last, as they stand now under the rules in force and as they would under `version`."""
    leads = Lead.objects.filter(visits__isnull=False).distinct()
    now = timezone.now()
    newest = leads.select_related("company").order_by("-last_seen_at", "-pk")[:limit]
    return _build_report(_compare_leads(newest, version, lambda person: [now], now))


def compare_pages(version: Rules, visits: int = 2000, shown: int = 20) -> list[PageComparison]:
    """The paths of the newest visits: first those that would count for something else, then the most visited."""
    before = rule_versions.current_rules()
    paths = Visit.objects.exclude(path="").order_by("-pk").values_list("path", flat=True)[:visits]
    found = [
        PageComparison(path, n, _counts_for(path, before), _counts_for(path, version))
        for path, n in Counter(paths).items()
    ]
    return sorted(found, key=lambda page: (page.before == page.after, -page.visits, page.path))[
        :shown
    ]


def _counts_for(path: str, version: Rules) -> str:
    trigger = version.page(path)
    return f"{trigger.label}, {trigger.points}" if trigger else "nothing"


def replay_visits(
    version: Rules, days: int = 30, progress: ProgressCallback | None = None
) -> BacktestReport:
    """Every lead with a visit in the last `days`, at the best that each of those visits would have brought.

    Scored as the monitor does at each visit: by what they had looked at until then.
    """
    now = timezone.now()
    since = now - timedelta(days=days)
    lately = Q(visits__seen_at__gte=since, visits__seen_at__lte=now)
    leads = Lead.objects.filter(lately).distinct().select_related("company").order_by("pk")
    rows = (
        _with_progress(leads.iterator(500), leads.count(), progress)
        if progress
        else leads.iterator(500)
    )
    return _build_report(
        _compare_leads(rows, version, lambda person: _visit_times(person, since) or [now], now)
    )


def _with_progress(leads: Iterable[Lead], total: int, progress: ProgressCallback) -> Iterator[Lead]:
    for done, lead in enumerate(leads):
        progress(done, total)
        yield lead


def _visit_times(person: calculation.ScoringFacts, since: datetime) -> list[datetime]:
    """When a person was there since then; company-only visits bring nobody here."""
    return sorted({seen.at for seen in person.visits if seen.by_person and seen.at >= since})


def _compare_leads(
    leads: Iterable[Lead],
    version: Rules,
    moments: Callable[[calculation.ScoringFacts], list[datetime]],
    until: datetime,
) -> Iterator[ScoreChange | None]:
    before = rule_versions.current_rules()
    for lead in leads:
        try:
            person, known = assess.scoring_facts(lead, until), connections.find_connections(lead)
            at = moments(person)
            old, new = (
                _best_score(
                    assess.with_connection(person, connections.strongest_connection(known, v)),
                    at,
                    v,
                )
                for v in (before, version)
            )
        except (TypeError, ValueError, KeyError, AttributeError):
            log.exception("lead %s could not be scored", lead.pk)
            yield None
            continue
        yield ScoreChange(str(lead.public_id), str(lead), old, new)


def _best_score(
    person: calculation.ScoringFacts, moments: list[datetime], version: Rules
) -> LeadScore:
    """HOT where they were at any of the moments, at the highest intent of them."""
    standings = [_score_at(_as_of(person, at), at, version) for at in moments]
    best = max(standings, key=attrgetter("intent"))
    return replace(best, hot=any(standing.hot for standing in standings))


def _as_of(person: calculation.ScoringFacts, at: datetime) -> calculation.ScoringFacts:
    return replace(person, visits=tuple(seen for seen in person.visits if seen.at <= at))


def _score_at(person: calculation.ScoringFacts, at: datetime, version: Rules) -> LeadScore:
    score = calculation.score_lead(person, at, version)
    return LeadScore(
        score.intent,
        score.tier,
        calculation.is_hot(score.intent, score.tier, person.employees_from),
    )


def _build_report(compared: Iterator[ScoreChange | None]) -> BacktestReport:
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
    return BacktestReport(
        scored=scored,
        failed=failed,
        up=sum(m.by > 0 for m in moves),
        down=sum(m.by < 0 for m in moves),
        changed_tier=sum(m.before.tier != m.after.tier for m in moves),
        became_hot=sum(m.after.hot and not m.before.hot for m in moves),
        no_longer_hot=sum(m.before.hot and not m.after.hot for m in moves),
        moves=tuple(moves),
    )
