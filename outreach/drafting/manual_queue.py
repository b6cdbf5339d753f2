"""Queue emails by hand to known leads: a tier, or a list from a file. Each one is CRITICAL."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from caio_project.lib.files import FileReport, UnreadableFile, csv_rows
from caio_project.lib.nudge import nudge
from leads import locks, normal
from leads.identity import lead_matching
from leads.models import Kind, Lead
from outreach.choices import Status
from outreach.drafting import critical_reasons, no_draft
from outreach.drafting.no_draft import NoDraft, NoDraftCode
from outreach.models import Message, Segment, Transport

MOST_LEADS = 2000  # leads that one segment may queue; a reviewer decides about each


@dataclass
class Selection:
    """The leads that can be queued, and how many cannot, by reason."""

    what: str
    leads: list[Lead] = field(default_factory=list)
    left_out: Counter[NoDraft] = field(default_factory=Counter)

    @property
    def looked_at(self) -> int:
        return len(self.leads) + self.left_out.total()


def select_tier(tier: str, limit: int) -> Selection:
    found = Lead.objects.filter(kind=Kind.LIVE, tier=tier).order_by("-score", "-pk")
    return _select_leads(tier, found.iterator(chunk_size=200), limit)


def select_sandboxed(limit: int = MOST_LEADS) -> Selection:
    """Select the people whose newest first email was approved in the sandbox, best score first."""
    people = Lead.objects.filter(pk__in=kept_first_emails().values("lead"), kind=Kind.LIVE)
    ordered = people.order_by(F("score").desc(nulls_last=True), "-pk")
    return _select_leads(critical_reasons.SANDBOX_SEGMENT, ordered.iterator(chunk_size=200), limit)


def kept_first_emails() -> QuerySet[Message]:
    """First emails that the sandbox kept, after which nothing else was begun for their lead."""
    later = Message.objects.filter(lead=OuterRef("lead"), step=1, pk__gt=OuterRef("pk"))
    kept = Message.objects.filter(kind=Kind.LIVE, status=Status.SENT, transport=Transport.SANDBOX)
    return kept.filter(~Exists(later), step=1)


def why_none_comes_back() -> str:
    """A sentence while GoHighLevel is in the sandbox: an approval would be kept there again."""
    if "ghl" in settings.SANDBOXED:
        return "GoHighLevel is still in the sandbox. Take ghl out of SANDBOX first."
    return ""


def select_from_file(raw: bytes, limit: int = MOST_LEADS) -> tuple[Selection, FileReport]:
    """Select the leads of a CSV with a column email or linkedin_url; all must be known."""
    report, leads = FileReport(), {}
    for line, row in csv_rows(raw, required=()):
        if not report.read and isinstance(row, dict):
            _require_columns(row)
        report.read += 1
        found = row if isinstance(row, str) else _lead_of_row(row)
        if isinstance(found, str):
            report.wrong(line, found)
        else:
            leads[found.pk] = found
    report.require_rows()
    return _select_leads(
        f"file {hashlib.sha256(raw).hexdigest()[:12]}", leads.values(), limit
    ), report


def _require_columns(row: dict[str, str]) -> None:
    if not {_column_name(name) for name in row} & {"email", "linkedin_url"}:
        raise UnreadableFile("The first line has no column email or linkedin_url.")


def _column_name(name: str) -> str:
    return name.lower().replace(" ", "_")


def _lead_of_row(row: dict[str, str]) -> Lead | str:
    named = {_column_name(name): value for name, value in row.items()}
    return _known_lead(named.get("email", ""), named.get("linkedin_url", ""))


def _known_lead(email: str, linkedin: str) -> Lead | str:
    address, key = normal.clean_email(email), normal.linkedin_key(linkedin)
    if not address and not key:
        return "email: neither an address nor a LinkedIn URL of a person is there."
    found = lead_matching.find_lead(address, "" if address else key)
    if found is not None and found.kind == Kind.LIVE:
        return found
    return f"email: nobody here is {address or key}; import_visitors brings new people."


def _select_leads(what: str, leads: Iterable[Lead], limit: int) -> Selection:
    selection = Selection(what)
    for lead in leads:
        if len(selection.leads) >= min(limit, MOST_LEADS):
            break
        if reason := why_not_queued(lead):
            selection.left_out[reason] += 1
        else:
            selection.leads.append(lead)
    return selection


def why_not_queued(lead: Lead) -> NoDraft | None:
    """The reason why `lead` cannot be queued by hand. An old visit is none."""
    if not lead.assessments.exists():
        return NoDraft(NoDraftCode.NOT_SCORED)
    return no_draft.why_no_first_email(lead)


def queue_selection(selection: Selection, by: Any) -> Segment:
    """Open a draft for each lead who can still be written to, in one transaction.

    A lead for whom an email was opened meanwhile is left out and not counted.
    """
    with transaction.atomic():
        locks.lock_leads(*(lead.pk for lead in selection.leads))
        still = [lead for lead in selection.leads if not why_not_queued(lead)]
        segment = Segment.objects.create(
            what=selection.what, looked_at=selection.looked_at, queued=len(still), by=by
        )
        for lead in still:
            Message.objects.create(
                lead=lead,
                assessment=lead.assessments.first(),
                kind=lead.kind,
                to_address=lead.email or "",
                segment=segment,
            )
    nudge("outreach.write_drafts")
    return segment
