"""The history of one lead from all apps, newest first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from caio_project.field_labels import distinct_names
from caio_project.lib.words.clock_words import day_words, stamp_words
from leads.models import Assessment, Enrichment, Lead, Merge, OwnerChange, Visit
from leads.suppression import suppression
from outreach.choices import Status, Transport, move_words
from outreach.control import phase
from outreach.models import EmailEvent, Meeting, Message, Move, Opportunity, Reply

MAX_EVENTS = 300  # lines shown; what is older is counted only
MAX_VISITS = 200


@dataclass(frozen=True)
class TimelineEvent:
    """One line; `detail` is text that somebody wrote."""

    at: datetime
    kind: str
    text: str
    detail: str = ""
    url: str = ""


@dataclass(frozen=True)
class Timeline:
    events: list[TimelineEvent]
    left_out: int  # older lines


def build_timeline(lead: Lead) -> Timeline:
    """All events about the person of `lead`, in a constant number of queries."""
    rows = [row.pk for row in suppression.rows_of(lead)]
    parts: list[Iterable[TimelineEvent]] = [
        _visit_events(rows),
        _enrichment_events(rows),
        _score_events(rows),
        _email_events(rows),
        _delivery_events(rows),
        _reply_events(rows),
        _meeting_events(rows),
        _deal_events(rows),
        _suppression_events(lead),
        _merge_events(rows),
        _owner_events(rows),
    ]
    events = sorted(
        (event for part in parts for event in part), key=lambda event: event.at, reverse=True
    )
    return Timeline(events[:MAX_EVENTS], max(0, len(events) - MAX_EVENTS))


def _visit_events(rows: list[int]) -> Iterator[TimelineEvent]:
    """Visits less than half an hour apart are one line, with their pages in order."""
    found = list(Visit.objects.filter(lead__in=rows).order_by("-seen_at", "-pk")[:MAX_VISITS])
    while found:
        together = [found.pop(0)]
        while found and together[-1].seen_at - found[0].seen_at < timedelta(minutes=30):
            together.append(found.pop(0))
        pages = list(dict.fromkeys(visit.path or "/" for visit in reversed(together)))
        times = f", {len(together)} pages" if len(together) > 1 else ""
        yield TimelineEvent(
            together[0].seen_at,
            "Visit",
            f"Visited {', '.join(pages[:6])}{' …' if len(pages) > 6 else ''}{times}",
        )


def _enrichment_events(rows: list[int]) -> Iterator[TimelineEvent]:
    for one in Enrichment.objects.filter(lead__in=rows).order_by("-pk")[:30]:
        outcome = one.get_outcome_display() or one.get_state_display()
        gained = f": gained {', '.join(one.gained)}" if one.gained else ""
        yield TimelineEvent(
            one.settled_at or one.created_at, "Clay", f"{outcome}{gained}", one.reason
        )


def _score_events(rows: list[int]) -> Iterator[TimelineEvent]:
    for one in Assessment.objects.filter(lead__in=rows).order_by("-pk")[:30]:
        yield TimelineEvent(
            one.made_at,
            "Score",
            f"Scored {one.intent}, fit {one.icp}, {one.tier.replace('_', ' ')}",
        )


def _email_events(rows: list[int]) -> Iterator[TimelineEvent]:
    moves = Move.objects.filter(message__lead__in=rows).select_related("by", "reason", "message")
    for move in moves.order_by("-pk")[:100]:
        which = f" (follow-up {move.message.step - 1})" if move.message.step > 1 else ""
        who = f", {phase.actor_name(move.by)}" if move.by else ""
        kept = move.to_status == Status.SENT and move.message.transport == Transport.SANDBOX
        what = "Saved in the sandbox, not sent" if kept else move_words(move.why)
        yield TimelineEvent(
            move.at,
            "Email",
            f"{what}{which}{who}",
            move.reason.text if hasattr(move, "reason") else "",
            _desk_of(move.message),
        )
    for message in Message.objects.filter(lead__in=rows, moves=None).order_by("-pk")[:20]:
        yield TimelineEvent(
            message.sent_at or message.created_at, "Email", str(Status(message.status).label)
        )


def _desk_of(message: Message) -> str:
    if message.status == Status.DRAFT or message.transport == Transport.HISTORY:
        return ""
    return reverse("desk", args=[message.public_id])


def _delivery_events(rows: list[int]) -> Iterator[TimelineEvent]:
    for one in EmailEvent.objects.filter(message__lead__in=rows).order_by("-pk")[:60]:
        yield TimelineEvent(one.at, "Email", one.get_kind_display(), one.code)


def _reply_events(rows: list[int]) -> Iterator[TimelineEvent]:
    for one in (
        Reply.objects.filter(lead__in=rows).select_related("text").order_by("-received_at")[:30]
    ):
        kind = one.get_corrected_to_display() or one.get_sorted_as_display()
        text = one.text.shown_answer if hasattr(one, "text") else ""
        yield TimelineEvent(one.received_at, "Reply", f"Answered: {kind}", text[:500])


def _meeting_events(rows: list[int]) -> Iterator[TimelineEvent]:
    for one in Meeting.objects.filter(lead__in=rows).order_by("-booked_at")[:20]:
        yield TimelineEvent(
            one.booked_at, "Meeting", f"Booked for {stamp_words(one.starts_at)}: {one.status}"
        )


def _deal_events(rows: list[int]) -> Iterator[TimelineEvent]:
    for one in Opportunity.objects.filter(lead__in=rows).order_by("-opened_at")[:20]:
        yield TimelineEvent(
            one.opened_at, "Deal", f"Opportunity at GoHighLevel: {one.status}, {one.value:,.0f}"
        )


def _suppression_events(lead: Lead) -> Iterator[TimelineEvent]:
    for one in suppression.suppressions_of(lead).order_by("-pk")[:30]:
        until = f", until {day_words(one.expires_at)}" if one.expires_at else ""
        yield TimelineEvent(
            one.created_at, "Stop", f"Stopped: {one.get_reason_display()} ({one.source}){until}"
        )


def _owner_events(rows: list[int]) -> Iterator[TimelineEvent]:
    for one in OwnerChange.objects.filter(lead__in=rows).select_related("owner", "rule", "by")[:30]:
        why = f"rule “{one.rule}”" if one.rule else one.get_how_display().lower()
        who = f", {phase.actor_name(one.by)}" if one.by else ""
        yield TimelineEvent(
            one.at,
            "Owner",
            f"{one.owner or 'Nobody'} owns this lead{f' ({why})' if why else ''}{who}",
        )


def _merge_events(rows: list[int]) -> Iterator[TimelineEvent]:
    found = Merge.objects.filter(Q(survivor__in=rows) | Q(loser__in=rows))
    for one in found.select_related("survivor", "loser", "merged_by", "ended_by").order_by("-pk")[
        :30
    ]:
        two = " and ".join(distinct_names(one.survivor, one.loser))
        if one.doubt:
            yield TimelineEvent(
                one.noticed_at, "Merge", f"{two} may be one person ({one.source})", one.doubt
            )
        if one.merged_at:
            who = (
                f"by {phase.actor_name(one.merged_by)}"
                if one.merged_by
                else f"by what {one.source} said"
            )
            yield TimelineEvent(one.merged_at, "Merge", f"{two} became one lead, {who}", one.reason)
        if one.ended_at:
            what = (
                "were kept apart" if one.state == Merge.State.DECLINED else "were taken apart again"
            )
            yield TimelineEvent(
                one.ended_at,
                "Merge",
                f"{two} {what} by {phase.actor_name(one.ended_by)}",
                one.ended_reason,
            )
