"""Compare scores under the current rules with scores under other rules. Reads only."""

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
    """The score of one lead under one version of the rules."""

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
    """What other rules would change. `moves` holds only leads that change, largest change first."""

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
        changed = [move for move in self.moves if move.before.hot != move.after.hot]
        return sorted(changed, key=lambda move: not move.after.hot)


@dataclass(frozen=True)
class PageComparison:
    """A recently visited page and what it counts for under both versions."""

    path: str
    visits: int
    before: str
    after: str


def preview_rules(version: Rules, limit: int = 200) -> BacktestReport:
    """Compare the scores now of the leads seen last under the current rules and under `version`."""
    leads = Lead.objects.filter(visits__isnull=False).distinct()
    now = timezone.now()
    newest = leads.select_related("company").order_by("-last_seen_at", "-pk")[:limit]
    return _build_report(_compare_leads(newest, version, lambda facts: [now], now))


def compare_pages(version: Rules, visits: int = 2000, shown: int = 20) -> list[PageComparison]:
    """Compare the pages of the newest visits: first those that change, then the most visited."""
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
    trigger = version.page_trigger(path)
    return f"{trigger.label}, {trigger.points}" if trigger else "nothing"


def replay_visits(
    version: Rules, days: int = 30, progress: ProgressCallback | None = None
) -> BacktestReport:
    """Score every lead at each of its visits in the last `days` and compare the best scores.

    At each moment only the visits until then count, as when the lead was assessed live.
    """
    now = timezone.now()
    since = now - timedelta(days=days)
    lately = Q(visits__seen_at__gte=since, visits__seen_at__lte=now)
    leads = Lead.objects.filter(lately).distinct().select_related("company").order_by("pk")
    rows: Iterable[Lead] = leads.iterator(500)
    if progress:
        rows = _with_progress(rows, leads.count(), progress)
    return _build_report(
        _compare_leads(rows, version, lambda facts: _visit_times(facts, since) or [now], now)
    )


def _with_progress(leads: Iterable[Lead], total: int, progress: ProgressCallback) -> Iterator[Lead]:
    for done, lead in enumerate(leads):
        progress(done, total)
        yield lead


def _visit_times(facts: calculation.ScoringFacts, since: datetime) -> list[datetime]:
    """The times of the lead's own visits; visits of the company alone do not count."""
    return sorted({seen.at for seen in facts.visits if seen.by_person and seen.at >= since})


def _compare_leads(
    leads: Iterable[Lead],
    version: Rules,
    moments: Callable[[calculation.ScoringFacts], list[datetime]],
    until: datetime,
) -> Iterator[ScoreChange | None]:
    current = rule_versions.current_rules()
    for lead in leads:
        try:
            facts, known = assess.scoring_facts(lead, until), connections.find_connections(lead)
            times = moments(facts)
            warm = [connections.strongest_connection(known, rules) for rules in (current, version)]
            before = _best_score(assess.with_connection(facts, warm[0]), times, current)
            after = _best_score(assess.with_connection(facts, warm[1]), times, version)
        except (TypeError, ValueError, KeyError, AttributeError):
            log.exception("lead %s could not be scored", lead.pk)
            yield None
            continue
        yield ScoreChange(str(lead.public_id), str(lead), before, after)


def _best_score(
    facts: calculation.ScoringFacts, moments: list[datetime], version: Rules
) -> LeadScore:
    scores = [_score_at(_as_of(facts, at), at, version) for at in moments]
    best = max(scores, key=attrgetter("intent"))
    return replace(best, hot=any(score.hot for score in scores))


def _as_of(facts: calculation.ScoringFacts, at: datetime) -> calculation.ScoringFacts:
    return replace(facts, visits=tuple(seen for seen in facts.visits if seen.at <= at))


def _score_at(facts: calculation.ScoringFacts, at: datetime, version: Rules) -> LeadScore:
    score = calculation.score_lead(facts, at, version)
    return LeadScore(
        score.intent, score.tier, calculation.is_hot(score.intent, score.tier, facts.employees_from)
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
