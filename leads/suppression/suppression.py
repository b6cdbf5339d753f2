"""Whether a lead or an address may be emailed; asked at ingest, draft, approval and send.

For a lead, all rows that were merged into the same person are read as well: an opt-out of one of
them holds for all, without being copied.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from caio_project.lib.db.kept_queries import kept_query
from caio_project.lib.webhooks_out import outbox
from caio_project.lib.webhooks_out.event_types import EventType
from leads import locks, normal
from leads.models import Lead, Suppression, person_of
from leads.normal import erased_hash as erased_hash
from leads.suppression import lists, stop_keys
from leads.suppression.stop_keys import COMPANY_REASONS as COMPANY_REASONS
from leads.suppression.stop_keys import STOPS_THE_ADDRESS_ONLY as STOPS_THE_ADDRESS_ONLY

Reason = Suppression.Reason
Scope = Suppression.Scope

OPTED_OUT = {Reason.UNSUBSCRIBED, Reason.COMPLAINED}  # told to other systems
BY_MACHINE = "reply"  # the source of stops that our sorting of replies found
# Reasons that stop the person come first; else another mailbox would be looked for.
REASON_ORDER = sorted(Reason.values, key=lambda reason: reason in STOPS_THE_ADDRESS_ONLY)


@dataclass(frozen=True)
class Stop:
    """Why an email must not be sent."""

    reason: str
    text: str
    source: str

    @property
    def stops_person(self) -> bool:
        return self.reason not in STOPS_THE_ADDRESS_ONLY


def find_stop(address: str, lead: Lead | None = None, now: datetime | None = None) -> Stop | None:
    """The first reason not to email `address` (any spelling) or `lead`. Two queries."""
    return find_stop_of(address, rows_of(lead) if lead is not None else [], now)


def find_stop_of(address: str, person: Sequence[Lead], now: datetime | None = None) -> Stop | None:
    """As `find_stop`, where the rows of the person are read already. One query."""
    keys = stop_keys.keys_of(normal.clean_email(address), person)
    rows = _rows_of_values(now=now or timezone.now(), **stop_keys.values_by_scope(keys))
    return _first_stop(address, person, [row for row in rows if stop_keys.row_applies(row, keys)])


@kept_query
def _rows_of_values(now: datetime, **values: list[str]) -> QuerySet[Suppression]:
    return rows_in_force(now).filter(stop_keys.rows_of_scopes(values))


def find_stops(leads: Sequence[Lead], now: datetime | None = None) -> dict[int, Stop]:
    """The stops of many leads at their own address, by pk. Two queries."""
    rows: dict[int, list[Lead]] = {lead.pk: [] for lead in leads}
    stored_leads = Lead.rows.filter(Q(pk__in=rows) | Q(merged_into__in=rows))
    for row in stored_leads.select_related("company"):
        rows[row.merged_into_id or row.pk].append(row)
    keys = {
        lead.pk: stop_keys.keys_of(normal.clean_email(lead.email or ""), rows[lead.pk])
        for lead in leads
    }
    values = {value for mine in keys.values() for _, value in mine}
    stored = list(rows_in_force(now).filter(scope__in=Scope.values, value__in=values))
    found = {}
    for lead in leads:
        about = [row for row in stored if stop_keys.row_applies(row, keys[lead.pk])]
        if stop := _first_stop(lead.email or "", rows[lead.pk], about):
            found[lead.pk] = stop
    return found


def rows_in_force(now: datetime | None = None) -> QuerySet[Suppression]:
    return Suppression.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now or timezone.now()))


def _first_stop(given: str, person: Sequence[Lead], rows: list[Suppression]) -> Stop | None:
    address, by_reason = normal.clean_email(given), {row.reason: row for row in rows}
    for reason in REASON_ORDER:
        if row := by_reason.get(reason):
            return Stop(row.reason, row.get_reason_display(), row.source)
    if given.strip() and not address:
        return Stop(Reason.INVALID, Reason.INVALID.label, "it is not an email address")
    if any(stop_keys.company_domain(row) in settings.OWN_DOMAINS for row in person):
        return Stop(Reason.OWN_DOMAIN, Reason.OWN_DOMAIN.label, "OWN_DOMAINS")
    if any(row.email_invalid and row.email == address for row in person if address):
        return Stop(Reason.INVALID, Reason.INVALID.label, "Clay")
    return stop_by_lists(address) if address else None


def rows_of(lead: Lead) -> list[Lead]:
    """Read every row of the person of `lead`, merged ones included, with their companies."""
    if lead.pk is None:
        return [lead]
    person = person_of(lead.pk)
    rows = Lead.rows.filter(Q(pk=person) | Q(merged_into=person)).order_by("pk")
    return list(rows.select_related("company"))


def suppressions_of(lead: Lead) -> QuerySet[Suppression]:
    """The rows that stop the person of `lead`, whichever row or address they were stored for."""
    keys = stop_keys.keys_of("", rows_of(lead))
    weak = Q(scope=Scope.ADDRESS, reason__in=STOPS_THE_ADDRESS_ONLY)
    weak |= Q(scope=Scope.DOMAIN)  # of the company, not of the person
    return Suppression.objects.filter(
        stop_keys.rows_of_scopes(stop_keys.values_by_scope(keys))
    ).exclude(weak)


def is_erased(lead: Lead) -> bool:
    return suppressions_of(lead).filter(reason=Reason.ERASED).exists()


def is_marked(*identifiers: str) -> bool:
    """Whether a normalised address or LinkedIn key belongs to an erased person."""
    return Suppression.marks_erased(*identifiers)


def marked_among(identifiers: Sequence[str]) -> set[str]:
    """Those of many normalised identifiers that belong to erased people. Few queries."""
    by_hash = defaultdict[str, set[str]](set)  # several addresses may have one mailbox
    for one in filter(None, identifiers):
        by_hash[erased_hash(one)].add(one)
        by_hash[erased_hash(normal.mailbox_address(one))].add(one)
    marks = Suppression.objects.filter(scope=Scope.ADDRESS_HASH, reason=Reason.ERASED)
    wanted, found = list(by_hash), set[str]()
    for start in range(0, len(wanted), 500):
        rows = marks.filter(value__in=wanted[start : start + 500])
        found = found.union(*(by_hash[mark] for mark in rows.values_list("value", flat=True)))
    return found


def stop_by_lists(address: str) -> Stop | None:
    """Check for our own domain and for personal, role and disposable mailboxes."""
    local, _, host = address.partition("@")
    registrable = normal.registrable_domain(host)
    if not set(settings.OWN_DOMAINS).isdisjoint(stop_keys.host_and_parents(host)):
        return Stop(Reason.OWN_DOMAIN, Reason.OWN_DOMAIN.label, "OWN_DOMAINS")
    if host in lists.load_list("free_mail") or registrable in lists.load_list("free_mail"):
        return Stop(Reason.PERSONAL, Reason.PERSONAL.label, "list of personal mailbox providers")
    if host in lists.load_list("disposable_mail") or registrable in lists.load_list(
        "disposable_mail"
    ):
        return Stop(
            Reason.DISPOSABLE, Reason.DISPOSABLE.label, "list of throw-away mailbox providers"
        )
    if local.split("+")[0] in lists.load_list("role_mailboxes"):
        return Stop(Reason.ROLE, Reason.ROLE.label, "list of role mailboxes")
    return None


def suppress(address: str, reason: str, source: str, lead: Lead | None = None) -> None:
    """Suppress an address and, unless the reason concerns the mailbox only, the person.

    Safe to repeat. Never lifts a suppression; removes an expiry date. The address of an erased
    person is not stored again: its mark stops it.
    """
    address = normal.clean_email(address)
    if is_marked(address):
        address = ""
    with transaction.atomic():
        person = locks.lock_lead(lead.pk) if lead is not None else None
        for value in values_to_stop(address, reason) if address else ():
            _add_row(Scope.ADDRESS, value, reason, source, person)
        if person is not None and reason not in STOPS_THE_ADDRESS_ONLY:
            for row in rows_of(person):  # an undone merge leaves each lead stopped
                _add_row(Scope.PERSON, str(row.pk), reason, source, person)


def stop_entry(scope: str, value: str, reason: str, source: str) -> None:
    """Stop an address or a domain of which nobody is known. Safe to repeat; never lifts one."""
    with transaction.atomic():
        for one in values_to_stop(value, reason) if scope == Scope.ADDRESS else [value]:
            _add_row(scope, one, reason, source, None)


def values_to_stop(value: str, reason: str) -> list[str]:
    """ "jane+news@acme.com" said no: so did "jane@acme.com", whose mailbox it is."""
    also = [] if reason in STOPS_THE_ADDRESS_ONLY else [normal.mailbox_address(value)]
    return list(dict.fromkeys([value, *also]))


def copy_suppression(lead: Lead, row: Suppression) -> None:
    """Stop the person of `lead` for the same reason and as long as `row`."""
    if row.reason not in STOPS_THE_ADDRESS_ONLY:
        defaults = {"source": row.source, "lead": lead, "expires_at": row.expires_at}
        Suppression.objects.get_or_create(
            scope=Scope.PERSON, value=str(lead.pk), reason=row.reason, defaults=defaults
        )


def _add_row(scope: str, value: str, reason: str, source: str, lead: Lead | None) -> None:
    row, made = Suppression.objects.get_or_create(
        scope=scope, value=value, reason=reason, defaults={"source": source[:40], "lead": lead}
    )
    is_own_wish = scope == Scope.PERSON and reason in OPTED_OUT
    if is_own_wish and lead is not None and value == str(lead.pk) and (made or row.expires_at):
        outbox.emit(EventType.LEAD_OPTED_OUT, lambda: _announced_stop(row, lead))
    if made:
        return
    strengthen(row, source)


def strengthen(row: Suppression, source: str, until: datetime | None = None) -> None:
    """Store what a further source changes: a stop never ends sooner, and one that only our sorting
    of a reply had found is now their own wish, which nobody can take back.
    """
    changes: dict[str, Any] = {}
    if row.expires_at is not None and (until is None or until > row.expires_at):
        changes["expires_at"] = until
    if row.source == BY_MACHINE != source[:40]:
        changes["source"] = source[:40]
    for name, value in changes.items():
        setattr(row, name, value)
    if changes:
        Suppression.objects.filter(pk=row.pk).update(**changes)


def _announced_stop(row: Suppression, lead: Lead) -> dict[str, Any]:
    return {
        "lead": str(lead.public_id),
        "reason": row.reason,
        "suppression": row.pk,
        "at": timezone.now().isoformat(),
    }


def end_machine_stops(person: Lead, *reasons: str) -> list[Suppression]:
    """End the stops of `person` that only our sorting of a reply found. The rows stay."""
    rows = Suppression.objects.filter(
        lead__in=rows_of(person), reason__in=reasons, source=BY_MACHINE, expires_at=None
    )
    ended = list(rows.select_for_update().order_by("pk"))
    rows.filter(pk__in=[row.pk for row in ended]).update(expires_at=timezone.now())
    return ended
