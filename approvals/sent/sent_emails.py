"""What was approved and what became of it: still to be undone, waiting and why, uncertain, kept,
sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from approvals.models import Decision, Verdict
from approvals.sent import answers
from caio_project.lib import calendar
from outreach.choices import Status, Transport
from outreach.control import phase
from outreach.guardrails.guardrail_rules import UNCERTAIN_TOO_LONG
from outreach.limits import current_limits, limit_rules, send_order
from outreach.models import Message, MessageText, SandboxEmail, SendIntent

SETTLE_AFTER = UNCERTAIN_TOO_LONG
PAGE_SIZE = 50
MAX_WAITING = 25
FAILED_SHOWN_FOR = timedelta(days=7)


@dataclass(frozen=True)
class UndoableApproval:
    message: Message
    at: datetime  # when the time to undo is over

    @property
    def seconds(self) -> int:
        return max(0, round((self.at - timezone.now()).total_seconds()))

    @property
    def clock(self) -> str:
        return f"{self.seconds // 60}:{self.seconds % 60:02}"


def approvals_within_undo() -> list[UndoableApproval]:
    rows = Message.objects.filter(
        status=Status.CLEARED, waiting_for="undo", not_before__gt=timezone.now()
    )
    soonest = rows.select_related("lead__company").order_by("rank", "not_before")[:PAGE_SIZE]
    return [UndoableApproval(message, message.not_before) for message in soonest]


@dataclass(frozen=True)
class WaitingEmail:
    message: Message
    wait: limit_rules.BindingLimit | None


def waiting_to_leave() -> tuple[list[WaitingEmail], bool]:
    """The next approved emails in sending order, and whether there are more."""
    now = timezone.now()
    found = Message.objects.filter(status__in=[Status.CLEARED, Status.SENDING]).exclude(
        status=Status.CLEARED, waiting_for="undo", not_before__gt=now
    )
    rows = list(
        found.select_related("lead__company").order_by(*send_order.QUEUE_ORDER)[: MAX_WAITING + 1]
    )
    shown = rows[:MAX_WAITING]
    cleared = [one for one in shown if one.status == Status.CLEARED]
    waits = current_limits.binding_limits(
        cleared, current_limits.read_limits(phase.current_control(), now)
    )
    return [WaitingEmail(one, waits.get(one.pk)) for one in shown], len(rows) > MAX_WAITING


@dataclass(frozen=True)
class UncertainEmail:
    """An email of which we don't know whether it was sent, and what is known."""

    message: Message
    intent: SendIntent | None
    may_settle: bool


def may_settle(message: Message) -> bool:
    """Whether it was looked for long enough for a person to say what happened."""
    since = message.uncertain_at or timezone.now()
    return message.status == Status.UNCERTAIN and since <= timezone.now() - SETTLE_AFTER


def uncertain_emails() -> list[UncertainEmail]:
    rows = (
        Message.objects.filter(status=Status.UNCERTAIN)
        .select_related("lead__company")
        .prefetch_related("intents")
    )
    return [
        UncertainEmail(one, _last_intent(one), may_settle(one))
        for one in rows.order_by("uncertain_at")[:PAGE_SIZE]
    ]


def _last_intent(message: Message) -> SendIntent | None:
    return max(message.intents.all(), key=lambda intent: intent.claimed_at, default=None)


def failed_emails() -> list[Message]:
    since = timezone.now() - FAILED_SHOWN_FOR
    rows = Message.objects.filter(status=Status.FAILED, cleared_at__gte=since).select_related(
        "lead__company"
    )
    return list(rows.order_by("-cleared_at")[:PAGE_SIZE])


@dataclass(frozen=True)
class SentEmail:
    """A sent email and what came back: events, latest last, and its reply."""

    message: Message
    happened: list[str]
    answered: list[str]


def messages_sent_today() -> QuerySet[Message]:
    """Sent to people on the team's day: what every page counts as sent today."""
    start = calendar.start_of_day(timezone.now(), settings.TEAM_TIME_ZONE)
    rows = Message.objects.filter(status=Status.SENT, sent_at__gte=start)
    return rows.exclude(transport=Transport.SANDBOX)


def sent_today() -> list[SentEmail]:
    newest = (
        _with_decider(messages_sent_today())
        .prefetch_related("events", "replies")
        .order_by("-sent_at")[: PAGE_SIZE * 2]
    )
    return [
        SentEmail(
            one,
            _event_labels(one),
            [answers.short_label(reply.kind) for reply in one.replies.all()],
        )
        for one in newest
    ]


def _event_labels(message: Message) -> list[str]:
    events = sorted(message.events.all(), key=lambda event: event.at)
    return list(dict.fromkeys(event.get_kind_display() for event in events))


def _with_decider(rows: Any) -> Any:
    decided = Decision.objects.filter(message=OuterRef("pk"), verdict=Verdict.APPROVED).order_by(
        "-pk"
    )
    subject = MessageText.objects.filter(message=OuterRef("pk"), version=OuterRef("version"))
    return rows.select_related("lead__company").annotate(
        decided_by=Subquery(decided.values("by_name")[:1]),
        subject=Subquery(subject.values("subject")[:1]),
    )


def sandbox_emails(before: int | None = None) -> tuple[list[SandboxEmail], int | None]:
    """Emails saved in the sandbox, newest first, and the cursor of older ones."""
    rows = SandboxEmail.objects.select_related("message__lead__company").order_by("-pk")
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None
