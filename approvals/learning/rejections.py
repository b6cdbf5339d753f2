"""Rejections of people: those that concern a draft, and patterns by template, tag and reviewer."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from approvals.models import Decision, Verdict
from leads.models import Kind
from outreach.auto_approval import template_rejections
from outreach.auto_approval.template_rejections import LEAST_DECISIONS, RejectionCount
from outreach.choices import Status, Tag
from outreach.control import phase
from outreach.models import EmailTemplate, Message, Move

WINDOW = timedelta(days=90)
MOST_BESIDE_A_DRAFT = 3
MOST_EXAMPLES = 3
MOST_DECISIONS = 5000
NO_TEMPLATE = "No template"
REJECTED = (Verdict.REJECTED, Verdict.WOULD_REJECT)


def rejections_of_template(message: Message) -> list[Move]:
    """The newest rejections of emails from this one's template to other live leads."""
    if message.template is None:
        return []
    moves = Move.objects.filter(
        message__template__key=message.template.key,
        message__kind=Kind.LIVE,
        message__status=Status.REJECTED,
        to_status=Status.REJECTED,
        version=F("message__version"),  # one that was taken back is of an earlier version
        by__isnull=False,
        at__gte=timezone.now() - WINDOW,
    )
    others = moves.exclude(message__lead=message.lead_id)
    return list(others.select_related("by", "reason").order_by("-pk")[:MOST_BESIDE_A_DRAFT])


@dataclass(frozen=True)
class Example:
    """One rejection, with what the person typed; "" where that was erased."""

    message: Message
    tag: str
    reason: str
    by: str
    at: datetime


@dataclass
class Pattern:
    """How a group of decisions went: those of one template, or of one reviewer."""

    name: str
    key: str = ""
    decided: int = 0
    tags: Counter[str] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)
    flagged: RejectionCount | None = None  # what stops the machine from approving this template

    @property
    def rejected(self) -> int:
        return self.tags.total()

    @property
    def share(self) -> float | None:
        return self.rejected / self.decided if self.decided else None

    @property
    def percent(self) -> int | None:
        """None below the sample: a share of few would be read as one."""
        if self.share is None or self.decided < LEAST_DECISIONS:
            return None
        return round(100 * self.share)

    @property
    def tag_words(self) -> str:
        return ", ".join(f"{Tag(tag).label.lower()} {n}" for tag, n in self.tags.most_common(3))


@dataclass(frozen=True)
class RejectionPatterns:
    decided: int
    rejected: int
    templates: list[Pattern]
    tags: list[Pattern]
    reviewers: list[Pattern]
    has_more: bool  # older decisions of the window were not read


def find_patterns(now: datetime | None = None) -> RejectionPatterns:
    """Decisions of named people about live emails in 90 days, the last one of each email."""
    since = (now or timezone.now()) - WINDOW
    made = Decision.objects.standing().filter(
        message__kind=Kind.LIVE, by__isnull=False, at__gte=since
    )
    rows = list(
        made.select_related("message__lead", "message__template", "by", "reason").order_by("-pk")[
            : MOST_DECISIONS + 1
        ]
    )
    last: dict[int, Decision] = {}
    for row in rows[:MOST_DECISIONS]:
        last.setdefault(row.message_id, row)
    decisions = list(last.values())
    rejected = [one for one in decisions if one.verdict in REJECTED]
    return RejectionPatterns(
        len(decisions),
        len(rejected),
        _template_patterns(decisions),
        _tag_patterns(rejected),
        _group(decisions, lambda one: ("", phase.actor_name(one.by))),
        len(rows) > MOST_DECISIONS,
    )


def _template_patterns(decisions: Iterable[Decision]) -> list[Pattern]:
    names = dict(EmailTemplate.objects.order_by("version").values_list("key", "name"))
    flagged = template_rejections.flagged_templates()

    def of_template(one: Decision) -> tuple[str, str]:
        template = one.message.template
        return (template.key, names[template.key]) if template else ("", NO_TEMPLATE)

    patterns = _group(decisions, of_template)
    known = {one.key for one in patterns}
    patterns += [Pattern(names[key], key) for key in flagged if key not in known]
    for one in patterns:
        one.flagged = flagged.get(one.key)
    return sorted(patterns, key=lambda one: (one.flagged is None, -(one.share or 0), one.name))


def _tag_patterns(rejected: Iterable[Decision]) -> list[Pattern]:
    """The most frequent tag first."""
    patterns = _group(rejected, lambda one: (one.tag, Tag(one.tag).label if one.tag else "No tag"))
    return sorted(patterns, key=lambda one: -one.decided)


def _group(decisions: Iterable[Decision], group_of: Any) -> list[Pattern]:
    """The highest share of rejections first."""
    groups: dict[tuple[str, str], Pattern] = {}
    for one in decisions:
        key, name = group_of(one)
        pattern = groups.setdefault((key, name), Pattern(name, key))
        pattern.decided += 1
        if one.verdict in REJECTED:
            pattern.tags[one.tag or Tag.OTHER] += 1
            if len(pattern.examples) < MOST_EXAMPLES:
                pattern.examples.append(_example(one))
    return sorted(groups.values(), key=lambda one: (-(one.share or 0), one.name))


def _example(one: Decision) -> Example:
    reason = getattr(one, "reason", None)
    return Example(
        one.message,
        Tag(one.tag).label if one.tag else "",
        reason.text if reason else "",
        phase.actor_name(one.by),
        one.at,
    )
