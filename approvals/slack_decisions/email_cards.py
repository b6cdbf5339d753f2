"""What the card of an email says now, read from the rows that decide."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from approvals.decisions import refusal_words, undo
from approvals.desk import email_sheet, machine_view, status_words
from approvals.integrations.slack import Blocks, escape_text
from approvals.models import Verdict
from approvals.queue import band_words
from approvals.slack_decisions.card_blocks import (
    Card,
    CardButton,
    CardText,
    card_blocks,
    clean_text,
    is_shown_whole,
    one_line,
)
from caio_project.lib.models import PersonalSettings
from caio_project.lib.vendor_access.access import vendor_value
from caio_project.lib.words.check_states import SHAPES, CheckState
from caio_project.lib.words.clock_words import clock_words, moment_words
from leads.models import Lead, TeamMember
from outreach.choices import MoveCode, Status, Tag, Transport, move_words
from outreach.contact_history import ghl_check
from outreach.control import phase
from outreach.drafting import signing
from outreach.models import Control, Message, MessageText

LOOK_AGAIN = timedelta(minutes=10)  # for what changes without a new state or text
LOOK_SOON = timedelta(seconds=30)  # while GoHighLevel has not been asked
FOR_GOOD = (Status.SENT, Status.EXPIRED, Status.REJECTED)
MAY_COME_BACK = (Status.WITHDRAWN, Status.FAILED)  # by a person, within these days
COMES_BACK_WITHIN = timedelta(days=30)
CRITICAL_HERE = "CRITICAL: {reason}. Open it to decide."
NOT_CONNECTED = "Open it to decide: SLACK_SIGNING_SECRET is not set, so no button here can."
NOT_CHECKED = "Not checked at GoHighLevel yet: once it is, it can be approved here."
APPROVE_IN_SHADOW = "Approve (shadow: only recorded)"
MOST_RULES = 5  # named on a card
ERASED = "This email is not shown any more: its recipient was erased."


@dataclass(frozen=True)
class CardState:
    """A card as it has to be now, and when to compare it again."""

    blocks: Blocks
    notification: str  # escaped
    status: str
    version: int
    is_critical: bool
    control: str
    look_at: datetime
    is_over: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(json.dumps(self.blocks, sort_keys=True).encode()).hexdigest()

    @property
    def columns(self) -> dict[str, object]:
        return {
            "status": self.status,
            "version": self.version,
            "is_critical": self.is_critical,
            "control": self.control,
            "compared_at": timezone.now(),
            "look_at": self.look_at,
            "shown_sha256": self.sha256,
            "written_at": timezone.now(),
            "ended_at": timezone.now() if self.is_over else None,
        }


def control_mark(control: Control) -> str:
    return f"{control.phase}{':halted' if phase.is_halted(control) else ''}"


def card_value(message: Message) -> str:
    return f"{message.public_id}.{message.version}"


def desk_link(message: Message) -> str:
    return f"{settings.SITE_URL}/sales/queue/{message.public_id}"


def lead_words(lead: Lead, most: int = 200) -> str:
    who = f"{lead.name or 'Somebody'}{lead.kind_mark}"
    return one_line(", ".join(filter(None, (who, lead.title, str(lead.company or "")))), most)


def why_not_here(message: Message) -> str:
    """Why this email cannot be approved in Slack; "" where it can. Asked again at the click."""
    if message.critical_reason:
        return CRITICAL_HERE.format(reason=one_line(message.critical_reason).rstrip("."))
    if not vendor_value("SLACK_SIGNING_SECRET"):
        return NOT_CONNECTED
    if is_check_missing(message):
        return NOT_CHECKED
    text = message.text
    if text is None or not is_shown_whole(card_text(message, text)):
        return "It is not whole here: open it to read the rest and to decide."
    return ""


def is_check_missing(message: Message) -> bool:
    return ghl_check.check_summary(message).startswith(ghl_check.NOT_CHECKED_YET)


def card_text(message: Message, text: MessageText) -> CardText:
    sheet = email_sheet.email_sheet(message, text)
    sender = " ".join(filter(None, (sheet["from_name"], _in_brackets(sheet["from_address"]))))
    head = [
        f"To: {lead_words(message.lead)} {_in_brackets(message.to_address)}",
        f"From: {sender}",
        f"Subject: {text.subject}",
    ]
    return CardText("\n".join(head), text.body, _footer(text, sheet), "\n".join(_checks(message)))


def _footer(text: MessageText, sheet: dict[str, Any]) -> str:
    """As on the desk: with the word of the unsubscribe link and without its address, which would
    stop the recipient's emails for whoever opens it.
    """
    signed = text.footer.partition("\n\n")[0]
    return "\n".join(filter(None, (signed, sheet["legal"], sheet["unsubscribe"])))


def _in_brackets(address: str) -> str:
    return f"({address})" if address else ""


def _checks(message: Message) -> list[str]:
    states = [(_state_of(row), str(row.get("text", ""))) for row in message.guards]
    ordered = sorted(states, key=lambda one: one[0] == CheckState.PASS)
    lines = [f"{SHAPES[state]} {text}" for state, text in ordered]
    beside = (ghl_check.check_summary(message), signing.signed_by_another(message))
    return lines + [one_line(words) for words in beside if words]


def _state_of(row: dict[str, object]) -> CheckState:
    if not row.get("passed"):
        return CheckState.FAIL
    is_unknown = row.get("state") == CheckState.NOT_KNOWN
    return CheckState.NOT_KNOWN if is_unknown else CheckState.PASS


def card_state(message: Message, mention: str = "", opening: str = "") -> CardState:
    """`mention` is the Slack user id of who is told; `opening` is said above a waiting email."""
    now, control = timezone.now(), phase.current_control()
    undo_ends = undo_until(message)
    if undo_ends is not None and undo_ends <= now:
        undo_ends = None
    card = _card(message, mention, opening, undo_ends)
    return CardState(
        blocks=card_blocks(card),
        notification=escape_text(clean_text(card.sentence).partition("\n")[0]),
        status=message.status,
        version=message.version,
        is_critical=bool(message.critical_reason),
        control=control_mark(control),
        look_at=_look_at(message, undo_ends, now),
        is_over=undo_ends is None and _is_over(message, now),
    )


def _look_at(message: Message, undo_ends: datetime | None, now: datetime) -> datetime:
    again = now + (LOOK_SOON if is_check_missing(message) else LOOK_AGAIN)
    return min(undo_ends or again, again)


def _is_over(message: Message, now: datetime) -> bool:
    last = message.moves.order_by("-pk").first() if message.status in MAY_COME_BACK else None
    is_long_ago = last is not None and last.at < now - COMES_BACK_WITHIN
    return message.status in FOR_GOOD or is_long_ago


def erased_blocks() -> Blocks:
    return plain_blocks(ERASED)


def plain_blocks(words: str) -> Blocks:
    return card_blocks(Card(words))


def undo_until(message: Message) -> datetime | None:
    """Until when the last decision can be taken back; None where there is none to take back."""
    if message.status == Status.CLEARED:
        return message.not_before if message.waiting_for == "undo" else None
    decided = message.decisions.last_standing()
    if decided is None or message.status != undo.ENDS_AS.get(Verdict(decided.verdict)):
        return None
    return decided.at + PersonalSettings.undo_wait_of(decided.by)


def _card(message: Message, mention: str, opening: str, undo_ends: datetime | None) -> Card:
    link = desk_link(message)
    if message.status not in (Status.HELD, Status.BLOCKED):
        can_undo = bool(undo_ends and vendor_value("SLACK_SIGNING_SECRET"))
        undo_button = (CardButton("undo", "Undo", card_value(message)),) if can_undo else ()
        sentence = f"{lead_words(message.lead)}: {state_sentence(message, undo_ends)}"
        return Card(sentence, buttons=undo_button, link=link)
    return _waiting_card(message, mention, opening)


def _waiting_card(message: Message, mention: str, opening: str) -> Card:
    text, why_not, value = message.text, why_not_here(message), card_value(message)
    labels = status_words.button_labels(message, text is not None and text.author_id is not None)
    is_held = message.status == Status.HELD
    buttons = []
    if is_held and not why_not:
        buttons.append(CardButton("approve", _approve_label(labels), value, style="primary"))
    if vendor_value("SLACK_SIGNING_SECRET"):
        buttons.append(CardButton("reject", labels.reject, value, style="danger"))
    buttons.append(CardButton("open", "Open", url=desk_link(message)))
    return Card(
        _waiting_sentence(message, opening),
        card_text(message, text) if text else None,
        why_not if is_held else one_line(labels.blocked),
        tuple(buttons),
        mention="" if (told := _told_directly(message, mention)) else mention,
        told=told,
    )


def _told_directly(message: Message, user: str) -> str:
    """The name of the person who has a card of their own; "" for nobody."""
    if not user or not message.slack_cards.filter(direct_to=user).exists():
        return ""
    member = TeamMember.objects.filter(slack_user_id__iexact=user).order_by("-active").first()
    return member.name if member else ""


def _approve_label(labels: status_words.ButtonLabels) -> str:
    return labels.approve if labels.approve.startswith("Approve") else APPROVE_IN_SHADOW


def _waiting_sentence(message: Message, opening: str) -> str:
    priority = message.priority.upper()
    said = one_line(opening) or f"Waits for a decision ({priority}): {lead_words(message.lead)}."
    strip = status_words.current_status_line(message)
    why = f"{priority}: {one_line(band_words.why_band(message))}"
    rules = [f"A person decides: rule “{one_line(name)}”." for name in _rules_that_bit(message)]
    return "\n".join(filter(None, (said, strip.text if strip else "", why, *rules)))


def _rules_that_bit(message: Message) -> tuple[str, ...]:
    return machine_view.machine_view(message).rules[:MOST_RULES]


def state_sentence(message: Message, undo_ends: datetime | None = None) -> str:
    """What became of an email that waits for nobody, and who decided."""
    decided = refusal_words.describe_current_state(message)
    decided = decided.removesuffix(refusal_words.NOT_RECORDED)
    last = message.moves.order_by("-pk").first()
    words = move_words(last.why) if last else ""
    match message.status:
        case Status.CLEARED:
            leaves = f"Leaves after {clock_words(undo_ends)}." if undo_ends else "Waits to be sent."
            return f"{decided} {leaves}"
        case Status.SENDING:
            return f"{decided} It is being sent."
        case Status.SENT:
            return f"{decided} {_sent_words(message)}"
        case Status.UNCERTAIN:
            return f"{decided} We don't know whether it was sent. See Sent & replies."
        case Status.REJECTED:
            tag = f" {Tag(last.tag).label}." if last and last.tag in Tag.values else ""
            return f"{decided}{tag}"
        case Status.WITHDRAWN if last and last.why == MoveCode.WOULD_APPROVE:
            return f"{_shadow_words(message)} Nothing is sent."
        case Status.EXPIRED:
            return f"{words}."
        case Status.WITHDRAWN | Status.FAILED:
            return f"{words}. It was not sent."
    return f"{message.get_status_display()}."


def _sent_words(message: Message) -> str:
    if message.transport == Transport.SANDBOX:
        return "Kept in the sandbox: nothing was sent."
    return f"Sent {moment_words(message.sent_at)}." if message.sent_at else "Sent."


def _shadow_words(message: Message) -> str:
    decided = message.decisions.last_standing()
    who = decided.by_name if decided else "Somebody"
    return f"{who} would approve this email (shadow)."
