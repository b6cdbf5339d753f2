"""Everything that stands beside one email while a person decides: who, why now, checks, facts, history."""

from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from approvals import fact_words
from approvals.decisions import decisions
from approvals.desk import reading_proof
from approvals.queue import review_queue
from caio_project.lib.diff import Diff, diff
from leads.models import Kind
from outreach.choices import Phase, Status, move_words
from outreach.contact_history import ghl_check
from outreach.content import email_footer
from outreach.control import phase
from outreach.drafting import compose
from outreach.drafting.language_model import rewrite_requests
from outreach.lifecycle.transitions import NOT_LEFT
from outreach.limits import time_zones
from outreach.models import Message, MessageText, Move

LIST_LENGTH = 9
MOST_VISITS = 12
NOT_RECORDED = " Your decision was not recorded."


# What a code on a move says in history.
@dataclass(frozen=True)
class Labels:
    """What the buttons say in this state; `blocked` is why Approve is off."""

    approve: str
    reject: str
    blocked: str = ""


@dataclass(frozen=True)
class Event:
    at: datetime
    text: str
    by: str
    tag: str
    reason: str


@dataclass(frozen=True)
class Strip:
    """One sentence above the email: grey, amber or red."""

    kind: str
    text: str


def labels(message: Message, edited: bool) -> Labels:
    """The words of the two decision buttons, from the rows that decide what will happen."""
    control = phase.control()
    reject = "Would reject (shadow)" if control.phase == Phase.SHADOW else "Reject"
    if message.status == Status.BLOCKED:
        return Labels(
            "Approve", reject, f"Can't be approved: {message.error or 'a check did not pass.'}"
        )
    if control.phase == Phase.SHADOW:
        return Labels("Would approve (shadow)", reject)
    if message.kind == Kind.TRAINING:
        return Labels("Approve (training)", "Reject (training)")
    if phase.is_halted(control):
        return Labels("Approve, hold while halted", reject)
    return Labels("Approve (edited)" if edited else "Approve", reject)


def standing(message: Message) -> Strip | None:
    """How an email stands that waits for no decision, or that came back from the door."""
    if message.status == Status.HELD and message.error:
        return Strip("warn", f"It came back before it left: {message.error}")
    if message.status in (Status.HELD, Status.BLOCKED):
        return None
    if message.status == Status.EXPIRED:
        at = message.moves.latest("pk").at
        when = f"{_local(at):%a %H:%M}"
        return Strip(
            "quiet",
            f"Expired {when} without a decision. It was never sent, and this is no rejection.",
        )
    return Strip("quiet", decisions.how_it_stands(message).removesuffix(NOT_RECORDED))


def who_has(claim: Any) -> str:
    """ "Sam has this email until 10:42."."""
    return f"{phase.name_of(claim.user)} has this email until {_local(claim.until):%H:%M}."


def conflict(message: Message, shown: int) -> tuple[Strip, Diff | None]:
    """What to say when the text of version `shown` was decided and is not what stands there now."""
    text = message.text
    before = message.texts.filter(version=shown).first()
    if (
        message.status not in (Status.HELD, Status.BLOCKED)
        or text is None
        or before is None
        or before == text
    ):
        return Strip("quiet", decisions.how_it_stands(message)), None
    who = phase.name_of(text.author) if text.author else "The machine"
    said = (
        f"{who} changed this email at {_local(text.created_at):%H:%M} while you read it. "
        "Your decision was not recorded. The changes are marked."
    )
    return Strip("warn", said), diff(_whole(before), _whole(text))


def page(message: Message, user: Any) -> dict[str, Any]:
    """What the desk shows of `message` to `user`. Changes nothing."""
    text = message.text or MessageText(subject="", body="", footer="")
    claim = review_queue.holder(message, user)
    waits = message.status in (Status.HELD, Status.BLOCKED)
    return {
        "message": message,
        "shown": reading_proof.mark(message),
        "lead": message.lead,
        "company": message.lead.company,
        "text": text,
        "sheet": sheet(message, text),
        "facts": facts(text),
        "assessment": message.assessment,
        "written_by": rewrite_requests.words(message, text) if text.pk else "",
        "local_time": local_time(message),
        "at_ghl": ghl_check.words(message) if waits else "",
        "signed_by_another": compose.signed_by_another(message)
        if message.status in NOT_LEFT
        else "",
        "visits": list(message.lead.visits.order_by("-seen_at")[:MOST_VISITS]),
        "checks_failed": sum(1 for row in message.guards if not row["passed"]),
        "history": history(message),
        "rejections": rejections(message),
        "labels": labels(message, text.author_id is not None),
        "holder": claim,
        "holder_words": who_has(claim) if claim else "",
        "strip": standing(message),
        "edit_diff": edit_diff(message, text),
        "decidable": waits and claim is None and user.has_perm("approvals.decide"),
        "waits": waits,
        **_neighbours(message, user),
    }


def sheet(message: Message, text: MessageText) -> dict[str, Any]:
    """The email as its reader sees it, cut into pieces: plain, link, fact."""
    signed, _, legal = text.footer.partition("\n\n")
    legal = legal.split(f"{email_footer.UNSUBSCRIBE_WORDS}: ")[0]
    return {
        "from_name": message.sender.name if message.sender else settings.SENDER_NAME,
        "from_address": settings.GHL_FROM_EMAIL,
        "to": message.to_address,
        "subject": fact_words.marked(text.subject, text.phrases),
        "body": fact_words.marked(text.body, text.phrases),
        "signed": fact_words.marked(signed, []),
        "legal": legal.strip(),
        "unsubscribe": email_footer.UNSUBSCRIBE_WORDS
        if email_footer.UNSUBSCRIBE_WORDS in text.footer
        else "",
    }


