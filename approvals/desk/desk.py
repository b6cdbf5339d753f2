"""Everything that stands beside one email while a person decides: who, why now, checks, facts, history."""

from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from approvals import fact_words
from approvals.decisions import claims, judgement, refusal_words
from approvals.decisions.judgement import ApprovalEffect
from approvals.desk import reading_proof
from approvals.queue import review_queue
from caio_project.lib.diff import TextDiff, diff_words
from leads.models import Kind
from outreach.choices import Status, move_words
from outreach.contact_history import ghl_check
from outreach.content import email_footer
from outreach.control import phase
from outreach.drafting import signing
from outreach.drafting.language_model import rewrite_requests
from outreach.lifecycle.transitions import NOT_SENT_YET
from outreach.limits import time_zones
from outreach.models import Message, MessageText, Move

SIDE_LIST_LENGTH = 9
MAX_VISITS = 12


APPROVE_LABELS = {
    ApprovalEffect.RECORDED_ONLY: "Would approve (shadow)",
    ApprovalEffect.TRAINING: "Approve (training)",
    ApprovalEffect.HELD_WHILE_HALTED: "Approve, hold while halted",
}
REJECT_LABELS = {
    ApprovalEffect.RECORDED_ONLY: "Would reject (shadow)",
    ApprovalEffect.TRAINING: "Reject (training)",
}


@dataclass(frozen=True)
class ButtonLabels:
    """What the buttons say in this state; `blocked` is why Approve is off."""

    approve: str
    reject: str
    blocked: str = ""


@dataclass(frozen=True)
class HistoryEntry:
    at: datetime
    text: str
    by: str
    tag: str
    reason: str


@dataclass(frozen=True)
class StatusLine:
    """One sentence above the email: grey, amber or red."""

    kind: str
    text: str


def button_labels(message: Message, edited: bool) -> ButtonLabels:
    """The words of the two decision buttons, from the rows that decide what will happen."""
    control = phase.current_control()
    effect = judgement.approval_effect(
        control.phase, halted=phase.is_halted(control), training=message.kind == Kind.TRAINING
    )
    shadow = effect == ApprovalEffect.RECORDED_ONLY
    reject = REJECT_LABELS.get(effect, "Reject")
    if message.status == Status.BLOCKED:
        blocked = f"Can't be approved: {message.error or 'a check did not pass.'}"
        return ButtonLabels("Approve", "Would reject (shadow)" if shadow else "Reject", blocked)
    if effect == ApprovalEffect.SENDS:
        return ButtonLabels("Approve (edited)" if edited else "Approve", reject)
    return ButtonLabels(APPROVE_LABELS[effect], reject)


def current_status_line(message: Message) -> StatusLine | None:
    """How an email stands that waits for no decision, or that came back from the door."""
    if message.status == Status.HELD and message.error:
        return StatusLine("warn", f"It came back before it left: {message.error}")
    if message.status in (Status.HELD, Status.BLOCKED):
        return None
    if message.status == Status.EXPIRED:
        at = message.moves.latest("pk").at
        when = f"{_team_time(at):%a %H:%M}"
        return StatusLine(
            "quiet",
            f"Expired {when} without a decision. It was never sent, and this is no rejection.",
        )
    return StatusLine(
        "quiet",
        refusal_words.describe_current_state(message).removesuffix(refusal_words.NOT_RECORDED),
    )


def describe_conflict(message: Message, shown: int) -> tuple[StatusLine, TextDiff | None]:
    """What to say when the text of version `shown` was decided and is not what stands there now."""
    text = message.text
    before = message.texts.filter(version=shown).first()
    if (
        message.status not in (Status.HELD, Status.BLOCKED)
        or text is None
        or before is None
        or before == text
    ):
        return StatusLine("quiet", refusal_words.describe_current_state(message)), None
    who = phase.actor_name(text.author) if text.author else "The machine"
    said = (
        f"{who} changed this email at {_team_time(text.created_at):%H:%M} while you read it. "
        "Your decision was not recorded. The changes are marked."
    )
    return StatusLine("warn", said), diff_words(_whole_text(before), _whole_text(text))


