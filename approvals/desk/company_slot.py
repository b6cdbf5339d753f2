"""Who else at the company waits for an email, beside the one on the desk."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from outreach.choices import Status
from outreach.content.check_results import SLOT_CODES
from outreach.lifecycle.transitions import OPEN
from outreach.models import Message

MOST_SHOWN = 5
BEFORE_OTHERS = (Status.HELD, Status.CLEARED, Status.SENDING, Status.UNCERTAIN)


@dataclass(frozen=True)
class CompanySlot:
    """The email that goes first at a company, and those on hold behind it."""

    first: Message | None
    on_hold: list[Message]  # the best placed first
    more: bool  # there are others on hold

    @property
    def can_change(self) -> bool:
        return self.first is not None and self.first.status == Status.HELD


def slot_at_company(message: Message) -> CompanySlot | None:
    """None where nobody else at the company waits. One query."""
    if message.lead.company_id is None:
        return None
    rows = list(open_at_company(message.lead.company_id, message.kind)[: MOST_SHOWN + 2])
    on_hold = [one for one in rows if one.status == Status.BLOCKED]
    first = next((one for one in rows if one.status in BEFORE_OTHERS), None)
    if not on_hold:
        return None
    return CompanySlot(first, on_hold[:MOST_SHOWN], len(on_hold) > MOST_SHOWN)


def first_at_company(company: int) -> Message | None:
    rows = Message.objects.filter(lead__company=company, status__in=BEFORE_OTHERS)
    return rows.select_related("lead").order_by("rank", "-intent", "pk").first()


def open_at_company(company: int, kind: str) -> QuerySet[Message]:
    """Emails of a company that go first or are on hold, in this order, the best placed first."""
    on_hold = Q(status=Status.BLOCKED, blocked_by__in=SLOT_CODES)
    rows = Message.objects.filter(on_hold | Q(status__in=BEFORE_OTHERS), lead__company=company)
    wanted = rows.filter(kind=kind, status__in=OPEN).select_related("lead", "template")
    return wanted.alias(waits=on_hold).order_by("waits", "rank", "-intent", "pk")
