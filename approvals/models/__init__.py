"""The tables of approvals."""

from approvals.models.decisions import (
    Approval,
    Claim,
    Decision,
    DecisionQuerySet,
    DecisionReason,
    DecisionUndo,
    EditTag,
    Note,
    Notice,
    Reading,
    Snooze,
    TakeOver,
    Verdict,
)
from approvals.models.escalation import Absence, Delegate, EscalationLadder, LadderStep
from approvals.models.rereading import Rereading, RereadingDraw, RereadingItem, RereadingReason
from approvals.models.score import QualityComment, QualityScore, QualityScoreQuerySet, ScoreSource
from approvals.models.slack import SlackCard, SlackClick, SlackPost
from approvals.models.training import Fault, TrainingEmail

__all__ = [
    "Absence",
    "Approval",
    "Claim",
    "Decision",
    "DecisionQuerySet",
    "DecisionReason",
    "DecisionUndo",
    "Delegate",
    "EditTag",
    "EscalationLadder",
    "Fault",
    "LadderStep",
    "Note",
    "Notice",
    "QualityComment",
    "QualityScore",
    "QualityScoreQuerySet",
    "Reading",
    "Rereading",
    "RereadingDraw",
    "RereadingItem",
    "RereadingReason",
    "ScoreSource",
    "SlackCard",
    "SlackClick",
    "SlackPost",
    "Snooze",
    "TakeOver",
    "TrainingEmail",
    "Verdict",
]
