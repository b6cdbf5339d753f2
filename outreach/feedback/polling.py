"""Reading GoHighLevel again and again, because a private token gets no webhooks and those of an
app are lost at times.

Each stage keeps on its cursor's row how far it has come and what went wrong, holds it under a
lease, and goes on there after a kill. Windows overlap, for GHL's lists lag; what is known already
changes nothing.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Exists, Min, OuterRef, QuerySet
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from leads.inbound import events
from leads.integrations import alarms
from leads.integrations.background_calls import call_patiently
from leads.integrations.ghl_refusals import Misconfigured
from leads.models import Kind
from outreach.choices import EventKind, Status
from outreach.contact_history import contact_matching
from outreach.feedback import apply_feedback, meetings, opportunities
from outreach.guardrails import guardrails
from outreach.integrations.ghl import ghl_facts, polling_api
from outreach.integrations.ghl.ghl_facts import EmailEventFact, GhlFact
from outreach.integrations.ghl.polling_api import ListedMessage
from outreach.lifecycle.transitions import OPEN
from outreach.models import EmailEvent, Message, Reply, SyncCursor, Transport

log = logging.getLogger(__name__)

LEASE_SECONDS = 90
OVERLAP = timedelta(minutes=10)
FIRST_READ_BACK = timedelta(days=60)
STATUS_WATCHED_FOR = timedelta(days=14)  # how long after it left an email's status is asked for
DND_WATCHED_FOR = timedelta(days=60)
MEETINGS_BACK, MEETINGS_AHEAD = timedelta(days=14), timedelta(days=180)
FAILURES_UNTIL_ALARM = 5
REMEMBERED_SECONDS = (
    3600  # seconds for which an email that was read is not read again; forgetting costs a call
)
FINAL_KINDS = (EventKind.OPENED, EventKind.BOUNCED, EventKind.REFUSED)


@dataclass(frozen=True)
class RoundLimits:
    """Limits of one round of one stage."""

    seconds: float = 45.0  # its last call and that call's wait fit into the lease as well
    pages: int = 20
    statuses: int = 15
    people: int = 10


@dataclass
class PollingRound:
    """One round of one stage: its position and what it did."""

    position: dict[str, Any]
    keep: Callable[[], None]  # store the position, so that a kill costs nothing
    pace: RoundLimits
    deadline: float
    read: int = 0
    kept_back: int = 0  # could not take effect now; worked off later, or seen by a person

    def is_over(self) -> bool:
        return time.monotonic() > self.deadline

    def hear(self, fact: GhlFact) -> None:
        """Apply a fact. A fact that fails is kept and does not stop the next one."""
        self.read += 1
        try:
            apply_feedback.apply_fact(fact, "poll")
        except Exception:
            log.exception("a fact that was read at GoHighLevel is worked off later")
            events.store_event("ghl_poll", ghl_facts.dump_fact(fact))
            self.kept_back += 1


USUAL_LIMITS = RoundLimits()


@dataclass(frozen=True)
class PollingStage:
    """`step` reads on from the round's position and says whether it reached the end."""

    step: Callable[[PollingRound], bool]
    every: timedelta = timedelta(seconds=25)  # beat comes every thirty, and may be a little early


@dataclass(frozen=True)
class StageResult:
    name: str
    read: int
    ended: bool
    error: str = ""
    kept_back: int = 0


def sync_due_stages(pace: RoundLimits = USUAL_LIMITS) -> int:
    """Run one round of every due stage; returns how many facts were read."""
    if "ghl" in settings.SANDBOXED:
        return 0
    _make_cursors()
    due = SyncCursor.objects.filter(name__in=STAGES, not_before__lte=timezone.now()).order_by(
        "not_before"
    )
    results = [_run_round(row, pace) for row in claims.lease_rows(due, LEASE_SECONDS)]
    if results:
        guardrails.check_guardrails()
    return sum(result.read for result in results)


def sync_all_stages(
    progress: Callable[[StageResult], None] = lambda result: None,
) -> list[StageResult]:
    """Read every stage to its end or its first error, due or not; for a person who waits."""
    _make_cursors()
    results = []
    for name in STAGES:
        result = _run_to_end(name)
        results.append(result)
        progress(result)
    guardrails.check_guardrails()
    return results


def _run_to_end(name: str) -> StageResult:
    read = kept_back = 0
    while True:
        row = next(claims.lease_rows(SyncCursor.objects.filter(name=name), LEASE_SECONDS), None)
        if row is None:
            return StageResult(
                name,
                read,
                False,
                "A worker is reading this very stage; it goes on there.",
                kept_back,
            )
        result = _run_round(row, USUAL_LIMITS)
        read, kept_back = read + result.read, kept_back + result.kept_back
        if result.ended or result.error:
            return StageResult(name, read, result.ended, result.error, kept_back)


