"""The tables of outreach."""

from outreach.models.control import (
    ApprovalRule,
    CheckBasis,
    Control,
    ControlChange,
    ControlReason,
    TemplateRun,
)
from outreach.models.experiments import Assignment, Experiment
from outreach.models.feedback import (
    WANT_AN_ANSWER,
    EmailEvent,
    Fate,
    Meeting,
    Opportunity,
    Reply,
    ReplyKind,
    ReplyText,
    SyncCursor,
)
from outreach.models.ghl_checks import GhlLook
from outreach.models.ghl_updates import AfterSend, OptOut
from outreach.models.guardrails import GuardrailBreach, HealthVerdict
from outreach.models.history import HistoryItem, Position, Segment
from outreach.models.language_model import ModelDraft, ModelTokens
from outreach.models.limits import DayOff, Place, SendingDomain, TeamCalendar
from outreach.models.messages import Message, MessageText, new_unsubscribe_token
from outreach.models.moves import Move, MoveReason
from outreach.models.segment_requests import SegmentRequest
from outreach.models.seller import SellerVersion, Snippet
from outreach.models.sends import DailySlots, SandboxEmail, SendIntent
from outreach.models.templates import EmailTemplate, Signal

__all__ = [
    "WANT_AN_ANSWER",
    "AfterSend",
    "ApprovalRule",
    "Assignment",
    "CheckBasis",
    "Control",
    "ControlChange",
    "ControlReason",
    "DailySlots",
    "EmailEvent",
    "EmailTemplate",
    "Experiment",
    "Fate",
    "GhlLook",
    "GuardrailBreach",
    "HealthVerdict",
    "HistoryItem",
    "Meeting",
    "Message",
    "MessageText",
    "ModelDraft",
    "ModelTokens",
    "Move",
    "MoveReason",
    "Opportunity",
    "OptOut",
    "DayOff",
    "Place",
    "TeamCalendar",
    "Position",
    "Reply",
    "ReplyKind",
    "ReplyText",
    "SandboxEmail",
    "Segment",
    "SegmentRequest",
    "SellerVersion",
    "SendIntent",
    "SendingDomain",
    "Signal",
    "Snippet",
    "SyncCursor",
    "TemplateRun",
    "new_unsubscribe_token",
]
