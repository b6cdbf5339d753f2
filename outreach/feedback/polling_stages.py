"""What polling reads from GoHighLevel, stage by stage.

Windows overlap, because GoHighLevel's lists lag; what is known already changes nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, Min, OuterRef, QuerySet
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db.caches import process_cache as cache
from caio_project.lib.vendor_access.access import vendor_value
from leads.integrations.background_calls import call_patiently
from leads.models import Kind
from outreach.choices import EventKind, Status, Transport
from outreach.contact_history import contact_matching
from outreach.feedback import meetings, opportunities
from outreach.feedback.polling_round import PollingRound, PollingStage
from outreach.integrations.ghl import ghl_facts, polling_api
from outreach.integrations.ghl.ghl_facts import EmailEventFact
from outreach.integrations.ghl.polling_api import ListedMessage
from outreach.lifecycle.transitions import OPEN
from outreach.models import EmailEvent, Message, Reply

OVERLAP = timedelta(minutes=10)
FIRST_READ_BACK = timedelta(days=60)
STATUS_WATCHED_FOR = timedelta(days=14)  # how long after it left an email's status is asked for
DND_WATCHED_FOR = timedelta(days=60)
MEETINGS_BACK, MEETINGS_AHEAD = timedelta(days=14), timedelta(days=180)
# An email that was read is not read again so long; forgetting it costs one call.
REMEMBERED_SECONDS = 3600
FINAL_KINDS = (
    EventKind.OPENED,
    EventKind.BOUNCED,
    EventKind.REFUSED,
    EventKind.BLOCKED,
    EventKind.SEND_FAILED,
)


# --- What people wrote, and what somebody wrote to them by hand


def _read_emails(polling_round: PollingRound) -> bool:
    return _read_messages(polling_round, emails=True)


def _read_other_channels(polling_round: PollingRound) -> bool:
    return _read_messages(polling_round, emails=False)


def _read_messages(polling_round: PollingRound, *, emails: bool) -> bool:
    """Read on from the newest message read.

    A round starts a little earlier, because some messages appear late. A round that continues an
    unfinished one does not, or a busy hour would never be read to its end.
    """
    position = polling_round.position
    newest = datetime.fromisoformat(position["at"]) if "at" in position else _first_start()
    start, cursor = newest if position.pop("goes_on", False) else newest - OVERLAP, ""
    for _ in range(polling_round.limits.pages):
        page = _message_page(start, emails, cursor)
        for row in page.rows:
            _apply_row(polling_round, row)
            read_to = min(row.at, timezone.now())
            newest, position["at"] = max(newest, read_to), read_to.isoformat()
            if polling_round.is_over():
                break
        if not page.cursor and not polling_round.is_over():
            position["at"] = newest.isoformat()
            return True
        polling_round.store_position()
        if polling_round.is_over():
            break
        cursor = page.cursor
    position["goes_on"] = True
    return False


def _message_page(start: datetime, emails: bool, cursor: str) -> polling_api.MessagePage:
    return call_patiently(lambda: polling_api.list_messages(start, emails=emails, cursor=cursor))


def _first_start() -> datetime:
    """Nobody answers before our first email; the check before review finds older messages."""
    now = timezone.now()
    sent = Message.objects.filter(status=Status.SENT).exclude(transport=Transport.SANDBOX)
    first = sent.aggregate(at=Min("sent_at"))["at"] or now
    return max(first, now - FIRST_READ_BACK)


def _apply_row(polling_round: PollingRound, row: ListedMessage) -> None:
    if row.channel != "email":
        if row.is_inbound:
            polling_round.apply_fact(row.as_message_fact())
        return
    if not row.email_ids and row.is_inbound:
        polling_round.apply_fact(
            row.as_message_fact()
        )  # without its words, but that somebody wrote is known
    for email_id in row.email_ids:
        if not _is_known(email_id, row) and (fact := _fetch_email(email_id, row)) is not None:
            polling_round.apply_fact(fact)
            cache.set(f"ghl:email:{email_id}", True, REMEMBERED_SECONDS)


def _is_known(email_id: str, row: ListedMessage) -> bool:
    """Whether an email needs no reading: ours, stored, read lately, or to nobody we know."""
    if Reply.objects.filter(ghl_message_id=email_id).exists() or cache.get(f"ghl:email:{email_id}"):
        return True
    if row.is_inbound:
        return False
    ours = Message.objects.filter(ghl_email_message_id=email_id)
    return ours.exists() or contact_matching.find_lead(row.contact_id, "") is None


def _fetch_email(email_id: str, row: ListedMessage) -> ghl_facts.MessageFact | None:
    with _ignoring_deleted():
        return call_patiently(lambda: polling_api.fetch_email(email_id, row))
    return None


@contextmanager
def _ignoring_deleted() -> Iterator[None]:
    """GoHighLevel refuses to read what was deleted meanwhile, with 400 or 404."""
    try:
        yield
    except http.RequestRefused as failure:
        if failure.status not in (400, 404):
            raise


# --- What became of emails, and whether people may be written to: everybody in turn


def _read_statuses(polling_round: PollingRound) -> bool:
    ended = EmailEvent.objects.filter(message=OuterRef("pk"), kind__in=FINAL_KINDS)
    left = Message.objects.filter(
        status=Status.SENT, transport=Transport.GHL, sent_at__gt=timezone.now() - STATUS_WATCHED_FOR
    ).exclude(Exists(ended))
    return _read_in_turn(
        polling_round,
        left.exclude(ghl_email_message_id=""),
        polling_round.limits.statuses,
        _read_status,
    )


def _read_status(polling_round: PollingRound, message: Message) -> None:
    email_id = message.ghl_email_message_id
    with _ignoring_deleted():
        for kind in call_patiently(lambda: polling_api.fetch_event_kinds(email_id)):
            polling_round.apply_fact(
                EmailEventFact(email_id, message.to_address, kind, "", timezone.now(), "")
            )


def _read_do_not_disturb(polling_round: PollingRound) -> bool:
    recent = Message.objects.filter(
        status=Status.SENT, sent_at__gt=timezone.now() - DND_WATCHED_FOR
    )
    rows = (Message.objects.filter(status__in=OPEN) | recent).filter(kind=Kind.LIVE)
    return _read_in_turn(
        polling_round,
        rows.exclude(ghl_contact_id=""),
        polling_round.limits.people,
        _read_contact_dnd,
    )


def _read_contact_dnd(polling_round: PollingRound, message: Message) -> None:
    with _ignoring_deleted():
        polling_round.apply_fact(
            call_patiently(lambda: polling_api.fetch_do_not_disturb(message.ghl_contact_id))
        )


def _read_in_turn(
    polling_round: PollingRound,
    rows: QuerySet[Message],
    most: int,
    read_one: Callable[[PollingRound, Message], None],
) -> bool:
    for message in rows.filter(pk__gt=polling_round.position.get("after", 0)).order_by("pk")[
        : most + 1
    ]:
        if most == 0 or polling_round.is_over():
            return False
        read_one(polling_round, message)
        most -= 1
        polling_round.position["after"] = message.pk
        polling_round.store_position()
    polling_round.position["after"] = 0
    return True


# --- Calendars and opportunities: read whole, for nothing tells what changed


def _read_meetings(polling_round: PollingRound) -> bool:
    if not (calendar := settings.GHL_CALENDAR_ID):
        return True
    now = timezone.now()
    start, end = now - MEETINGS_BACK, now + MEETINGS_AHEAD
    found = call_patiently(lambda: polling_api.list_appointments(calendar, start, end, now))
    for fact in found:
        polling_round.apply_fact(fact)
    meetings.mark_unlisted_deleted(calendar, start, end, {fact.id for fact in found}, now)
    return True


def _read_opportunities(polling_round: PollingRound) -> bool:
    """Read page by page; what a complete sweep has not listed is deleted there."""
    place, here = polling_round.position, vendor_value("GHL_LOCATION_ID")
    if place.get("location", here) != here:
        place.clear()  # or the deals of the one would end as deleted at the other
    place["location"] = here
    place.setdefault("since", timezone.now().isoformat())
    for _ in range(polling_round.limits.pages):
        after = (place["after"][0], place["after"][1]) if "after" in place else None
        page = call_patiently(lambda: polling_api.list_opportunities(after, timezone.now()))  # noqa: B023
        for fact in page.rows:
            polling_round.apply_fact(fact)
        if page.after is None:
            opportunities.mark_unseen_deleted(datetime.fromisoformat(place.pop("since")))
            place.pop("after", None)
            return True
        place["after"] = list(page.after)
        polling_round.store_position()
        if polling_round.is_over():
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
