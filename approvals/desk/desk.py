"""Everything that stands beside one email while a person decides: who, why now, checks, facts,
history.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils import timezone

from approvals.decisions import claims, refusal_words, reopening
from approvals.desk import (
    company_slot,
    email_sheet,
    machine_view,
    near_copies,
    notes,
    outside_links,
    reading_proof,
    shorter_text,
    status_words,
)
from approvals.learning import rejections
from approvals.queue import band_words, queue_view
from approvals.queue.queue_view import QueueView
from caio_project.lib.words.check_states import CheckState
from caio_project.lib.words.clock_words import clock_words, moment_words
from caio_project.lib.words.diff import TextDiff, diff_words
from leads.scoring import reason_words
from outreach.choices import Status, move_words
from outreach.contact_history import ghl_check
from outreach.control import phase
from outreach.drafting import signing
from outreach.drafting.language_model import rewrite_requests
from outreach.lifecycle.transitions import NOT_SENT_YET
from outreach.limits import time_zones
from outreach.models import Message, MessageText, Move, Snippet
from outreach.review import snooze

MAX_VISITS = 12


@dataclass(frozen=True)
class HistoryEntry:
    at: datetime
    text: str
    by: str
    tag: str
    reason: str


def describe_conflict(
    message: Message, shown: int
) -> tuple[status_words.StatusLine, TextDiff | None]:
    """What to say when the text of version `shown` was decided and another one is current."""
    text = message.text
    before = message.texts.filter(version=shown).first()
    if (
        message.status not in (Status.HELD, Status.BLOCKED)
        or text is None
        or before is None
        or _whole_text(before) == _whole_text(text)
    ):
        return status_words.StatusLine("quiet", refusal_words.describe_current_state(message)), None
    who = phase.actor_name(text.author) if text.author else "The machine"
    said = (
        f"{who} changed this email {moment_words(text.created_at)} "
        "while you read it. "
        "Your decision was not recorded. The changes are marked."
    )
    return status_words.StatusLine("warn", said), diff_words(_whole_text(before), _whole_text(text))


def desk_context(message: Message, user: Any, view: QueueView) -> dict[str, Any]:
    text = message.text or MessageText(subject="", body="", footer="")
    claim = claims.colleague_claim(message, user)
    waits = message.status in (Status.HELD, Status.BLOCKED)
    return {
        "message": message,
        "shown": reading_proof.sign_proof(message, user),
        "reading_seconds": reading_proof.seconds_to_read(message, user),
        "lead": message.lead,
        "company": message.lead.company,
        "text": text,
        "sheet": email_sheet.email_sheet(message, text),
        "thread": email_sheet.thread_before(message),
        "step": message.step,
        "facts": email_sheet.sourced_facts(text),
        "copies": near_copies.find_copies(message, text),
        "assessment": message.assessment,
        "written_by": rewrite_requests.authorship_sentence(message, text) if text.pk else "",
        "local_time": local_time(message),
        "at_ghl": ghl_check.check_summary(message) if waits else "",
        "signed_by_another": signing.signed_by_another(message)
        if message.status in NOT_SENT_YET
        else "",
        "visits": list(message.lead.visits.order_by("-seen_at")[:MAX_VISITS]),
        "checks": check_groups(message.guards),
        **score_words(message),
        "machine": machine_view.machine_view(message),
        "history": message_history(message),
        "notes": notes.notes_about(message),
        "rejections": earlier_rejections(message),
        "template_rejections": template_rejections(message) if waits else [],
        "labels": status_words.button_labels(message, text.author_id is not None),
        "holder": claim,
        "holder_words": refusal_words.claim_sentence(claim) if claim else "",
        "strip": status_words.current_status_line(message),
        "edit_diff": edit_diff(message, text),
        "decidable": waits and claim is None and user.has_perm("approvals.decide"),
        "waits": waits,
        "is_snoozed": snooze.is_snoozed(message),
        "may_reopen": not waits and reopening.may_reopen(message, user),
        "snippets": Snippet.objects.all(),  # read only where the page is edited
        "links": outside_links.person_links(message.lead, message.lead.company),
        "shorter": shorter_text.describe(message),
        "slot": company_slot.slot_at_company(message) if waits else None,
        "view": view,
        "beside": queue_view.find_neighbours(message, view, user),
    }


@dataclass(frozen=True)
class CheckGroups:
    """The checks of an email: what failed or is not known stays in sight."""

    failed: list[dict[str, Any]]
    unknown: list[dict[str, Any]]
    passed: list[dict[str, Any]]


def check_groups(guards: list[dict[str, Any]]) -> CheckGroups:
    failed = [row for row in guards if not row["passed"]]
    passed = [row for row in guards if row["passed"]]
    unknown = [row for row in passed if row.get("state") == CheckState.NOT_KNOWN]
    return CheckGroups(failed, unknown, [row for row in passed if row not in unknown])


def score_words(message: Message) -> dict[str, Any]:
    assessment = message.assessment
    return {
        "why_band": band_words.why_band(message),
        "why_now": reason_words.why_now(assessment.reasons, timezone.now()) if assessment else [],
    }


def local_time(message: Message) -> str:
    """The recipient's local time; "" where their place is not known."""
    lead = message.lead
    zone = time_zones.find_place(lead.country, lead.state, lead.city).zone
    return clock_words(timezone.now(), ZoneInfo(zone)) if zone else ""