def desk_context(message: Message, user: Any) -> dict[str, Any]:
    """What the desk shows of `message` to `user`. Changes nothing."""
    text = message.text or MessageText(subject="", body="", footer="")
    claim = claims.colleague_claim(message, user)
    waits = message.status in (Status.HELD, Status.BLOCKED)
    return {
        "message": message,
        "shown": reading_proof.sign_proof(message),
        "lead": message.lead,
        "company": message.lead.company,
        "text": text,
        "sheet": email_sheet(message, text),
        "facts": sourced_facts(text),
        "assessment": message.assessment,
        "written_by": rewrite_requests.authorship_sentence(message, text) if text.pk else "",
        "local_time": local_time(message),
        "at_ghl": ghl_check.check_summary(message) if waits else "",
        "signed_by_another": signing.signed_by_another(message)
        if message.status in NOT_SENT_YET
        else "",
        "visits": list(message.lead.visits.order_by("-seen_at")[:MAX_VISITS]),
        "checks_failed": sum(1 for row in message.guards if not row["passed"]),
        "history": message_history(message),
        "rejections": earlier_rejections(message),
        "labels": button_labels(message, text.author_id is not None),
        "holder": claim,
        "holder_words": refusal_words.claim_sentence(claim) if claim else "",
        "strip": current_status_line(message),
        "edit_diff": edit_diff(message, text),
        "decidable": waits and claim is None and user.has_perm("approvals.decide"),
        "waits": waits,
        **_queue_neighbours(message, user),
    }


def email_sheet(message: Message, text: MessageText) -> dict[str, Any]:
    """The email as its reader sees it, cut into pieces: plain, link, fact."""
    signed, _, legal = text.footer.partition("\n\n")
    legal = legal.split(f"{email_footer.UNSUBSCRIBE_WORDS}: ")[0]
    return {
        "from_name": message.sender.name if message.sender else settings.SENDER_NAME,
        "from_address": settings.GHL_FROM_EMAIL,
        "to": message.to_address,
        "subject": fact_words.mark_phrases(text.subject, text.phrases),
        "body": fact_words.mark_phrases(text.body, text.phrases),
        "signed": fact_words.mark_phrases(signed, []),
        "legal": legal.strip(),
        "unsubscribe": email_footer.UNSUBSCRIBE_WORDS
        if email_footer.UNSUBSCRIBE_WORDS in text.footer
        else "",
    }


def html_as_paragraphs(html: str) -> list[list[fact_words.TextPiece]]:
    """A kept email's own HTML as paragraphs of pieces, so that it can be shown without one live link."""
    reader = _ParagraphReader()
    reader.feed(html)
    return [paragraph for paragraph in reader.paragraphs if paragraph]


class _ParagraphReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.paragraphs: list[list[fact_words.TextPiece]] = [[]]
        self.in_link = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "p":
            self.paragraphs.append([])
        elif tag == "br":
            self.paragraphs[-1].append(fact_words.TextPiece("\n"))
        self.in_link = self.in_link or tag == "a"

    def handle_endtag(self, tag: str) -> None:
        self.in_link = self.in_link and tag != "a"

    def handle_data(self, data: str) -> None:
        self.paragraphs[-1].append(fact_words.TextPiece(data, url=self.in_link))


def sourced_facts(text: MessageText) -> list[dict[str, str]]:
    """The sourced phrases in the order the pieces count them."""
    return [
        {"text": p["text"], "field": p["field"].replace("_", " "), "source": p["source"]}
        for p in text.phrases
    ]


def local_time(message: Message) -> str:
    """The clock where the recipient is; "" where that is not known."""
    lead = message.lead
    zone = time_zones.find_place(lead.country, lead.state, lead.city).zone
    return f"{timezone.now().astimezone(ZoneInfo(zone)):%H:%M}" if zone else ""