def as_text(html: str) -> list[list[fact_words.Piece]]:
    """A kept email's own HTML as paragraphs of pieces, so that it can be shown without one live link."""
    reader = _Paragraphs()
    reader.feed(html)
    return [paragraph for paragraph in reader.paragraphs if paragraph]


class _Paragraphs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.paragraphs: list[list[fact_words.Piece]] = [[]]
        self.in_link = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "p":
            self.paragraphs.append([])
        elif tag == "br":
            self.paragraphs[-1].append(fact_words.Piece("\n"))
        self.in_link = self.in_link or tag == "a"

    def handle_endtag(self, tag: str) -> None:
        self.in_link = self.in_link and tag != "a"

    def handle_data(self, data: str) -> None:
        self.paragraphs[-1].append(fact_words.Piece(data, url=self.in_link))


def facts(text: MessageText) -> list[dict[str, str]]:
    """The sourced phrases in the order the pieces count them."""
    return [
        {"text": p["text"], "field": p["field"].replace("_", " "), "source": p["source"]}
        for p in text.phrases
    ]


def local_time(message: Message) -> str:
    """The clock where the recipient is; "" where that is not known."""
    lead = message.lead
    zone = time_zones.where(lead.country, lead.state, lead.city).zone
    return f"{timezone.now().astimezone(ZoneInfo(zone)):%H:%M}" if zone else ""


def history(message: Message) -> list[Event]:
    """What happened to this email, newest first."""
    moves = message.moves.select_related("by", "reason").order_by("-pk")[:30]
    texts = message.texts.exclude(author=None).select_related("author").order_by("-pk")[:30]
    edits = [
        Event(text.created_at, f"Text {text.version} saved", phase.name_of(text.author), "", "")
        for text in texts
    ]
    return sorted(
        [*(_event(move) for move in moves), *edits], key=lambda event: event.at, reverse=True
    )


def rejections(message: Message) -> list[Event]:
    """What people said against earlier emails to this person."""
    earlier = Move.objects.filter(message__lead=message.lead_id, to_status=Status.REJECTED).exclude(
        message=message
    )
    return [_event(move) for move in earlier.select_related("by", "reason").order_by("-pk")[:5]]


def edit_diff(message: Message, text: MessageText) -> Diff | None:
    """What a person changed in the machine's last text."""
    if text.author_id is None:
        return None
    original = message.texts.filter(author=None, version__lt=text.version).last()
    return diff(_whole(original), _whole(text)) if original else None


def typed_diff(message: Message, subject: str, body: str) -> Diff:
    """What a typed text would change in the one that stands."""
    text = message.text
    return diff(_whole(text) if text else "", f"{subject}\n\n{body}")


def saved_meanwhile(text: MessageText) -> Strip:
    who = phase.name_of(text.author) if text.author else "The machine"
    at = f"{_local(text.created_at):%H:%M}"
    return Strip(
        "warn", f"{who} saved another text at {at}. Yours is still below and is not saved."
    )


def too_late_to_undo(message: Message) -> Strip:
    """Why an approval can't be taken back any more."""
    if message.sent_at:
        return Strip("warn", f"Too late to undo: it left at {_local(message.sent_at):%H:%M:%S}.")
    if message.status == Status.HELD:
        return Strip("quiet", "It was undone already and waits for a decision.")
    if message.status == Status.UNCERTAIN:
        return Strip("warn", "Too late to undo: we don't know whether it left. See Sent & replies.")
    return Strip("warn", f"Too late to undo. It is {message.get_status_display().lower()} by now.")


def original(message: Message) -> MessageText | None:
    """The machine's last text."""
    return message.texts.filter(author=None).last()


def approved_words(message: Message, was_shadow: bool) -> str:
    """What is said once after an approval."""
    if was_shadow:
        return "Recorded: you would approve. Nothing is sent."
    return f"Approved: {message.lead}."


def _neighbours(message: Message, user: Any) -> dict[str, Any]:
    if message.status != Status.HELD:
        top = list(review_queue.waiting()[:LIST_LENGTH])
        return {"next": review_queue.next_for(user), "previous": None, "list": top, "position": 0}
    place = review_queue.Place.of(message)
    later = review_queue.first_of(review_queue.behind(review_queue.waiting(), place), LIST_LENGTH)
    earlier = [
        one
        for part in review_queue.ahead(review_queue.waiting(), place)
        for one in part.reverse()[:2]
    ][:2]
    return {
        "next": next(iter(later), None),
        "previous": next(iter(earlier), None),
        "list": [*reversed(earlier), message, *later][:LIST_LENGTH],
        "position": review_queue.position(message),
    }


def _event(move: Move) -> Event:
    reason = getattr(move, "reason", None)
    text = move_words(move.why)
    by = phase.name_of(move.by) if move.by else ""
    return Event(move.at, text, by, move.tag.replace("_", " "), reason.text if reason else "")


def _whole(text: MessageText) -> str:
    return f"{text.subject}\n\n{text.body}"


def _local(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(settings.TEAM_TIME_ZONE))