def _make_cursors() -> None:
    there = set(SyncCursor.objects.values_list("name", flat=True))
    SyncCursor.objects.bulk_create(
        [SyncCursor(name=name) for name in STAGES if name not in there], ignore_conflicts=True
    )


def _run_round(row: SyncCursor, pace: RoundLimits) -> StageResult:
    """Run one round of the stage whose cursor this process holds."""
    stage, now = STAGES[row.name], timezone.now()
    mine = SyncCursor.objects.filter(pk=row.pk, lease_until=row.lease_until)
    position = json.loads(row.position or "{}")
    this = PollingRound(
        position, lambda: _store_position(mine, position), pace, time.monotonic() + pace.seconds
    )
    try:
        ended = stage.step(this)
    except Exception as error:
        text = (
            error.detail
            if isinstance(error, http.HttpError)
            else f"{type(error).__name__}: {error}"
        )
        _record_failure(row, mine, error, text[:300])
        return StageResult(row.name, this.read, False, text[:300], this.kept_back)
    next_time = now + stage.every if ended else now
    mine.update(
        position=json.dumps(position),
        lease_until=None,
        attempts=0,
        error="",
        not_before=next_time,
        **({"polled_at": timezone.now()} if ended else {}),
    )
    alarms.clear_open(_alarm_key(row.name))
    return StageResult(row.name, this.read, ended, "", this.kept_back)


def _store_position(mine: QuerySet[SyncCursor], position: dict[str, Any]) -> None:
    mine.update(position=json.dumps(position))


def _record_failure(
    row: SyncCursor, mine: QuerySet[SyncCursor], error: Exception, text: str
) -> None:
    if not isinstance(error, http.HttpError):
        log.exception("polling %s failed", row.name)
    wait = claims.retry_delay(row.attempts, base=15.0, longest=600.0)
    mine.update(lease_until=None, error=text, not_before=timezone.now() + wait)
    if row.attempts >= FAILURES_UNTIL_ALARM and not isinstance(
        error, Misconfigured
    ):  # which raises its own
        alarms.raise_alarm(_alarm_key(row.name), f"GoHighLevel's {row.name} cannot be read: {text}")


def _alarm_key(name: str) -> str:
    return f"ghl:sync:{name}"


# --- What people wrote, and what somebody wrote to them by hand


def _read_emails(this: PollingRound) -> bool:
    return _read_messages(this, emails=True)


def _read_other_channels(this: PollingRound) -> bool:
    return _read_messages(this, emails=False)


def _read_messages(this: PollingRound, *, emails: bool) -> bool:
    """Read on from the last message. A round starts a little earlier, since some messages appear
    late.

    A round that continues an unfinished one does not, or a busy hour would never be read to its
    end.
    """
    place = this.position
    since = newest = datetime.fromisoformat(place["at"]) if "at" in place else _first_start()
    start, cursor = since if place.pop("goes_on", False) else since - OVERLAP, ""
    for _ in range(this.pace.pages):
        page = call_patiently(
            lambda: polling_api.list_messages(start, emails=emails, cursor=cursor)
        )  # noqa: B023
        for row in page.rows:
            _apply_row(this, row)
            read_to = min(row.at, timezone.now())
            newest, place["at"] = max(newest, read_to), read_to.isoformat()
            if this.is_over():
                break
        if not page.cursor and not this.is_over():
            place["at"] = newest.isoformat()
            return True
        this.keep()
        if this.is_over():
            break
        cursor = page.cursor
    place["goes_on"] = True
    return False


def _first_start() -> datetime:
    """Nobody answers before they were written to; earlier messages are seen by the GoHighLevel
    check.
    """
    now = timezone.now()
    first = Message.objects.filter(status=Status.SENT).aggregate(at=Min("sent_at"))["at"] or now
    return max(first, now - FIRST_READ_BACK)


def _apply_row(this: PollingRound, row: ListedMessage) -> None:
    if row.channel != "email":
        if row.is_inbound:
            this.hear(row.as_said())
        return
    if not row.email_ids and row.is_inbound:
        this.hear(row.as_said())  # without its words, but that somebody wrote is known
    for email_id in row.email_ids:
        if not _is_known(email_id, row) and (said := _fetch_email(email_id, row)) is not None:
            this.hear(said)
            cache.set(f"ghl:email:{email_id}", True, REMEMBERED_SECONDS)


def _is_known(email_id: str, row: ListedMessage) -> bool:
    """Whether an email needs no reading: ours, stored, read before, or of no use."""
    if Reply.objects.filter(ghl_message_id=email_id).exists() or cache.get(f"ghl:email:{email_id}"):
        return True
    if row.is_inbound:
        return False
    ours = Message.objects.filter(ghl_email_message_id=email_id)
    return ours.exists() or contact_matching.find_lead(row.contact_id, "") is None


