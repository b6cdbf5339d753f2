"""The stages from visit to meeting: today's count, what waits, when each was last seen."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from approvals.sent import sent_emails
from caio_project.lib import calendar
from caio_project.lib.models import Heartbeat
from caio_project.lib.vendor_access.access import is_sandboxed
from leads.models import Enrichment, InboundEvent, Kind, Lead, Visit
from leads.scoring import assess
from outreach.choices import Status, Transport
from outreach.models import Meeting, Message, Move, Reply, SyncCursor

FRESH_WITHIN = timedelta(hours=1)
SWITCHABLE_STAGES = ("leads", "drafted")  # what the switch of the intent monitor stops
STUCK_AFTER = timedelta(minutes=5)  # a machine's work that waits longer is stuck
STAGE_DEFINITIONS = {
    "visits": "visits received today from RB2B, the API and imports",
    "leads": "people behind the visits received today",
    "enriched": "requests to Clay that were answered today",
    "drafted": "drafts written today, those that are blocked as well",
    "waiting": "emails in the queue now, from any day",
    "cleared": "emails approved today, by a person or by the machine, and not taken back",
    "sent": "emails sent to people today, as on Sent & replies",
    "replies": "answers from people received today",
    "meetings": "meetings booked today, without those called off",
}


@dataclass(frozen=True)
class Stage:
    code: str
    label: str
    count: int  # today, on the team's day
    waiting: int
    oldest_at: datetime | None  # since when the oldest of them waits
    seen_at: datetime | None  # when its sweep was last alive
    worked_at: datetime | None  # when it last had something to do and did it
    is_stuck: bool = False
    is_off: bool = False  # a person has switched it off: its sweep is alive and does nothing
    sweep: str = ""  # the one that works it off
    passed_on: str = ""  # of today, what the stage let pass: "5 skipped, 2 not answered"
    blocked: int = 0  # drafts that a check keeps out of the queue, of any day

    @property
    def definition(self) -> str:
        return STAGE_DEFINITIONS[self.code]

    @property
    def is_fresh(self) -> bool:
        seen = self.seen_at is not None and self.seen_at > timezone.now() - FRESH_WITHIN
        return seen and not self.is_stuck and not self.is_off


TAKEN_BACK = (Status.HELD, Status.BLOCKED, Status.REJECTED)  # by an undo, or reopened
STAYS_APPROVED = tuple(status for status in Status if status not in TAKEN_BACK)


def flow_stages(now: datetime | None = None, blocked: int = 0) -> list[Stage]:
    """Every stage in order; `blocked` counts the drafts that wait outside the queue."""
    now = now or timezone.now()
    start = calendar.start_of_day(now, settings.TEAM_TIME_ZONE)
    seen = {beat.name: beat for beat in Heartbeat.objects.all()}
    is_off = not assess.is_on()

    def stage(code: str, label: str, sweep: str, count: int, *queues: StageQueue) -> Stage:
        facts = [one.read(now) for one in queues]
        beat = seen.get(sweep)
        return Stage(
            code=code,
            label=label,
            count=count,
            waiting=sum(one["n"] for one in facts),
            oldest_at=min((one["oldest"] for one in facts if one["oldest"]), default=None),
            seen_at=beat.seen_at if beat else None,
            worked_at=beat.worked_at if beat else None,
            is_off=code in SWITCHABLE_STAGES and is_off,
            sweep=sweep,
            is_stuck=any(one["stuck_since"] for one in facts),
        )

    def moved(**which: Any) -> int:
        moves = Move.objects.exclude(message__kind=Kind.TRAINING).filter(at__gte=start, **which)
        return moves.order_by().values("message").distinct().count()

    def read_back(found: Stage, cursor: str) -> Stage:
        # Seen is the last complete reading; the sandbox has nothing to read.
        return found if is_sandboxed("ghl") else replace(found, seen_at=polled.get(cursor))

    queues, polled = stage_queues(), dict(SyncCursor.objects.values_list("name", "polled_at"))
    replies = Reply.objects.by_people().filter(noted_at__gte=start).count()
    meetings = Meeting.objects.filter(booked_at__gte=start).exclude(status__in=Meeting.OFF).count()
    visits = Visit.objects.filter(received_at__gte=start).count()
    came = Visit.objects.filter(received_at__gte=start).exclude(lead=None)
    leads = came.values("lead").distinct().count()
    enriched, passed_on = count_enrichments(start)
    drafted, held = moved(from_status=Status.DRAFT), moved(to_status=Status.HELD)
    cleared = moved(to_status=Status.CLEARED, message__status__in=STAYS_APPROVED)
    sent = sent_emails.messages_sent_today().count()
    return [
        stage("visits", "Visits", "leads.process_events", visits, queues["visits"]),
        stage("leads", "Leads", "leads.assess_due", leads, queues["leads"]),
        replace(
            stage(
                "enriched",
                "Enriched",
                "leads.push_enrichments",
                enriched,
                queues["enriched"],
                queues["answers"],
            ),
            passed_on=passed_on,
        ),
        replace(
            stage("drafted", "Drafted", "outreach.draft_due", drafted, queues["drafted"]),
            blocked=blocked,
        ),
        stage("waiting", "Waiting", "approvals.tell", held, queues["waiting"]),
        stage("cleared", "Approved", "outreach.send_due", cleared, queues["cleared"]),
        stage("sent", "Sent", "outreach.settle_uncertain", sent, queues["sent"]),
        read_back(
            stage("replies", "Replies", "outreach.sync_ghl", replies, queues["replies"]), "emails"
        ),
        read_back(
            stage("meetings", "Meetings", "outreach.sync_ghl", meetings, queues["meetings"]),
            "meetings",
        ),
    ]


def count_enrichments(since: datetime) -> tuple[int, str]:
    """How many requests settled since then Clay has answered, and what became of the others."""
    Outcome = Enrichment.Outcome
    rows = Enrichment.objects.filter(settled_at__gte=since).order_by()
    by_outcome = dict(rows.values_list("outcome").annotate(n=Count("pk")))
    others = (
        (by_outcome.pop(Outcome.SKIPPED, 0), "skipped"),
        (by_outcome.pop(Outcome.PARTIAL, 0), "not answered"),
        (by_outcome.pop(Outcome.FAILED, 0), "failed"),
    )
    return sum(by_outcome.values()), ", ".join(f"{n} {what}" for n, what in others if n)


@dataclass(frozen=True)
class StageQueue:
    """What waits at one stage, and since when."""

    rows: QuerySet[Any]
    since: str
    for_a_machine: bool = True  # False where it may rightly wait for a person or a limit
    in_the_background: Q = Q(pk__in=())  # what may rightly wait for all else

    def read(self, now: datetime) -> dict[str, Any]:
        """How many wait, and since when, in one statement."""
        stuck = Min(self.since, filter=self._is_late(now))
        facts = {"n": Count("pk"), "oldest": Min(self.since)}
        found = self.rows.aggregate(
            **facts, **({"stuck_since": stuck} if self.for_a_machine else {})
        )
        return {"stuck_since": None, **found}

    def stuck_since(self, now: datetime) -> datetime | None:
        """Since when the oldest waits, where a machine should have done it by now."""
        if not self.for_a_machine:
            return None
        return self.rows.filter(self._is_late(now)).aggregate(at=Min(self.since))["at"]

    def _is_late(self, now: datetime) -> Q:
        return Q(**{f"{self.since}__lt": now - STUCK_AFTER}) & ~self.in_the_background


def stage_queues() -> dict[str, StageQueue]:
    """By the code of their stage; answers of Clay are part of the stage "enriched"."""

    def emails(*statuses: Status) -> QuerySet[Message]:
        return Message.objects.filter(status__in=statuses).exclude(kind=Kind.TRAINING)

    came_in = InboundEvent.objects.filter(state=InboundEvent.State.WAITING)

    return {
        "visits": StageQueue(
            came_in.filter(source__in=("rb2b", "api", "import")),
            "received_at",
            in_the_background=Q(source="import"),
        ),
        "leads": StageQueue(
            Lead.objects.filter(needs_assessment_at__isnull=False), "needs_assessment_at"
        ),
        "enriched": StageQueue(
            Enrichment.objects.exclude(state=Enrichment.State.SETTLED), "created_at"
        ),
        # apart from "enriched": Clay has done its part, so they are no sign that it has stopped
        "answers": StageQueue(came_in.filter(source="clay"), "received_at"),
        "drafted": StageQueue(emails(Status.DRAFT), "created_at"),
        "waiting": StageQueue(emails(Status.HELD), "held_at", for_a_machine=False),
        "cleared": StageQueue(emails(Status.CLEARED), "cleared_at", for_a_machine=False),
        "sent": StageQueue(
            emails(Status.SENDING, Status.UNCERTAIN), "uncertain_at", for_a_machine=False
        ),
        "replies": StageQueue(
            came_in.filter(source__in=("ghl", "ghl_workflow", "ghl_poll")), "received_at"
        ),
        "meetings": StageQueue(Meeting.objects.none(), "booked_at", for_a_machine=False),
    }


def stuck_stages(now: datetime) -> list[str]:
    """A sentence for every stage where a machine's work waits longer than five minutes."""
    return [
        f"Something waits at “{code}” since {oldest:%Y-%m-%d %H:%M} UTC."
        for code, oldest in stuck_since_by_stage(now).items()
    ]


