"""Decide several emails at once. Each is decided by itself, and each gets its own answer.

The desk's list, the admin's action and Slack share the one rule, `judgement.find_bulk_refusal`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from approvals.decisions import claims, decisions, judgement, refusal_words
from approvals.decisions.decisions import Decider, DecisionRefused
from approvals.decisions.judgement import Action, BulkFacts, Refusal
from approvals.models import Reading
from outreach.choices import Phase
from outreach.control import phase
from outreach.models import Message

MAX_BATCH_SIZE = 50
ORDER = ("rank", "queue_turn", "due_at", "pk")


@dataclass(frozen=True)
class SelectedEmail:
    message: Message
    version: int
    is_shown: bool = True


@dataclass(frozen=True)
class BatchResult:
    message: Message
    problem: str  # "" where it was done
    refusal: Refusal | None = None

    @property
    def is_done(self) -> bool:
        return not self.problem


@dataclass(frozen=True)
class RejectionText:
    tag: str
    reason: str


def parse_selection(values: Iterable[str]) -> list[SelectedEmail]:
    """From "<uuid>.<version>" each; anything else is left out. Raises DecisionRefused for more
    than 50.
    """
    wanted: dict[UUID, int] = {}
    for value in values:
        name, _, version = value.partition(".")
        try:
            wanted[UUID(name)] = int(version)
        except ValueError:
            continue
    if len(wanted) > MAX_BATCH_SIZE:
        raise DecisionRefused(
            f"At most {MAX_BATCH_SIZE} emails at once; {len(wanted)} were selected. "
            "Nothing was decided."
        )
    rows = Message.objects.filter(public_id__in=wanted).select_related("lead__company")
    return [SelectedEmail(message, wanted[message.public_id]) for message in rows.order_by(*ORDER)]


def approve_batch(
    selected: list[SelectedEmail], decider: Decider, *, whole_text_shown: bool = False
) -> list[BatchResult]:
    """Approve those that this person has read at their current text.

    `whole_text_shown`: the confirmed page showed the full text; then a CRITICAL email may be
    approved, alone.
    """
    rows = Reading.objects.filter(
        user=decider.user, message__in=[one.message.pk for one in selected]
    )
    read = set(rows.values_list("message_id", "version"))
    is_alone = whole_text_shown and len(selected) == 1

    def decide(one: SelectedEmail) -> None:
        is_read = (one.message.pk, one.message.version) in read
        _require(Action.APPROVE, one, decider, BulkFacts(is_read, is_alone))
        decisions.approve(one.message, one.version, decider)

    return _decide_each(selected, decider, decide)


def reject_batch(
    selected: list[SelectedEmail], decider: Decider, typed: RejectionText
) -> list[BatchResult]:

    def decide(one: SelectedEmail) -> None:
        facts = BulkFacts(is_read=True, is_alone=False, is_shown=one.is_shown)
        _require(Action.REJECT, one, decider, facts)
        decisions.reject(one.message, one.version, decider, tag=typed.tag, reason=typed.reason)

    return _decide_each(selected, decider, decide)


def _require(action: Action, one: SelectedEmail, decider: Decider, bulk: BulkFacts) -> None:
    facts = decisions.load_facts(one.message, one.version, decider)
    refusal = judgement.find_bulk_refusal(action, facts, bulk)
    if refusal:
        raise decisions.refused_as(refusal, one.message, decider)


def _decide_each(
    selected: list[SelectedEmail], decider: Decider, decide: Callable[[SelectedEmail], None]
) -> list[BatchResult]:
    results = []
    for one in selected:
        problem, refusal = "", None
        try:
            decide(one)
            claims.release_claim(one.message, decider.user)
        except DecisionRefused as refused:
            problem = refused.text.removesuffix(refusal_words.NOT_RECORDED).rstrip(".")
            refusal = refused.refusal
        results.append(BatchResult(one.message, problem, refusal))
    return results


def approved_word() -> str:
    """What an approval is called in the present phase."""
    in_shadow = phase.current_control().phase == Phase.SHADOW
    return "Recorded as approved" if in_shadow else "Approved"


def result_sentence(results: list[BatchResult], done_word: str) -> str:
    """ "Approved 3. Not approved 1. Ines Moreau: Sam has this email until 10:42."."""
    done = [result for result in results if result.is_done]
    left = [f"{one.message.lead}: {one.problem}" for one in results if not one.is_done]
    text = f"{done_word} {len(done)}."
    return f"{text} Not {done_word.lower()} {len(left)}. {'; '.join(left)}." if left else text