def message_history(message: Message) -> list[HistoryEntry]:
    """What happened to this email, newest first."""
    moves = message.moves.select_related("by", "reason").order_by("-pk")[:30]
    texts = message.texts.exclude(author=None).select_related("author").order_by("-pk")[:30]
    edits = [
        HistoryEntry(
            text.created_at, f"Text {text.version} saved", phase.actor_name(text.author), "", ""
        )
        for text in texts
    ]
    return sorted(
        [*(_history_entry(move) for move in moves), *edits],
        key=lambda event: event.at,
        reverse=True,
    )


def earlier_rejections(message: Message) -> list[HistoryEntry]:
    """What people said against earlier emails to this person."""
    earlier = Move.objects.filter(message__lead=message.lead_id, to_status=Status.REJECTED).exclude(
        message=message
    )
    return [
        _history_entry(move) for move in earlier.select_related("by", "reason").order_by("-pk")[:5]
    ]


def edit_diff(message: Message, text: MessageText) -> TextDiff | None:
    """What a person changed in the machine's last text."""
    if text.author_id is None:
        return None
    original = message.texts.filter(author=None, version__lt=text.version).last()
    return diff_words(_whole_text(original), _whole_text(text)) if original else None


def typed_diff(message: Message, subject: str, body: str) -> TextDiff:
    """What a typed text would change in the one that stands."""
    text = message.text
    return diff_words(_whole_text(text) if text else "", f"{subject}\n\n{body}")


def saved_meanwhile_line(text: MessageText) -> StatusLine:
    who = phase.actor_name(text.author) if text.author else "The machine"
    at = f"{_team_time(text.created_at):%H:%M}"
    return StatusLine(
        "warn", f"{who} saved another text at {at}. Yours is still below and is not saved."
    )


def undo_too_late_line(message: Message) -> StatusLine:
    """Why an approval can't be taken back any more."""
    if message.sent_at:
        return StatusLine(
            "warn", f"Too late to undo: it left at {_team_time(message.sent_at):%H:%M:%S}."
        )
    if message.status == Status.HELD:
        return StatusLine("quiet", "It was undone already and waits for a decision.")
    if message.status == Status.UNCERTAIN:
        return StatusLine(
            "warn", "Too late to undo: we don't know whether it left. See Sent & replies."
        )
    return StatusLine(
        "warn", f"Too late to undo. It is {message.get_status_display().lower()} by now."
    )


def last_machine_text(message: Message) -> MessageText | None:
    """The machine's last text."""
    return message.texts.filter(author=None).last()


def approved_sentence(message: Message, was_shadow: bool) -> str:
    """What is said once after an approval."""
    if was_shadow:
        return "Recorded: you would approve. Nothing is sent."
    return f"Approved: {message.lead}."


def _queue_neighbours(message: Message, user: Any) -> dict[str, Any]:
    if message.status != Status.HELD:
        top = list(review_queue.waiting_messages()[:SIDE_LIST_LENGTH])
        return {
            "next": review_queue.next_message_for(user),
            "previous": None,
            "list": top,
            "position": 0,
        }
    place = review_queue.QueuePosition.of(message)
    later = review_queue.first_rows(
        review_queue.messages_after(review_queue.waiting_messages(), place), SIDE_LIST_LENGTH
    )
    earlier = [
        one
        for part in review_queue.messages_before(review_queue.waiting_messages(), place)
        for one in part.reverse()[:2]
    ][:2]
    return {
        "next": next(iter(later), None),
        "previous": next(iter(earlier), None),
        "list": [*reversed(earlier), message, *later][:SIDE_LIST_LENGTH],
        "position": review_queue.position_number(message),
    }


def _history_entry(move: Move) -> HistoryEntry:
    reason = getattr(move, "reason", None)
    text = move_words(move.why)
    by = phase.actor_name(move.by) if move.by else ""
    return HistoryEntry(
        move.at, text, by, move.tag.replace("_", " "), reason.text if reason else ""
    )


def _whole_text(text: MessageText) -> str:
    return f"{text.subject}\n\n{text.body}"


def _team_time(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(settings.TEAM_TIME_ZONE))
