"""Whether we may write to somebody: one function, asked at every door (ingest, draft, approve, send).

Asked about a lead, it reads the row as it stands and every row that was merged into the same person: a no that was said
to one of them holds for all, at once and without being copied.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from leads import lists, locks, normal
from leads.models import Lead, Suppression, person_of

Reason = Suppression.Reason
Scope = Suppression.Scope

# These stop one mailbox; the person may still have another. All other reasons stop the person.
STOPS_THE_ADDRESS_ONLY = {Reason.PERSONAL, Reason.ROLE, Reason.DISPOSABLE, Reason.BOUNCED, Reason.INVALID}
# What stops the person outranks what stops one mailbox, or another one would be looked for.
PRECEDENCE = sorted(Reason.values, key=lambda reason: reason in STOPS_THE_ADDRESS_ONLY)


@dataclass(frozen=True)
class Stop:
    """Why we must not write."""

    reason: str
    text: str
    source: str

    @property
    def stops_person(self) -> bool:
        return self.reason not in STOPS_THE_ADDRESS_ONLY


def verdict(address: str, lead: Lead | None = None, now: datetime | None = None) -> Stop | None:
    """The first reason not to write to `address` (any spelling) or to `lead`, or None. Two queries."""
    given, address = address.strip(), normal.email(address)
    person = rows_of(lead) if lead is not None else []
    rows = Suppression.objects.filter(_about(address, person)).filter(
        Q(expires_at=None) | Q(expires_at__gt=now or timezone.now())
    )
    by_reason = {row.reason: row for row in rows}
    for reason in PRECEDENCE:
        if row := by_reason.get(reason):
            return Stop(row.reason, row.get_reason_display(), row.source)
    if given and not address:
        return Stop(Reason.INVALID, Reason.INVALID.label, "it is not an email address")
    if any(row.email_invalid and row.email == address for row in person if address):
        return Stop(Reason.INVALID, Reason.INVALID.label, "Clay")
    return by_lists(address) if address else None


def rows_of(lead: Lead) -> list[Lead]:
    """Every row that stands, or stood, for the person of `lead`, read now; a row may be younger than what one holds."""
    if lead.pk is None:
        return [lead]
    person = person_of(lead.pk)
    return list(Lead.rows.filter(Q(pk=person) | Q(merged_into=person)).order_by("pk"))


def of_person(lead: Lead) -> QuerySet[Suppression]:
    """What stops the person of `lead`, by whichever row or address it was said."""
    return Suppression.objects.filter(_about("", rows_of(lead)))


def is_erased(lead: Lead) -> bool:
    return of_person(lead).filter(reason=Reason.ERASED).exists()


def is_marked(*identifiers: str) -> bool:
    """Whether an address or a LinkedIn key, normalised, is one that an erasure left its mark for."""
    marks = [hashed(one) for one in identifiers if one]
    return Suppression.objects.filter(scope=Scope.ADDRESS_HASH, value__in=marks, reason=Reason.ERASED).exists()


def _about(address: str, person: list[Lead]) -> Q:
    wanted = Q(pk=None)
    if address:
        wanted |= Q(scope=Scope.ADDRESS, value=address)
        wanted |= Q(scope=Scope.ADDRESS_HASH, value=hashed(address))
        wanted |= Q(scope=Scope.DOMAIN, value__in=_and_parents(address.rpartition("@")[2]))
    if person:
        wanted |= Q(scope=Scope.PERSON, value__in=[str(row.pk) for row in person])
        # Who said no at one address has not said yes at another.
        others = {mail for row in person for mail in (row.email or "", row.personal_email)} - {"", address}
        wanted |= Q(scope=Scope.ADDRESS, value__in=others) & ~Q(reason__in=STOPS_THE_ADDRESS_ONLY)
        keys = {row.linkedin_key for row in person if row.linkedin_key}
        wanted |= Q(scope=Scope.ADDRESS_HASH, value__in=[hashed(one) for one in others | keys])
    return wanted


def _and_parents(host: str) -> list[str]:
    """ "mail.acme.co.uk", "acme.co.uk", "co.uk": a domain that is stopped stops everything below it."""
    labels = host.split(".")
    return [".".join(labels[n:]) for n in range(max(1, len(labels) - 1))]


def by_lists(address: str) -> Stop | None:
    """What the address alone says: our own domain, a personal, role or disposable mailbox."""
    local, _, host = address.partition("@")
    registrable = normal.domain(host)
    if not set(settings.OWN_DOMAINS).isdisjoint(_and_parents(host)):
        return Stop(Reason.OWN_DOMAIN, Reason.OWN_DOMAIN.label, "OWN_DOMAINS")
    if host in lists.named("free_mail") or registrable in lists.named("free_mail"):
        return Stop(Reason.PERSONAL, Reason.PERSONAL.label, "list of personal mailbox providers")
    if host in lists.named("disposable_mail") or registrable in lists.named("disposable_mail"):
        return Stop(Reason.DISPOSABLE, Reason.DISPOSABLE.label, "list of throw-away mailbox providers")
    if local.split("+")[0] in lists.named("role_mailboxes"):
        return Stop(Reason.ROLE, Reason.ROLE.label, "list of role mailboxes")
    return None


def stop(address: str, reason: str, source: str, lead: Lead | None = None) -> None:
    """Suppress an address and, where the reason is the person's own wish, the person. Safe to repeat; never lifts."""
    address = normal.email(address)
    with transaction.atomic():
        person = locks.people(lead.pk)[0] if lead is not None else None
        if address:
            _add(Scope.ADDRESS, address, reason, source, person)
        if person is not None and reason not in STOPS_THE_ADDRESS_ONLY:
            for row in rows_of(person):  # should a merge be undone, each of them has said it
                _add(Scope.PERSON, str(row.pk), reason, source, person)


def also_stop(lead: Lead, said: Suppression) -> None:
    """Stop `lead` as a person for the same reason and as long as `said`."""
    if said.reason not in STOPS_THE_ADDRESS_ONLY:
        named = {"source": said.source, "lead": lead, "expires_at": said.expires_at}
        Suppression.objects.get_or_create(scope=Scope.PERSON, value=str(lead.pk), reason=said.reason, defaults=named)


def _add(scope: str, value: str, reason: str, source: str, lead: Lead | None) -> None:
    row, made = Suppression.objects.get_or_create(
        scope=scope, value=value, reason=reason, defaults={"source": source[:40], "lead": lead}
    )
    if not made and row.expires_at is not None:
        Suppression.objects.filter(pk=row.pk).update(expires_at=None)


def hashed(address: str) -> str:
    """The one-way mark that an erased address leaves behind."""
    return hashlib.sha256(f"caio:{address}".encode()).hexdigest()
