"""Who a person is to us: their leads, merged ones included, and all that they are known by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from caio_project.privacy.marks import marks_of
from leads import normal
from leads.identity import lead_matching
from leads.inbound import event_search
from leads.integrations import clay_callback, rb2b
from leads.integrations.body_errors import UnreadableBody
from leads.models import InboundEvent, Lead, Merge, Suppression
from leads.suppression import suppression
from outreach.models import Message, SandboxEmail

CHUNK = 2_000


@dataclass(frozen=True)
class Subject:
    """`rows` are the surviving lead and what was merged into it; empty for somebody unknown."""

    rows: list[Lead]
    identifiers: set[str] = field(default_factory=set)

    @property
    def pks(self) -> list[int]:
        return [row.pk for row in self.rows]

    @property
    def marks(self) -> list[str]:
        return sorted(marks_of(self.identifiers))


def find_subject(address: str) -> Subject:
    """Whoever is known by a normalised address: now, once, or with something after a plus."""
    lead = lead_matching.find_lead(address, "") or _lead_by_other_address(address)
    if lead is None:
        return Subject([], {address})
    found = subject_of(lead)
    return Subject(found.rows, found.identifiers | {address})


def subject_of(lead: Lead) -> Subject:
    rows = suppression.rows_of(lead)
    return Subject(rows, set(_identifiers_of(rows)))


def leads_by_marks(marks: set[str], after: int = 0) -> list[Lead]:
    """The surviving leads that carry an identifier of `marks`. Reads all leads behind `after`."""
    found: dict[int, Lead] = {}
    rows = Lead.rows.filter(pk__gt=after).select_related("merged_into").order_by("pk")
    for row in rows.iterator(chunk_size=CHUNK):
        known = [row.email or "", row.personal_email, row.linkedin_key or ""]
        if not marks.isdisjoint(marks_of(known)):
            person = row.merged_into or row
            found[person.pk] = person
    return list(found.values())


def _lead_by_other_address(address: str) -> Lead | None:
    mailbox = normal.mailbox_address(address)
    local, _, host = mailbox.rpartition("@")
    alias = {"startswith": f"{local}+", "endswith": f"@{host}"}
    for name in ("email", "personal_email"):
        either = Lead.rows.filter(**{name: mailbox}) | Lead.rows.filter(
            **{f"{name}__{how}": text for how, text in alias.items()}
        )
        if row := either.select_related("merged_into").first():
            return row.merged_into or row
    message = Message.objects.filter(to_address__in=[address, mailbox]).first()
    row = (
        Lead.rows.select_related("merged_into").filter(pk=message.lead_id).first()
        if message
        else None
    )
    return (row.merged_into or row) if row else None


def _identifiers_of(rows: list[Lead]) -> Iterator[str]:
    for row in rows:
        yield from (row.email or "", row.personal_email, row.linkedin_key or "")
    yield from Message.objects.filter(lead__in=rows).values_list("to_address", flat=True)
    kept = SandboxEmail.objects.filter(message__lead__in=rows)
    yield from (normal.clean_email(one) for one in kept.values_list("to_address", flat=True))
    stops = Suppression.objects.filter(lead__in=rows, scope=Suppression.Scope.ADDRESS)
    yield from stops.values_list("value", flat=True)
    for merge in Merge.objects.filter(survivor__in=rows, state=Merge.State.MERGED):
        yield from _identifiers_in_fields(merge.fields)
    yield from _identifiers_in_bodies(event_search.events_of_person(rows))


def _identifiers_in_fields(fields: dict[str, Any]) -> Iterator[str]:
    for name in ("email", "personal_email", "linkedin_key"):
        for value in fields.get(name, {}).values():
            if isinstance(value, list) and value and isinstance(value[0], str):
                yield value[0]


def _identifiers_in_bodies(events: Iterable[InboundEvent]) -> Iterator[str]:
    """Other addresses that RB2B or Clay named. What GoHighLevel sends quotes other people."""
    for event in events:
        try:
            if event.source == "clay":
                known_by = clay_callback.identifiers_of(
                    clay_callback.parse_callback(bytes(event.body))
                )
                yield from (*known_by.addresses, known_by.linkedin_key)
            elif event.source in ("rb2b", "api", "import"):
                visitor = rb2b.parse_visitor(bytes(event.body))
                yield from lead_matching.visitor_addresses(visitor)
                yield normal.linkedin_key(visitor.linkedin_url)
        except UnreadableBody:
            continue