def _fetch_email(email_id: str, row: ListedMessage) -> ghl_facts.MessageFact | None:
    """The email itself; None where it was deleted or is not there yet, which the overlap reads
    again.
    """
    with _ignoring_deleted():
        return call_patiently(lambda: polling_api.fetch_email(email_id, row))
    return None


@contextmanager
def _ignoring_deleted() -> Iterator[None]:
    """Treat what was deleted at GoHighLevel (400 or 404) as nothing to read."""
    try:
        yield
    except http.RequestRefused as failure:
        if failure.status not in (400, 404):
            raise


# --- What became of emails, and whether people may be written to: everybody in turn


def _read_statuses(this: PollingRound) -> bool:
    """Read the status of two weeks' emails in turn, except those that cannot change any more."""
    ended = EmailEvent.objects.filter(message=OuterRef("pk"), kind__in=FINAL_KINDS)
    left = Message.objects.filter(
        status=Status.SENT, transport=Transport.GHL, sent_at__gt=timezone.now() - STATUS_WATCHED_FOR
    ).exclude(Exists(ended))
    return _read_in_turn(
        this, left.exclude(ghl_email_message_id=""), this.pace.statuses, _read_status
    )


def _read_status(this: PollingRound, message: Message) -> None:
    email_id = message.ghl_email_message_id
    with _ignoring_deleted():
        for kind in call_patiently(lambda: polling_api.fetch_event_kinds(email_id)):
            this.hear(EmailEventFact(email_id, message.to_address, kind, "", timezone.now(), ""))


def _read_do_not_disturb(this: PollingRound) -> bool:
    """Read do-not-disturb of whoever has an open or two months' sent email, in turn."""
    recent = Message.objects.filter(
        status=Status.SENT, sent_at__gt=timezone.now() - DND_WATCHED_FOR
    )
    rows = (Message.objects.filter(status__in=OPEN) | recent).filter(kind=Kind.LIVE)
    return _read_in_turn(this, rows.exclude(ghl_contact_id=""), this.pace.people, _read_contact_dnd)


def _read_contact_dnd(this: PollingRound, message: Message) -> None:
    with _ignoring_deleted():
        this.hear(call_patiently(lambda: polling_api.fetch_do_not_disturb(message.ghl_contact_id)))


def _read_in_turn(
    this: PollingRound,
    rows: QuerySet[Message],
    most: int,
    look: Callable[[PollingRound, Message], None],
) -> bool:
    """Take the next rows after the last one looked at, and start over after the last."""
    for message in rows.filter(pk__gt=this.position.get("after", 0)).order_by("pk")[: most + 1]:
        if most == 0 or this.is_over():
            return False
        look(this, message)
        most -= 1
        this.position["after"] = message.pk
        this.keep()
    this.position["after"] = 0
    return True


# --- Calendars and opportunities: read whole, for nothing tells what changed


def _read_meetings(this: PollingRound) -> bool:
    if not (calendar := settings.GHL_CALENDAR_ID):
        return True
    now = timezone.now()
    start, end = now - MEETINGS_BACK, now + MEETINGS_AHEAD
    found = call_patiently(lambda: polling_api.list_appointments(calendar, start, end, now))
    for fact in found:
        this.hear(fact)
    meetings.mark_unlisted_deleted(calendar, start, end, {fact.id for fact in found}, now)
    return True


def _read_opportunities(this: PollingRound) -> bool:
    """Read page by page; what a complete read did not list was deleted."""
    place = this.position
    place.setdefault("since", timezone.now().isoformat())
    for _ in range(this.pace.pages):
        after = (place["after"][0], place["after"][1]) if "after" in place else None
        page = call_patiently(lambda: polling_api.list_opportunities(after, timezone.now()))  # noqa: B023
        for fact in page.rows:
            this.hear(fact)
        if page.after is None:
            opportunities.mark_unseen_deleted(datetime.fromisoformat(place.pop("since")))
            place.pop("after", None)
            return True
        place["after"] = list(page.after)
        this.keep()
        if this.is_over():
            return False
    return False


STAGES: dict[str, PollingStage] = {
    "emails": PollingStage(_read_emails),
    "other channels": PollingStage(_read_other_channels),
    "email statuses": PollingStage(_read_statuses),
    "do not disturb": PollingStage(_read_do_not_disturb),
    "meetings": PollingStage(_read_meetings, timedelta(seconds=55)),
    "opportunities": PollingStage(_read_opportunities, timedelta(minutes=5)),
}
