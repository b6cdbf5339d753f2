"""Whether somebody may decide about an email now, and what an approval would do. Pure.

Desk, batch, admin and API ask here, so that each gives the same answer.
"""

from dataclasses import dataclass
from enum import StrEnum

from outreach.choices import Phase, Status


class Action(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    EDIT = "edit"
    WRITE_INSTEAD = "write_instead"  # to a colleague; the email goes on hold
    SNOOZE = "snooze"
    WITHDRAW = "withdraw"  # what is approved and has not left


class Refusal(StrEnum):
    NO_PERMISSION = "no_permission"
    NEEDS_NAMED_PERSON = "needs_named_person"
    CLAIMED = "claimed"
    NO_SUCH_VERSION = "no_such_version"
    NOT_WAITING = "not_waiting"
    BLOCKED = "blocked"
    CHANGED = "changed"
    NOT_READ = "not_read"
    CRITICAL_IN_BULK = "critical_in_bulk"
    NOTHING_TO_UNDO = "nothing_to_undo"
    NOT_YOURS = "not_yours"
    UNDO_OVER = "undo_over"
    REPLACED = "replaced"
    STOPPED = "stopped"
    NOT_A_LEAD = "not_a_lead"
    WAITS_ALREADY = "waits_already"
    SEND_BEGAN = "send_began"
    UNDO_OPEN = "undo_open"
    FOR_PRACTICE = "for_practice"
    NOT_ALLOWED = "not_allowed"  # by the rules of sending: a stop, a check, a colleague first


class ApprovalEffect(StrEnum):
    """What an approval does in the present phase."""

    SENDS = "sends"
    HELD_WHILE_HALTED = "held_while_halted"
    TRAINING = "training"
    RECORDED_ONLY = "recorded_only"  # in Shadow nothing is released later


@dataclass(frozen=True)
class DecisionFacts:
    may_decide: bool
    is_named: bool  # a user, not only an API key
    is_claimed: bool  # by somebody else, at this moment
    is_critical: bool
    status: str
    current_version: int
    version: int
    is_read: bool = True  # by this person, where the channel itself shows no text


@dataclass(frozen=True)
class BulkFacts:
    """What a selection adds to the facts about each of its emails."""

    is_read: bool  # by this person, at the current version
    is_alone: bool  # one email, its whole text on the page
    is_shown: bool = True  # its text was on a page of this person's, read or not


@dataclass(frozen=True)
class UndoFacts:
    """A halt and the phase are not among them: an undo only gives the email back to a person."""

    may_decide: bool
    status: str
    current_version: int
    version: int
    is_ended_by_decision: bool = False  # rejected, or in Shadow approved, and nothing since
    is_own: bool = False  # decided by whoever wants it back
    is_in_time: bool = False
    is_replaced: bool = False  # another email to this person is open
    is_stopped: bool = False  # we must not write to this person any more


@dataclass(frozen=True)
class ReopenFacts:
    """A halt and the phase are not among them: to reopen only gives the email back to a person."""

    may_reopen: bool
    status: str
    current_version: int
    version: int
    is_practice: bool = False
    can_be_undone: bool = False  # by whoever decided, still
    is_ended_here: bool = False  # rejected here or expired, and nothing since
    is_replaced: bool = False  # another email to this person is open
    is_stopped: bool = False  # we must not write to this person any more


SEND_BEGAN = (Status.SENDING, Status.SENT, Status.UNCERTAIN, Status.FAILED)
WAITING_FOR = {
    Action.APPROVE: (Status.HELD,),
    Action.REJECT: (Status.HELD, Status.BLOCKED),
    Action.EDIT: (Status.HELD, Status.BLOCKED, Status.CLEARED),
    Action.WRITE_INSTEAD: (Status.HELD,),
    Action.SNOOZE: (Status.HELD,),
    Action.WITHDRAW: (Status.CLEARED,),
}


def find_refusal(action: Action, facts: DecisionFacts) -> Refusal | None:
    """The first reason against the decision; None where it may be taken."""
    if not facts.may_decide:
        return Refusal.NO_PERMISSION
    if action == Action.APPROVE and facts.is_critical and not facts.is_named:
        return Refusal.NEEDS_NAMED_PERSON
    if facts.is_claimed:
        return Refusal.CLAIMED
    if refusal := _version_refusal(action, facts):
        return refusal
    return Refusal.NOT_READ if action == Action.APPROVE and not facts.is_read else None


def _version_refusal(action: Action, facts: DecisionFacts) -> Refusal | None:
    if facts.status not in WAITING_FOR[action]:
        return Refusal.BLOCKED if facts.status == Status.BLOCKED else Refusal.NOT_WAITING
    if facts.version > facts.current_version:
        return Refusal.NO_SUCH_VERSION
    return None if facts.version == facts.current_version else Refusal.CHANGED


def find_bulk_refusal(action: Action, facts: DecisionFacts, bulk: BulkFacts) -> Refusal | None:
    """The one bulk rule: as if decided alone, none unread, and no CRITICAL email beside others."""
    if action == Action.APPROVE and facts.is_critical and not bulk.is_alone:
        return Refusal.CRITICAL_IN_BULK
    if refusal := find_refusal(action, facts):
        return refusal
    is_seen = bulk.is_shown and (bulk.is_read or action != Action.APPROVE)
    return None if is_seen else Refusal.NOT_READ


def find_undo_refusal(facts: UndoFacts) -> Refusal | None:
    """The first reason against taking a decision back.

    An approval can be taken back by every reviewer until it leaves; what has ended only by whoever
    ended it.
    """
    if not facts.may_decide:
        return Refusal.NO_PERMISSION
    if facts.status != Status.CLEARED and (refusal := _ended_refusal(facts)):
        return refusal
    return None if facts.version == facts.current_version else Refusal.CHANGED


def _ended_refusal(facts: UndoFacts) -> Refusal | None:
    if not facts.is_ended_by_decision:
        return Refusal.NOTHING_TO_UNDO
    if not facts.is_own:
        return Refusal.NOT_YOURS
    if not facts.is_in_time:
        return Refusal.UNDO_OVER
    if facts.is_stopped:
        return Refusal.STOPPED
    return Refusal.REPLACED if facts.is_replaced else None


def find_reopen_refusal(facts: ReopenFacts) -> Refusal | None:
    """The first reason against reopening what was decided or expired."""
    if not facts.may_reopen:
        return Refusal.NOT_A_LEAD
    if facts.is_practice:
        return Refusal.FOR_PRACTICE
    if facts.status in SEND_BEGAN:
        return Refusal.SEND_BEGAN
    if facts.status in (Status.DRAFT, Status.HELD, Status.BLOCKED):
        return Refusal.WAITS_ALREADY
    if facts.can_be_undone:
        return Refusal.UNDO_OPEN
    if facts.status != Status.CLEARED and (refusal := _ended_for_good(facts)):
        return refusal
    return None if facts.version == facts.current_version else Refusal.CHANGED


def _ended_for_good(facts: ReopenFacts) -> Refusal | None:
    if not facts.is_ended_here:
        return Refusal.NOTHING_TO_UNDO
    if facts.is_stopped:
        return Refusal.STOPPED
    return Refusal.REPLACED if facts.is_replaced else None


def approval_effect(phase: str, *, halted: bool, training: bool) -> ApprovalEffect:
    if phase == Phase.SHADOW:
        return ApprovalEffect.RECORDED_ONLY
    if training:
        return ApprovalEffect.TRAINING
    return ApprovalEffect.HELD_WHILE_HALTED if halted else ApprovalEffect.SENDS