def message_history(message: Message) -> list[HistoryEntry]:
    moves = message.moves.select_related("by", "reason").order_by("-pk")[:30]
    texts = message.texts.exclude(author=None).select_related("author").order_by("-pk")[:30]
    edits = [
        HistoryEntry(
            text.created_at, f"Text {text.version} saved", phase.actor_name(text.author), "", ""
        )
        for text in texts
    ]
    snoozes = message.snoozes.select_related("by").order_by("-pk")[:30]
    put_off = [
        HistoryEntry(one.at, snooze_words(one.until), phase.actor_name(one.by), "", "")
        for one in snoozes
    ]
    taken = message.take_overs.select_related("by", "from_user").order_by("-pk")[:30]
    taken_over = [
        HistoryEntry(
            one.at,
            f"Taken over from {phase.actor_name(one.from_user)}",
            phase.actor_name(one.by),
            "",
            "",
        )
        for one in taken
    ]
    return sorted(
        [*(_history_entry(move) for move in moves), *edits, *put_off, *taken_over],
        key=lambda event: event.at,
        reverse=True,
    )


def snooze_words(until: datetime | None) -> str:
    if until is None:
        return "Brought back into the queue"
    return f"Snoozed until {timezone.localtime(until):%A, %B %-d}"


def earlier_rejections(message: Message) -> list[HistoryEntry]:
    earlier = Move.objects.filter(
        message__lead=message.lead_id,
        message__status=Status.REJECTED,
        to_status=Status.REJECTED,
        version=F("message__version"),  # one that was taken back is of an earlier version
    ).exclude(message=message)
    return [
        _history_entry(move) for move in earlier.select_related("by", "reason").order_by("-pk")[:5]
    ]


def template_rejections(message: Message) -> list[HistoryEntry]:
    return [_history_entry(move) for move in rejections.rejections_of_template(message)]


def edit_diff(message: Message, text: MessageText) -> TextDiff | None:
    if text.author_id is None:
        return None
    original = message.texts.filter(author=None, version__lt=text.version).last()
    return diff_words(_whole_text(original), _whole_text(text)) if original else None


def typed_diff(message: Message, subject: str, body: str) -> TextDiff:
    text = message.text
    return diff_words(_whole_text(text) if text else "", f"{subject}\n\n{body}")


def last_machine_text(message: Message) -> MessageText | None:
    return message.texts.filter(author=None).last()


def _history_entry(move: Move) -> HistoryEntry:
    reason = getattr(move, "reason", None)
    text = move_words(move.why)
    by = phase.actor_name(move.by) if move.by else ""
    return HistoryEntry(
        move.at, text, by, move.tag.replace("_", " "), reason.text if reason else ""
    )


def _whole_text(text: MessageText) -> str:
    return f"{text.subject}\n\n{text.body}"
