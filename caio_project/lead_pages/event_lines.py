"""Inbound events about one lead, for the lead's page, with links into the event vault."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from caio_project.event_vault import sources
from caio_project.lib.words.source_names import SOURCE_NAMES
from leads.inbound import event_search, parked
from leads.models import Lead
from leads.suppression import suppression

MAX_EVENTS = 8


@dataclass(frozen=True)
class EventLine:
    """One event; the reason is masked for users who may not read it."""

    at: datetime
    source: str
    state: str
    reason: str
    next_step: str
    page: str
    log_id: str


@dataclass(frozen=True)
class LeadEvents:
    events: list[EventLine]
    more: bool
    page: str  # all of them in the vault


def events_about(lead: Lead, user: Any) -> LeadEvents | None:
    """The newest events about the lead; None for users without access to the vault."""
    if not (user.is_staff and user.has_perm("leads.view_inboundevent")):
        return None
    rows = (
        event_search.events_of_person(suppression.rows_of(lead))
        .defer("body")
        .order_by("-received_at", "-pk")
    )
    found = list(rows[: MAX_EVENTS + 1])
    lines = [
        EventLine(
            at=event.received_at,
            source=SOURCE_NAMES.get(event.source, event.source),
            state=event.get_state_display(),
            reason=sources.shown_reason(parked.reason_of(event), user),
            next_step=sources.next_step(event),
            page=reverse("admin:leads_inboundevent_change", args=[event.pk]),
            log_id=event.correlation_id(),
        )
        for event in found[:MAX_EVENTS]
    ]
    vault = reverse("admin:leads_inboundevent_changelist")
    return LeadEvents(lines, len(found) > MAX_EVENTS, f"{vault}?{urlencode({'q': lead.public_id})}")
