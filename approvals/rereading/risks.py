"""What makes an automatic approval worth a person's look beside those drawn by chance."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, QuerySet, TextChoices

from outreach.choices import EventKind, MoveCode
from outreach.control import phase
from outreach.models import Assignment, EmailEvent, Message, Move, Reply, ReplyKind

NEW_TEMPLATE_EMAILS = 5  # the first automatic approvals of each version of a template
NEAR_LIMIT_POINTS = 5  # under the score from which a person decides
BAD_EVENTS = (EventKind.COMPLAINED, EventKind.UNSUBSCRIBED)
BAD_REPLIES = (ReplyKind.STOP, ReplyKind.NEGATIVE)


class RiskTrigger(TextChoices):
    NEW_TEMPLATE = "new_template", "Among the first of a template's version"
    NEAR_LIMIT = "near_limit", "Its score is close to the limit"
    EXPERIMENT = "experiment", "Part of an A/B test"
    BAD_ANSWER = "bad_answer", "A complaint, an opt-out or a negative reply came back"
    IN_A_ROW = "in_a_row", "20 in a row of its template, none of them read"


def find_triggers(messages: Iterable[Message]) -> dict[int, list[str]]:
    """The triggers known when they were approved, by email; those without any are left out."""
    rows = list(messages)
    limit = phase.current_control().auto_max_intent
    tested = set(Assignment.objects.filter(message__in=rows).values_list("message", flat=True))
    first = _among_first({row.template_id for row in rows})
    found: dict[int, list[str]] = {}
    for row in rows:
        codes = [
            code
            for code, holds in (
                (RiskTrigger.NEW_TEMPLATE, row.pk in first),
                (RiskTrigger.NEAR_LIMIT, limit - NEAR_LIMIT_POINTS <= row.intent < limit),
                (RiskTrigger.EXPERIMENT, row.pk in tested),
            )
            if holds
        ]
        if codes:
            found[row.pk] = [code.value for code in codes]
    return found


def badly_answered(since: datetime) -> QuerySet[Message]:
    """What the machine approved and somebody has complained of or answered negatively since then.

    It begins with the few answers, for the sweep asks every minute.
    """
    events = EmailEvent.objects.filter(kind__in=BAD_EVENTS, at__gte=since)
    replies = Reply.objects.filter(sorted_as__in=BAD_REPLIES, received_at__gte=since)
    pks = {*events.values_list("message", flat=True), *replies.values_list("message", flat=True)}
    return Message.objects.filter(by_machine=True, pk__in=pks - {None})


def _among_first(templates: set[int | None]) -> set[int]:
    first: set[int] = set()
    for template in templates - {None}:
        moves = Move.objects.filter(why=MoveCode.MACHINE, message__template=template)
        ordered = moves.order_by("pk").values_list(F("message"), flat=True)
        first.update(list(dict.fromkeys(ordered[: 4 * NEW_TEMPLATE_EMAILS]))[:NEW_TEMPLATE_EMAILS])
    return first
