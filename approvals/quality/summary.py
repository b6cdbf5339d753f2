"""What the scores of live emails average, how far they spread, and where reviewers disagree."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from statistics import stdev
from typing import Any

from django.db.models import OuterRef, Subquery

from approvals.models import QualityScore
from approvals.quality.dimensions import DIMENSIONS, NAMES
from outreach.control import phase
from outreach.models import MessageText

MOST_DISAGREEMENTS = 10
NO_TEMPLATE = "No template"


@dataclass(frozen=True)
class Average:
    """The mean of emails from 1 to 5, where each email counts once, whoever scored it how often."""

    name: str
    emails: int
    mean: float | None  # None without an email
    spread: float | None  # standard deviation between emails; None with fewer than two


@dataclass(frozen=True)
class Disagreement:
    """An email that several people scored, and how far apart the highest and the lowest are."""

    message: Any
    people: tuple[tuple[str, float], ...]  # who, and their mean of 1 to 5
    gap: float


@dataclass(frozen=True)
class QualitySummary:
    overall: Average
    dimensions: list[Average]
    templates: list[Average]
    drafters: list[Average]
    reviewers: list[Average]
    scored_by_several: int  # emails
    mean_difference: float | None  # between two people about one email; None without a pair
    disagreements: list[Disagreement]  # the largest gap first


def summarize_scores() -> QualitySummary:
    """Three statements, whatever the number of scores."""
    scores = _load_scores()
    pairs = _scores_of_shared_emails(scores)
    return QualitySummary(
        average_of("All emails", scores),
        [average_of(one.label, scores, one.name) for one in DIMENSIONS],
        _averages_by(scores, _template_name),
        _averages_by(scores, lambda score: score.drafter),
        _averages_by(scores, lambda score: phase.actor_name(score.by)),
        len(pairs),
        _mean_difference(pairs),
        _largest_gaps(pairs),
    )


def email_means() -> list[Fraction]:
    """The mean of each scored live email, exact, for the gate."""
    rows = QualityScore.objects.counted().values_list("message", *NAMES)
    by_email: dict[int, list[int]] = defaultdict(list)
    for message, *marks in rows:
        by_email[message] += marks
    return [Fraction(sum(marks), len(marks)) for marks in by_email.values()]


def spread_of(means: list[Fraction]) -> float | None:
    return float(stdev(means)) if len(means) > 1 else None


def average_of(name: str, scores: Iterable[QualityScore], dimension: str = "") -> Average:
    by_email: dict[int, list[Fraction]] = defaultdict(list)
    for score in scores:
        mark = Fraction(getattr(score, dimension)) if dimension else Fraction(score.total, 5)
        by_email[score.message_id].append(mark)
    means = [sum(marks, Fraction(0)) / len(marks) for marks in by_email.values()]
    mean = float(sum(means, Fraction(0)) / len(means)) if means else None
    return Average(name, len(means), mean, spread_of(means))


def _load_scores() -> list[Any]:
    """Each counted score with `drafter`: who wrote the text that was read."""
    read = MessageText.objects.filter(message=OuterRef("message"), version=OuterRef("version"))
    rows = QualityScore.objects.counted().annotate(
        author=Subquery(read.values("author")[:1]),
        language_model=Subquery(read.values("language_model")[:1]),
    )
    scores: list[Any] = list(rows.select_related("by", "message__template", "message__lead"))
    for score in scores:
        score.drafter = _drafter_name(score)
    return scores


def _drafter_name(score: Any) -> str:
    if score.author:
        return "Edited by a person"
    if score.language_model:
        return f"Language model {score.language_model}"
    return "Template"


def _template_name(score: Any) -> str:
    template = score.message.template
    return f"{template.name} (version {template.version})" if template else NO_TEMPLATE


def _averages_by(scores: list[Any], name_of: Callable[[Any], str]) -> list[Average]:
    """The lowest first: it is what needs work."""
    groups: dict[str, list[QualityScore]] = defaultdict(list)
    for score in scores:
        groups[name_of(score)].append(score)
    found = [average_of(name, group) for name, group in groups.items()]
    return sorted(found, key=lambda one: (one.mean or 0, one.name))


def _scores_of_shared_emails(scores: list[Any]) -> list[list[Any]]:
    by_email: dict[int, list[Any]] = defaultdict(list)
    for score in scores:
        by_email[score.message_id].append(score)
    return [group for group in by_email.values() if len(group) > 1]


def _mean_difference(shared: list[list[Any]]) -> float | None:
    gaps = [abs(one.mean - other.mean) for group in shared for one, other in combinations(group, 2)]
    return sum(gaps) / len(gaps) if gaps else None


def _largest_gaps(shared: list[list[Any]]) -> list[Disagreement]:
    found = []
    for group in shared:
        people = sorted(((phase.actor_name(one.by), one.mean) for one in group), key=lambda p: p[1])
        gap = people[-1][1] - people[0][1]
        found.append(Disagreement(group[0].message, tuple(people), gap))
    differ = [one for one in found if one.gap > 0]
    return sorted(differ, key=lambda one: -one.gap)[:MOST_DISAGREEMENTS]
