"""What came in about one person, for their page: when, from whom, what became of it, and the way into the vault."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from caio_project.event_vault import sources
from leads.inbound import event_search
from leads.models import Lead
from leads.suppression import suppression

MOST = 8


@dataclass(frozen=True)
class Line:
    """One event; its reason is as who looks may read it."""

    at: datetime
    source: str
    state: str
    reason: str
    next_step: str
    page: str


@dataclass(frozen=True)
class CameIn:
    events: list[Line]
    more: bool
    page: str  # all of them in the vault


def came_in(lead: Lead, user: Any) -> CameIn | None:
    """The newest events about the person of `lead`; None for whom the vault is shut."""
    if not (user.is_staff and user.has_perm("leads.view_inboundevent")):
        return None
    rows = (
        event_search.of_person(suppression.rows_of(lead))
        .defer("body")
        .order_by("-received_at", "-pk")
    )
    found = list(rows[: MOST + 1])
    lines = [
        Line(
            at=event.received_at,
            source=sources.NAMES.get(event.source, event.source),
            state=event.get_state_display(),
            reason=sources.shown(event.reason, user),
            next_step=sources.next_step(event),
            page=reverse("admin:leads_inboundevent_change", args=[event.pk]),
        )
        for event in found[:MOST]
    ]
    vault = reverse("admin:leads_inboundevent_changelist")
    return CameIn(lines, len(found) > MOST, f"{vault}?{urlencode({'q': lead.public_id})}")