def stuck_since_by_stage(now: datetime) -> dict[str, datetime]:
    """Since when the oldest waits at each stage where a machine's work is late."""
    found = {code: waiting.stuck_since(now) for code, waiting in stage_queues().items()}
    return {code: oldest for code, oldest in found.items() if oldest}


NOT_COUNTED = (Kind.EXAMPLE, Kind.TRAINING)


def _moves_since(since: datetime) -> QuerySet[Move]:
    return Move.objects.filter(at__gte=since).exclude(message__kind__in=NOT_COUNTED)


ACTIVITY_COUNTS: dict[str, Callable[[datetime], QuerySet[Any]]] = {
    "received": lambda since: InboundEvent.objects.filter(received_at__gte=since).exclude(
        kind=Kind.EXAMPLE
    ),
    "lead": lambda since: (
        Visit.objects.filter(received_at__gte=since)
        .exclude(lead=None)
        .exclude(lead__kind=Kind.EXAMPLE)
    ),
    "enrichment settled": lambda since: Enrichment.objects.filter(settled_at__gte=since).exclude(
        lead__kind=Kind.EXAMPLE
    ),
    "assessed": lambda since: Lead.objects.filter(assessments__made_at__gte=since).exclude(
        kind__in=NOT_COUNTED
    ),
    "drafted": lambda since: _moves_since(since).filter(from_status=Status.DRAFT),
    "held": lambda since: _moves_since(since).filter(to_status=Status.HELD),
    "decided": lambda since: Message.objects.filter(decisions__at__gte=since).exclude(
        kind__in=NOT_COUNTED
    ),
    "sent": lambda since: _moves_since(since).filter(to_status=Status.SENT),
    "sync polled": lambda since: SyncCursor.objects.filter(polled_at__gte=since),
}


def count_stage_activity(since: datetime) -> dict[str, int]:
    """Traces of each stage since then; test visitors count here alone, examples nowhere."""
    return {name: rows(since).count() for name, rows in ACTIVITY_COUNTS.items()}


def last_activity() -> dict[str, datetime | None]:
    sent = Message.objects.filter(status=Status.SENT).exclude(transport=Transport.SANDBOX)
    return {
        "last_event_at": InboundEvent.objects.aggregate(at=Max("received_at"))["at"],
        "last_sent_at": sent.aggregate(at=Max("sent_at"))["at"],
    }
