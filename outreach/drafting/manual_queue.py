"""Queue emails by hand to known leads: a tier, or a list from a file. Each one is CRITICAL."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from caio_project.lib.db import claims
from caio_project.lib.files import FileReport, UnreadableFile, csv_rows
from caio_project.lib.nudge import nudge
from caio_project.lib.vendor_access.access import is_sandboxed
from leads import locks, normal
from leads.identity import lead_matching
from leads.models import Kind, Lead
from leads.scoring_rules import Tier
from outreach.choices import Status, Transport
from outreach.drafting import critical_reasons, no_draft
from outreach.drafting.no_draft import NoDraft, NoDraftCode
from outreach.models import Message, Segment, SegmentRequest

MOST_LEADS = 2000  # leads that one segment may queue; a reviewer decides about each
REQUESTS_TASK = "outreach.queue_segments"
REQUEST_SECONDS = 300  # after which another worker takes a request that was begun
MOST_TRIES = 3
RequestState = SegmentRequest.State


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
    if is_sandboxed("ghl"):
        return "GoHighLevel is still in the sandbox. Take ghl out of SANDBOX first."
    return ""


def select_from_file(raw: bytes, limit: int = MOST_LEADS) -> tuple[Selection, FileReport]:
    """Select the leads of a CSV with a column email or linkedin_url; all must be known."""
    leads, report = read_leads(raw)
    return _select_leads(list_name(raw), leads, limit), report


def read_leads(raw: bytes) -> tuple[list[Lead], FileReport]:
    """Find the leads that a CSV names. Raises UnreadableFile."""
    report, leads = FileReport(), {}
    for line, row in csv_rows(raw, required=(), plain_name=_column_name):
        if not report.read and isinstance(row, dict):
            _require_columns(row)
        report.read += 1
        found = row if isinstance(row, str) else _lead_of_row(row)
        if isinstance(found, str):
            report.wrong(line, found)
        else:
            leads[found.pk] = found
    report.require_rows()
    return list(leads.values()), report


def list_name(raw: bytes) -> str:
    return f"file {hashlib.sha256(raw).hexdigest()[:12]}"


def _require_columns(row: dict[str, str]) -> None:
    if not row.keys() & {"email", "linkedin_url"}:
        raise UnreadableFile("The first line has no column email or linkedin_url.")


def _column_name(name: str) -> str:
    return name.lower().replace(" ", "_")


def _lead_of_row(row: dict[str, str]) -> Lead | str:
    return _known_lead(row.get("email", ""), row.get("linkedin_url", ""))


def _known_lead(email: str, linkedin: str) -> Lead | str:
    address, key = normal.clean_email(email), normal.linkedin_key(linkedin)
    if not address and not key:
        return "email: neither an address nor a LinkedIn URL of a person is there."
    found = lead_matching.find_lead(address, "" if address else key)
    if found is not None and found.kind == Kind.LIVE:
        return found
    return f"email: nobody here is {address or key}; import the person first."


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


def request_segment(what: str, limit: int, by: Any, leads: Iterable[Lead] = ()) -> SegmentRequest:
    """Ask for a count of `what`: a tier, or the `leads` of a list."""
    ids = [lead.pk for lead in leads]
    made = SegmentRequest.objects.create(what=what, limit=limit, by=by, lead_ids=ids)
    nudge(REQUESTS_TASK)
    return made


def confirm_request(request: SegmentRequest, by: Any, reason: str) -> bool:
    """Let a counted request be queued; False where it was confirmed before, or is not counted."""
    counted = SegmentRequest.objects.filter(pk=request.pk, state=RequestState.COUNTED)
    confirmed = claims.claim_row(
        counted.exclude(lead_ids=[]),
        state=RequestState.CONFIRMED,
        confirmed_by=by,
        reason=reason,
        attempts=0,
        lease_until=None,
    )
    if confirmed:
        nudge(REQUESTS_TASK)
    return confirmed


def work_off_requests() -> int:
    """Count what was asked for, and queue what was confirmed; returns how many requests."""
    done = 0
    due = SegmentRequest.objects.filter(state__in=[RequestState.COUNTING, RequestState.CONFIRMED])
    for request in claims.lease_rows(due.order_by("pk"), REQUEST_SECONDS, related=("by",)):
        done += 1
        if request.attempts > MOST_TRIES:
            _still(request).update(state=RequestState.FAILED)
        elif request.state == RequestState.COUNTING:
            _count_request(request)
        else:
            _queue_request(request)
    return done


def _still(request: SegmentRequest) -> QuerySet[SegmentRequest]:
    """The request, while nobody else has worked on it since it was leased."""
    same = {"state": request.state, "attempts": request.attempts}
    return SegmentRequest.objects.filter(pk=request.pk, **same)


def _count_request(request: SegmentRequest) -> None:
    if request.what in Tier.values:
        selection = select_tier(request.what, request.limit)
    else:
        selection = _select_leads(request.what, _leads_in_order(request), request.limit)
    reasons = selection.left_out.most_common()
    _still(request).update(
        state=RequestState.COUNTED,
        lead_ids=[lead.pk for lead in selection.leads],
        left_out=[[why.code.value, list(why.arguments), count] for why, count in reasons],
        lease_until=None,
    )


def _queue_request(request: SegmentRequest) -> None:
    leads, reasons = _leads_in_order(request), left_out_of(request)
    with transaction.atomic():
        if claims.claim_row(_still(request), state=RequestState.DONE, lease_until=None):
            selection = Selection(request.what, leads, reasons)
            request.segment = queue_selection(selection, request.confirmed_by)
            SegmentRequest.objects.filter(pk=request.pk).update(segment=request.segment)


def _leads_in_order(request: SegmentRequest) -> list[Lead]:
    found = Lead.objects.in_bulk(request.lead_ids)
    return [found[pk] for pk in request.lead_ids if pk in found]


def left_out_of(request: SegmentRequest) -> Counter[NoDraft]:
    return Counter(
        {
            NoDraft(NoDraftCode(code), tuple(arguments)): count
            for code, arguments, count in request.left_out
        }
    )
