"""Intent and fit, each from 0 to 100, as reasons whose points add up to it. Pure."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from leads.field_values import titles
from leads.scoring_rules import DEFAULT_RULES, PageTrigger, Rules, Tier, has_word

HOT_MIN_INTENT = 70
HOT_MIN_EMPLOYEES = 50


ABOUT_THEM = (
    (" knows you.", " knows them."),
    (" where you have worked", " where they have worked"),
    (" when you were there", " when they were there"),
)


@dataclass(frozen=True)
class PageView:
    """One page view; `by_person` is False for a visit known by company only."""

    path: str
    at: datetime
    by_person: bool = True
    source: str = ""  # where the visitor came from, as a name: "Google"


@dataclass(frozen=True)
class Reason:
    code: str
    points: int
    text: str
    # of a page only
    label: str = ""
    visits: int = 0
    last_at: str = ""  # ISO 8601
    source: str = ""
    by_colleague: bool = False

    def as_row(self) -> dict[str, Any]:
        """What an assessment stores: code, points, text, and of the rest what is known."""
        always = ("code", "points", "text")
        return {name: one for name, one in asdict(self).items() if one or name in always}


@dataclass(frozen=True)
class ScoringFacts:
    title: str
    industry: str
    employees_from: int | None
    visits: tuple[PageView, ...] = ()
    warm_kind: str = ""
    warm_sentence: str = ""
    open_roles: int | None = None


@dataclass(frozen=True)
class Score:
    intent: int
    reasons: tuple[Reason, ...]
    icp: int
    icp_reasons: tuple[Reason, ...]
    tier: str
    angle: str
    topic: str = ""


def score_lead(facts: ScoringFacts, now: datetime, rules: Rules = DEFAULT_RULES) -> Score:
    """Score one lead at `now`. Reasons come strongest first; the order of visits does not matter.

    A reason "most" with negative points is the cap at 100.
    """
    fit = fit_reasons(facts, rules)
    icp = sum(reason.points for reason in fit)
    pages, best = _page_reasons(facts.visits, now, rules)
    reasons = [*pages, *_repeat_reasons(facts.visits, now, rules), *_warm_reasons(facts, rules)]
    if share := round(icp * rules.fit_share):
        reasons.append(Reason("fit", share, f"Fit {icp} of 100"))
    total = sum(reason.points for reason in reasons)
    if total > 100:
        reasons.append(Reason("most", 100 - total, "The score ends at 100"))
    return Score(
        intent=min(100, total),
        reasons=tuple(reasons),
        icp=icp,
        icp_reasons=tuple(fit),
        tier=tier_of(icp, rules),
        angle=_email_angle(facts, best),
        topic=best.topic if best else "",
    )


def tier_of(icp: int, rules: Rules = DEFAULT_RULES) -> Tier:
    first, second = rules.tiers
    return Tier.FIRST if icp >= first else Tier.SECOND if icp >= second else Tier.THIRD


def is_hot(intent: int, tier: str, employees_from: int | None) -> bool:
    """Whether the team is notified at once; an unknown size never counts as large."""
    return intent >= HOT_MIN_INTENT or (
        tier == Tier.FIRST and (employees_from or 0) >= HOT_MIN_EMPLOYEES
    )


def fit_reasons(facts: ScoringFacts, rules: Rules = DEFAULT_RULES) -> list[Reason]:
    """Points for title, industry and size; unknown facts have none. "fit_most" is the cap."""
    reasons = []
    title = titles.own_role(facts.title)
    found = next((rule for rule in rules.titles if rule.fits(title)), None)
    if found:
        reasons.append(Reason("title", found.points, f"{found.label}: {facts.title}"))
    if facts.industry:
        industry = facts.industry.lower()
        good = any(has_word(word, industry) for word in rules.good_industries)
        reasons.append(
            Reason(
                "industry", rules.industry_points[0 if good else 1], f"Industry: {facts.industry}"
            )
        )
    if facts.employees_from is not None:
        points, text = next((p, t) for lower, p, t in rules.sizes if facts.employees_from >= lower)
        reasons.append(Reason("size", points, f"Employees: {text}"))
    reasons = [reason for reason in reasons if reason.points]
    total = sum(reason.points for reason in reasons)
    if total > 100:
        reasons.append(Reason("fit_most", 100 - total, "The fit ends at 100"))
    return reasons


@dataclass(frozen=True)
class _PageHit:
    """A page view that fits a trigger. Of several hits the one with the highest rank counts."""

    points: int
    by_person: bool
    before: int  # how many triggers follow in the table: an earlier one ranks higher
    trigger: PageTrigger
    at: datetime
    source: str = ""

    @property
    def rank(self) -> tuple[int, bool, int]:
        return self.points, self.by_person, self.before


def _page_reasons(
    visits: tuple[PageView, ...], now: datetime, rules: Rules
) -> tuple[list[Reason], PageTrigger | None]:
    """One reason for each label, from its strongest hit; the sum is capped."""
    by_label: dict[str, list[_PageHit]] = {}
    for hit in _page_hits(visits, now, rules):
        by_label.setdefault(hit.trigger.label, []).append(hit)
    ranked = sorted(by_label.values(), key=lambda hits: max(hit.rank for hit in hits), reverse=True)
    best = [max(hits, key=lambda hit: hit.rank) for hits in ranked]
    reasons = [
        _page_reason(hit, hits) for hit, hits in zip(best, ranked, strict=True) if hit.points
    ]
    total = sum(reason.points for reason in reasons)
    if total > rules.pages_at_most:
        most = rules.pages_at_most
        reasons.append(
            Reason("pages_most", most - total, f"Page-visit points are capped at {most}")
        )
    return reasons, best[0].trigger if best else None


def _page_hits(visits: tuple[PageView, ...], now: datetime, rules: Rules) -> Iterator[_PageHit]:
    place = {trigger: len(rules.pages) - n for n, trigger in reversed(list(enumerate(rules.pages)))}
    found = {path: rules.page_trigger(path) for path in {seen.path for seen in visits}}
    for seen in visits:
        trigger, weight = found[seen.path], _age_weight(now - seen.at, rules)
        if trigger is not None and weight:
            points = round(
                trigger.points * weight * (1.0 if seen.by_person else rules.colleague_share)
            )
            source = seen.source or _source_of_visit(seen, visits, rules)
            yield _PageHit(points, seen.by_person, place[trigger], trigger, seen.at, source)


def _source_of_visit(seen: PageView, visits: tuple[PageView, ...], rules: Rules) -> str:
    """Where the visit that `seen` belongs to came from: its first page tells, not the others."""
    since = seen.at - timedelta(hours=rules.visit_hours)
    before = [
        one
        for one in visits
        if one.source and one.by_person == seen.by_person and since <= one.at <= seen.at
    ]
    return max(before, key=lambda one: one.at).source if before else ""


def _page_reason(hit: _PageHit, hits: list[_PageHit]) -> Reason:
    who = "" if hit.by_person else " by a colleague"
    newest = max(hits, key=lambda one: one.at)
    return Reason(
        "page",
        hit.points,
        f"{hit.trigger.label}{who}" + (f", {len(hits)} visits" if len(hits) > 1 else ""),
        label=hit.trigger.label,
        visits=len(hits),
        last_at=newest.at.isoformat(),
        source=newest.source,
        by_colleague=not hit.by_person,
    )


def _age_weight(age: timedelta, rules: Rules) -> float:
    return next((share for days, share in rules.decay if age <= timedelta(days=days)), 0.0)


def _repeat_reasons(visits: tuple[PageView, ...], now: datetime, rules: Rules) -> list[Reason]:
    times = [seen.at for seen in visits if seen.by_person and now - seen.at <= rules.look_back]
    count = _count_visits(times, timedelta(hours=rules.visit_hours))
    points = next((points for least, points in rules.repeats if count >= least), 0)
    visits_text = f"{count} visit{'' if count == 1 else 's'}"
    return (
        [Reason("repeat", points, f"{visits_text} in {rules.look_back_days} days")]
        if points
        else []
    )


def _count_visits(times: list[datetime], length: timedelta) -> int:
    """Count visits of at most `length` each; one more page view never lowers the count."""
    count, until = 0, None
    for at in sorted(times):
        if until is None or at >= until:
            count, until = count + 1, at + length
    return count


def _warm_reasons(facts: ScoringFacts, rules: Rules) -> list[Reason]:
    points = dict(rules.warm_points).get(facts.warm_kind, 0)
    return [Reason("warm", points, _as_told_to_us(facts.warm_sentence))] if points else []


def _as_told_to_us(sentence: str) -> str:
    """A sentence of an email, which says "you", as a reviewer reads it."""
    for to_them, about_them in ABOUT_THEM:
        sentence = sentence.replace(to_them, about_them)
    return sentence


def _email_angle(facts: ScoringFacts, best: PageTrigger | None) -> str:
    if facts.warm_kind:
        return "warm_connection"
    if best and best.angle == "high_intent":
        return "high_intent"
    if facts.open_roles:
        return "hiring"
    return best.angle if best and best.angle else "general"
