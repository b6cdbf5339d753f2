"""How often people reject the emails of a template, and when the machine stops approving them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from leads.models import Kind
from outreach.choices import MoveCode
from outreach.models import EmailTemplate, Move
from outreach.review.undo_actions import TAKES_BACK

LEAST_DECISIONS = 20
MOST_OF_ONE, MOST_OF_ALL = 400, 5000  # moves read, the newest
APPROVALS = (MoveCode.APPROVED, MoveCode.WOULD_APPROVE)
CODES = (*APPROVALS, MoveCode.REJECTED, *TAKES_BACK)


@dataclass(frozen=True)
class RejectionCount:
    """What people decided about live emails of one template: the last decision of each email."""

    decided: int = 0
    rejected: int = 0

    @property
    def share(self) -> float | None:
        return self.rejected / self.decided if self.decided else None

    @property
    def is_flagged(self) -> bool:
        """Whether more than a third of at least 20 were rejected."""
        return self.decided >= LEAST_DECISIONS and 3 * self.rejected > self.decided

    def __add__(self, other: "RejectionCount") -> "RejectionCount":
        return RejectionCount(self.decided + other.decided, self.rejected + other.rejected)


def rejections_of(template: EmailTemplate | None) -> RejectionCount:
    """The count that flags `template`: of its version, and of the versions before it as far as 20
    decisions are needed. So a new version of a flagged template has to earn its way back.
    """
    if template is None:
        return RejectionCount()
    by_version = _counts_by_version(Q(message__template__key=template.key), MOST_OF_ONE)
    return _judged_count(by_version, template.key, template.version)


def flagged_templates() -> dict[str, RejectionCount]:
    """By key, the templates whose active version is flagged."""
    by_version = _counts_by_version(Q(message__template__isnull=False), MOST_OF_ALL)
    active = EmailTemplate.objects.filter(active=True).values_list("key", "version")
    counts = {key: _judged_count(by_version, key, version) for key, version in active}
    return {key: count for key, count in counts.items() if count.is_flagged}


def _judged_count(
    by_version: dict[tuple[str, int], RejectionCount], key: str, version: int
) -> RejectionCount:
    total = RejectionCount()
    for number in range(version, 0, -1):
        if total.decided < LEAST_DECISIONS:
            total += by_version.get((key, number), RejectionCount())
    return total


def _counts_by_version(which: Q, most: int) -> dict[tuple[str, int], RejectionCount]:
    """By key and version of the template, from the newest decisions of people."""
    moves = Move.objects.filter(which, message__kind=Kind.LIVE, why__in=CODES, by__isnull=False)
    columns = ("message", "why", "message__template__key", "message__template__version")
    decided, rejected = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for why, key, version in _last_of_each_email(
        moves.order_by("-pk").values_list(*columns)[:most]
    ):
        if why not in TAKES_BACK:
            decided[key, version] += 1
            rejected[key, version] += why == MoveCode.REJECTED
    return {one: RejectionCount(count, rejected[one]) for one, count in decided.items()}


def _last_of_each_email(
    newest_first: Iterable[tuple[int, str, str, int]],
) -> list[tuple[str, str, int]]:
    last: dict[int, tuple[str, str, int]] = {}
    for message, why, key, version in newest_first:
        last.setdefault(message, (why, key, version))
    return list(last.values())
