"""Deciding several emails at once. Each is decided by itself, and each gets its own answer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from approvals.decisions import decisions
from approvals.desk import desk
from approvals.models import Reading
from approvals.queue import review_queue
from outreach.models import Message

MAX_BATCH_SIZE = 50


@dataclass(frozen=True)
class SelectedEmail:
    """One selected email and the version that was on the list."""

    message: Message
    version: int


@dataclass(frozen=True)
class BatchResult:
    message: Message
    problem: str  # "" where it was done

    @property
    def is_done(self) -> bool:
        return not self.problem


def parse_selection(values: Iterable[str]) -> list[SelectedEmail]:
    """From "<uuid>.<version>" each; anything else is left out. Raises Refused for more than 50."""
    wanted: dict[UUID, int] = {}
    for value in values:
        name, _, version = value.partition(".")
        try:
            wanted[UUID(name)] = int(version)
        except ValueError:
            continue
    if len(wanted) > MAX_BATCH_SIZE:
        raise decisions.DecisionRefused(
            f"At most {MAX_BATCH_SIZE} emails at once; {len(wanted)} were selected. Nothing was decided."
        )
    rows = (
        Message.objects.filter(public_id__in=wanted)
        .select_related("lead__company")
        .order_by(*review_queue.QUEUE_ORDER)
    )
    return [SelectedEmail(message, wanted[message.public_id]) for message in rows]


def approve_batch(many: list[SelectedEmail], decider: decisions.Decider) -> list[BatchResult]:
    """Approve those that this person has read at their current text and that are not CRITICAL."""
    read = set(
        Reading.objects.filter(
            user=decider.user, message__in=[one.message.pk for one in many]
        ).values_list("message_id", "version")
    )

    def one_of_them(one: SelectedEmail) -> str:
        message = one.message
        if message.critical_reason:
            return "is CRITICAL and needs its own look"
        if message.version != one.version:
            return "changed since you read it"
        if (message.pk, message.version) not in read:
            return "you have not read it"
        decisions.approve(message, one.version, decider)
        return ""

    return _decide_each(many, decider.user, one_of_them)


def reject_batch(
    many: list[SelectedEmail], decider: decisions.Decider, *, tag: str, reason: str
) -> list[BatchResult]:
    """Reject each at the version that was on the list, all with the same tag and reason."""

    def one_of_them(one: SelectedEmail) -> str:
        if one.message.version != one.version:
            return "changed since you saw it"
        decisions.reject(one.message, one.version, decider, tag=tag, reason=reason)
        return ""

    return _decide_each(many, decider.user, one_of_them)


def _decide_each(
    many: list[SelectedEmail], user: Any, act: Callable[[SelectedEmail], str]
) -> list[BatchResult]:
    answers = []
    for one in many:
        claim = review_queue.colleague_claim(one.message, user)
        try:
            problem = desk.claim_sentence(claim).rstrip(".") if claim else act(one)
        except decisions.DecisionRefused as refused:
            problem = refused.text.removesuffix(desk.DECISION_NOT_RECORDED).rstrip(".")
        if not problem:
            review_queue.release_claim(one.message, user)
        answers.append(BatchResult(one.message, problem))
    return answers


def result_sentence(answers: list[BatchResult], done_word: str) -> str:
    """ "Approved 3. Not approved 2: Ines Moreau changed since you read it; …"."""
    done = [answer for answer in answers if answer.is_done]
    left = [f"{answer.message.lead}: {answer.problem}" for answer in answers if not answer.is_done]
    text = f"{done_word} {len(done)}."
    return f"{text} Not {done_word.lower()} {len(left)}. {'; '.join(left)}." if left else text
