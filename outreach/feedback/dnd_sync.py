"""Sets do-not-disturb at GoHighLevel for recipients who want no more emails.

Every unsubscribe, complaint and erasure is passed on until that succeeds, also while sending is
halted. Only the Email channel is set; nothing is ever lifted.
"""

from datetime import timedelta

from django.db.models import Max, Min, QuerySet
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import is_sandboxed
from caio_project.lib.words.clock_words import stamp_words
from leads.integrations import alarms, ghl_do_not_disturb
from leads.integrations import ghl as contacts
from leads.integrations import ghl_refusals as refusals
from leads.models import Kind, Lead, Suppression
from leads.suppression import suppression
from outreach.models import GhlLook, Message, OptOut, Position

POSITION_READER = "opting_out"
LEASE_SECONDS = 120
LONGEST_WAIT = timedelta(hours=1)
LONGEST_TRANSACTION = timedelta(
    hours=1
)  # after that no row with a lower number can come to light any more
LATE_AFTER = timedelta(minutes=15)
ALARM_KEY = "ghl:opt-outs"
Reason, Scope, Outcome = Suppression.Reason, Suppression.Scope, OptOut.Outcome
SYNCED_REASONS = (Reason.UNSUBSCRIBED, Reason.COMPLAINED, Reason.ERASED)


def push_due(batch: int = 5) -> int:
    record_new_stops()
    if is_sandboxed("ghl"):
        return 0
    count = 0
    due = OptOut.objects.filter(told_at=None, not_before__lte=timezone.now()).order_by(
        "-suppression_id"
    )
    for row in claims.lease_rows(due, LEASE_SECONDS, batch):
        count += 1
        if not _push_stop(row):
            break
    _update_alarm()
    return count


def record_new_stops(batch: int = 500) -> int:
    """Make a row for every stop without one; returns how many.

    Rows become visible out of order, so the position moves only over rows old enough for that to be
    past.
    """
    position, _made = Position.objects.get_or_create(reader=POSITION_READER)
    stops = Suppression.objects.filter(pk__gt=position.seq)
    new = (
        stops.filter(reason__in=SYNCED_REASONS, opt_out=None)
        .exclude(scope=Scope.DOMAIN)
        .order_by("pk")
    )
    found = list(new.values_list("pk", flat=True)[:batch])
    OptOut.objects.bulk_create((OptOut(suppression_id=pk) for pk in found), ignore_conflicts=True)
    if len(found) < batch:
        old = stops.filter(created_at__lt=timezone.now() - LONGEST_TRANSACTION).aggregate(
            pk=Max("pk")
        )["pk"]
        if old:
            Position.objects.filter(reader=POSITION_READER, seq__lt=old).update(seq=old)
    return len(found)


def _push_stop(row: OptOut) -> bool:
    stop = row.suppression
    if stop.lead and stop.lead.kind != Kind.LIVE:
        _mark_done(row, Outcome.NOT_LIVE)
        return True
    if stop.expires_at is not None and stop.expires_at <= timezone.now():
        _mark_done(row, Outcome.ENDED)
        return True
    try:
        there = [
            contact_id for contact_id in sorted(contact_ids_of(stop)) if _block_contact(contact_id)
        ]
    except http.HttpError as failure:
        wait = min(claims.retry_delay(row.attempts, base=5), LONGEST_WAIT)
        mine = OptOut.objects.filter(pk=row.pk, lease_until=row.lease_until)
        mine.update(lease_until=None, not_before=timezone.now() + wait, error=failure.detail[:300])
        return not isinstance(failure, http.ServiceUnavailable)
    _mark_done(row, Outcome.BLOCKED if there else Outcome.NOBODY)
    return True


def contact_ids_of(stop: Suppression) -> set[str]:
    """GoHighLevel's ids of whoever is stopped, by the address or by all we know of the lead.

    An erased lead has no address any more; the ids stored with their emails and checks remain.
    """
    if stop.scope == Scope.ADDRESS:
        return _contact_ids_by_address({stop.value})
    lead = (
        stop.lead
        if stop.scope == Scope.ADDRESS_HASH
        else Lead.rows.filter(pk=_parse_pk(stop.value)).first()
    )
    person = suppression.rows_of(lead) if lead else []
    emails = Message.objects.filter(lead__in=person).exclude(ghl_contact_id="")
    checks = GhlLook.objects.filter(message__lead__in=person).exclude(contact_id="")
    known = {
        *emails.values_list("ghl_contact_id", flat=True),
        *checks.values_list("contact_id", flat=True),
    }
    return known | _contact_ids_by_address(
        {mail for row in person for mail in (row.email, row.personal_email) if mail}
    )


def _contact_ids_by_address(addresses: set[str]) -> set[str]:
    return {
        contact.id for address in sorted(addresses) if (contact := contacts.find_contact(address))
    }


def _parse_pk(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _block_contact(contact_id: str) -> bool:
    try:
        ghl_do_not_disturb.block_email(contact_id)
    except http.RequestRefused as failure:
        if failure.status == 404 or refusals.refusal_code(failure) == refusals.CONTACT_GONE:
            return False
        raise
    return True


def _mark_done(row: OptOut, outcome: str) -> None:
    mine = OptOut.objects.filter(pk=row.pk, lease_until=row.lease_until)
    mine.update(told_at=timezone.now(), outcome=outcome, lease_until=None, error="")


def late_opt_outs() -> QuerySet[OptOut]:
    return OptOut.objects.filter(told_at=None, created_at__lt=timezone.now() - LATE_AFTER)


def _update_alarm() -> None:
    late = late_opt_outs()
    oldest = late.aggregate(at=Min("created_at"))["at"]
    if oldest is None:
        alarms.clear_open(ALARM_KEY)
        return
    why = late.exclude(error="").values_list("error", flat=True).first() or "no error yet"
    text = (
        f"{late.count()} stops are not told to GoHighLevel, "
        f"the oldest since {stamp_words(oldest)}: {why}"
    )
    alarms.raise_alarm(ALARM_KEY, text)
