"""Finds events by an id, by the person or company they are about, or by the words of their reason.

Bodies are never searched. Whom an event is about is in its visit or in `about`: each has an index.
"""

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from leads import normal
from leads.inbound.parked import StoredReason
from leads.models import Company, InboundEvent, Lead, Visit

UUID_PATTERN = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
MOST_REASONS_SEARCHED = (
    2000  # of the newest events that have one; a search for words reads no further
)
VisibleReason = Callable[[StoredReason], str]


def find_events(
    events: QuerySet[InboundEvent], words: str, shown: VisibleReason
) -> QuerySet[InboundEvent]:
    """The events that `words` name. `shown` is a reason as the searcher may read it, so that hidden
    text is never found.
    """
    words = words.strip()
    if one := UUID_PATTERN.search(words):
        return _events_by_id(events, uuid.UUID(one[0]))
    if key := normal.linkedin_key(words):
        return events.filter(pk__in=_events_about(people=_leads_known_as(Q(linkedin_key=key))))
    if "@" in words:
        address = normal.clean_email(words)
        return events.filter(
            pk__in=_events_about(
                people=_leads_known_as(Q(email=address) | Q(personal_email=address))
                if address
                else []
            )
        )
    return events.filter(pk__in=_event_keys_by_words(words, shown))


def events_of_person(rows: list[Lead]) -> QuerySet[InboundEvent]:
    return InboundEvent.objects.filter(pk__in=_events_about(people=[row.pk for row in rows]))


def _events_by_id(events: QuerySet[InboundEvent], public_id: uuid.UUID) -> QuerySet[InboundEvent]:
    if people := _leads_known_as(Q(public_id=public_id)):
        return events.filter(pk__in=_events_about(people=people))
    return events.filter(public_id=public_id)


def _leads_known_as(known_as: Q) -> list[int]:
    found = list(Lead.rows.filter(known_as).values_list("pk", "merged_into")[:100])
    people = {into or pk for pk, into in found}
    return list(
        Lead.rows.filter(Q(pk__in=people) | Q(merged_into__in=people)).values_list("pk", flat=True)
    )


def _event_keys_by_words(words: str, shown: VisibleReason) -> Any:
    companies = list(_companies_named(words).values_list("pk", flat=True)[:20])
    return _events_about(
        people=_leads_known_as(Q(pk__in=_leads_named(words))),
        companies=companies,
        also=_with_reason(words, shown),
    )


def _leads_named(words: str) -> list[int]:
    parts = words.lower().split()
    fits = Q(low_last=" ".join(parts))
    for at in range(1, min(len(parts), 5)):
        fits |= Q(low_first=" ".join(parts[:at]), low_last=" ".join(parts[at:]))
    rows = Lead.rows.alias(low_last=Lower("last_name"), low_first=Lower("first_name")).filter(fits)
    return list(rows.values_list("pk", flat=True)[:100])


def _companies_named(words: str) -> QuerySet[Company]:
    key, domain = (
        normal.company_key(words),
        normal.registrable_domain(words) if "." in words else "",
    )
    return Company.objects.filter(
        (Q(name_key=key) if key else Q(pk=None)) | (Q(domain=domain) if domain else Q(pk=None))
    )


def _with_reason(words: str, shown: VisibleReason) -> list[int]:
    newest = InboundEvent.objects.exclude(reason="").order_by("-received_at")
    rows = newest.values_list("pk", "reason_code", "reason_args", "reason")
    texts: dict[tuple[str, str], str] = {}  # by code and sentence, for many rows have the same
    found = []
    for pk, code, args, sentence in rows[:MOST_REASONS_SEARCHED]:
        if (code, sentence) not in texts:
            texts[code, sentence] = shown(StoredReason(code, args, sentence)).lower()
        if words.lower() in texts[code, sentence]:
            found.append(pk)
    return found


def _events_about(
    people: list[int], companies: list[int] | None = None, also: list[int] | None = None
) -> Any:
    """Keys of events about these leads, of visits of these companies, and those in `also`.

    One IN over a UNION: conditions on several tables joined by OR would read all events.
    """
    visits = Visit.objects.exclude(event=None).order_by()
    named_directly = InboundEvent.objects.filter(about__in=people).order_by().values("pk")
    parts = [
        visits.filter(lead__in=people).values("event"),
        InboundEvent.objects.filter(pk__in=also or []).values("pk"),
    ]
    if companies:
        parts += [
            visits.filter(company__in=companies).values("event"),
            InboundEvent.objects.filter(about__company__in=companies).order_by().values("pk"),
        ]
    return named_directly.union(*parts)
