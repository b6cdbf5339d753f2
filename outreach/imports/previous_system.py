"""Import what happened before this system, so that nobody gets a second first email.

A past email gets the transport `history`: it counts for earlier contact, and never for limits,
gates or totals. A draft that waited is checked and held here as CRITICAL.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from caio_project.lib.files import FileReport
from caio_project.lib.nudge import nudge
from leads import locks, normal
from leads.field_values import person_names
from leads.identity import company_matching, field_filling, lead_matching
from leads.models import Kind, Lead
from leads.ownership import owner_assignment
from leads.suppression import suppression
from outreach.choices import MoveCode, Status, Tag, Transport
from outreach.contact_history import previous_emails, recipients
from outreach.content import check_results, email_footer, merge_fields
from outreach.control import policy
from outreach.drafting import compose, drafts, known_fields, message_text, no_draft, signing
from outreach.drafting.critical_reasons import IMPORTED_WITH_OTHERS
from outreach.drafting.no_draft import NoDraft
from outreach.imports import history_files
from outreach.imports.history_files import HistoryEntry
from outreach.lifecycle.moves import move_message
from outreach.limits import deadlines
from outreach.models import HistoryItem, Message, Move, MoveReason, Reply, ReplyKind, ReplyText
from outreach.reply_sorting import classify
from outreach.review import review_actions

SOURCE = "history"
ERASED = "Somebody who was erased: nothing is stored about them."
Phrases = list[merge_fields.Phrase]
SUPPRESSION_REASONS = {
    "bounced": suppression.Reason.BOUNCED,
    "complained": suppression.Reason.COMPLAINED,
    "unsubscribed": suppression.Reason.UNSUBSCRIBED,
}


@dataclass
class ImportReport(FileReport):
    """Also how many of each kind were new."""

    by_what: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)  # what could not be taken, by reason


def import_file(raw: bytes) -> ImportReport:
    return import_files([("", raw)])


def import_files(
    files: list[tuple[str, bytes]],
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    skip_bad: bool = False,
) -> ImportReport:
    """Import files together; nothing is stored while a line is wrong, or it is skipped by reason.

    Safe to run twice and after a kill. The oldest entry comes first, so that an answer finds the
    email it answers.
    """
    taken, items = ImportReport(), []
    for name, raw in files:
        for line, item in history_files.read_entries(raw):
            taken.read += 1
            wrong = item if isinstance(item, str) else _entry_problem(item)
            if wrong and skip_bad:
                taken.skipped[wrong] += 1
            elif wrong:
                taken.wrong(line, f"{name}: {wrong}" if name else wrong)
            elif isinstance(item, HistoryEntry):
                items.append(item)
    if taken.errors:
        return taken
    for done, item in enumerate(sorted(items, key=lambda one: (one.what == "draft", one.at)), 1):
        _import_entry(item, taken)
        progress(done, len(items))
    nudge("leads.assess_due")
    return taken


def _entry_problem(item: HistoryEntry) -> str:
    if not normal.clean_email(item.email):
        return f"email: {item.email[:60]!r} is not an address."
    if item.at > timezone.now():
        return "at: it lies in the future."
    if item.what == "rejected" and item.tag and item.tag not in Tag.values:
        return f"tag: {item.tag[:40]!r} is not one of {', '.join(Tag.values)}."
    return ""


def _import_entry(item: HistoryEntry, taken: ImportReport) -> None:
    with transaction.atomic():
        _, new = HistoryItem.objects.get_or_create(key=item.key, defaults={"what": item.what})
        if not new:
            taken.known += 1
            return
        if (lead := _lead_for(item)) is None:
            taken.left_out[ERASED] += 1
        elif reason := _store_entry(item, lead):
            taken.left_out[str(reason)] += 1
        taken.new += 1
        taken.by_what[item.what] += 1


def _store_entry(item: HistoryEntry, lead: Lead) -> NoDraft | None:
    if item.what == "draft":
        return _hold_draft(item, lead)
    if item.what in SUPPRESSION_REASONS:
        suppression.suppress(
            normal.clean_email(item.email), SUPPRESSION_REASONS[item.what], SOURCE, lead
        )
        review_actions.withdraw_open_emails(lead, MoveCode(item.what))
    elif item.what == "answered":
        _store_reply(item, lead)
    else:
        _store_past_email(item, lead)
    return None


def _lead_for(item: HistoryEntry) -> Lead | None:
    """None for somebody who was erased, by this address or as the person that it leads to."""
    address = normal.clean_email(item.email)
    if suppression.is_erased(Lead(email=address)):  # no row is made
        return None
    lead = locks.retry_until_unchanged(lambda: _find_or_create_lead(address))
    if suppression.is_erased(lead):
        return None
    if lead.kind != Kind.LIVE:
        return lead
    first, last = person_names.spoken_names(normal.storable_text(item.name), "")
    company = company_matching.find_or_create_company(item.company, "", address, lead.kind, SOURCE)
    field_filling.fill_fields(
        lead,
        SOURCE,
        first_name=first[:100],
        last_name=last[:100],
        title=item.title,
        company=company,
    )
    lead_matching.update_address_state(lead)
    owner_assignment.update_owner(lead)
    Lead.objects.filter(pk=lead.pk).update(needs_assessment_at=timezone.now())
    return lead


def _find_or_create_lead(address: str) -> Lead:
    known = lead_matching.lock_leads_known_by(address, "")
    return known[0] if known else lead_matching.new_lead(SOURCE, address, kind=Kind.LIVE)


def _store_past_email(item: HistoryEntry, lead: Lead) -> None:
    message = _create_message(item, lead, status=item.what, transport=Transport.HISTORY)
    Message.objects.filter(pk=message.pk).update(
        sent_at=item.at if item.what == Status.SENT else None
    )
    _store_text(message, item, "", [])
    if item.what == Status.SENT:
        review_actions.withdraw_open_emails(lead, MoveCode.WRITTEN_BEFORE)
    if item.what == Status.REJECTED:
        row = Move.objects.create(
            message=message,
            from_status=Status.HELD,
            to_status=Status.REJECTED,
            at=item.at,
            why=MoveCode.HISTORY,
            tag=item.tag or Tag.OTHER,
            version=1,
        )
        if item.reason:
            MoveReason.objects.create(move=row, text=item.reason)


def _create_message(item: HistoryEntry, lead: Lead, **more: Any) -> Message:
    address = normal.clean_email(item.email)
    why = f"{IMPORTED_WITH_OTHERS} {item.why}".strip()[: compose.LONGEST_CHOICE_REASON]
    return Message.objects.create(
        lead=lead,
        kind=lead.kind,
        to_address=address,
        domain=address.rpartition("@")[2],
        created_at=item.at,
        version=1,
        tier=item.tier,
        intent=item.intent,
        template_why=why,
        **more,
    )


def _store_text(message: Message, item: HistoryEntry, footer: str, phrases: Phrases) -> None:
    new = message_text.NewText(
        subject=item.subject[: message_text.LONGEST_SUBJECT],
        body=item.body,
        footer=footer,
        phrases=[phrase.__dict__ for phrase in phrases],
    )
    message_text.store_text(message, 1, new, at=item.at)


def _store_reply(item: HistoryEntry, lead: Lead) -> None:
    """Store a past answer: a person decides about every later email, and a stop suppresses."""
    found = classify.sort_reply(item.subject, item.body) if item.body else None
    kind = found.kind if found else ReplyKind.QUESTION
    sent = (
        previous_emails.emails_of(lead)
        .filter(status=Status.SENT, sent_at__lte=item.at)
        .order_by("-sent_at")
        .first()
    )
    reply = Reply.objects.create(
        ghl_message_id=f"{SOURCE}:{item.key}",
        lead=lead,
        message=sent,
        received_at=item.at,
        source=SOURCE,
        sorted_as=kind,
        is_sure=bool(found and found.is_sure),
    )
    ReplyText.objects.create(
        reply=reply,
        subject=item.subject[:300],
        body=item.body,
        said=found.said if found else "",
        decided_by=list(found.words) if found else [],
    )
    if kind == ReplyKind.STOP:
        suppression.suppress(
            normal.clean_email(item.email), suppression.Reason.UNSUBSCRIBED, SOURCE, lead
        )
    if kind != ReplyKind.OUT_OF_OFFICE:
        review_actions.withdraw_open_emails(lead, MoveCode.ANSWERED)


def _hold_draft(item: HistoryEntry, lead: Lead) -> NoDraft | None:
    known = recipients.load_recipient(lead)
    if reason := no_draft.reason_against_first_email(known):
        return reason
    sender = signing.sender_of(lead)
    message = _create_message(item, lead, status=Status.DRAFT, sender=sender)
    footer = email_footer.build_footer(signing.signature_of(sender, message.unsubscribe_token))
    phrases = _known_phrases(item, lead)
    text = compose.TextToCheck(item.subject, item.body, footer, tuple(phrases), tier=item.tier)
    before = previous_emails.load_history(known)
    results = compose.check_email(lead, sender, text, before)
    _store_text(message, item, footer, phrases)
    failed = check_results.first_failure(results)
    company = lead.company
    own = policy.band_of(item.intent, item.tier, company.employees_from if company else None, False)
    standing = {
        **message_text.priority_columns(own, IMPORTED_WITH_OTHERS),
        **message_text.fingerprint_columns(item.body, map(asdict, phrases)),
        "guards": check_results.results_as_rows(results),
        "blocked_by": failed.guard if failed else "",
    }
    Message.objects.filter(pk=message.pk).update(**standing)
    message.refresh_from_db()
    if failed:
        move_message(
            message,
            Status.BLOCKED,
            MoveCode.GUARD,
            error=failed.text[:500],
            expires_at=deadlines.expires_at(own, timezone.now()),
        )
    else:
        drafts.hold_for_review(message, MoveCode.BROUGHT)
    return None


def _known_phrases(item: HistoryEntry, lead: Lead) -> list[merge_fields.Phrase]:
    company, said = lead.company, known_fields.spoken_facts(lead)
    known = {
        "first_name": (said["first_name"].text, lead.sources),
        "title": (said["title"].text, lead.sources),
        "company": (
            said["company"].text,
            {"company": company.sources.get("name")} if company else {},
        ),
    }
    text = f"{item.subject}\n{item.body}"
    return [
        merge_fields.Phrase(value, name, known_fields.field_source(sources, name) or SOURCE)
        for name, (value, sources) in known.items()
        if value and value in text
    ]
