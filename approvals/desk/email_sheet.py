"""The email as its recipient sees it, cut into pieces that can be shown safely."""

from datetime import date
from html.parser import HTMLParser
from typing import Any

from django.conf import settings
from django.db.models import F, Q

from approvals import fact_words
from caio_project.lib.vendor_access.access import vendor_value
from caio_project.lib.words import clock_words
from caio_project.lib.words.source_names import SOURCE_NAMES
from outreach.choices import Status
from outreach.content import email_footer
from outreach.models import Message, MessageText

FACT_SOURCES = {
    **SOURCE_NAMES, "the starting set": "What we sell, as it came with the product",
}  # fmt: skip


def email_sheet(message: Message, text: MessageText) -> dict[str, Any]:
    """The email as its recipient sees it, cut into pieces: plain, link, fact."""
    signed, _, legal = text.footer.partition("\n\n")
    legal = legal.split(f"{email_footer.UNSUBSCRIBE_WORDS}: ")[0]
    return {
        "from_name": message.sender.name if message.sender else settings.SENDER_NAME,
        "from_address": vendor_value("GHL_FROM_EMAIL"),
        "to": message.to_address,
        "subject": fact_words.mark_phrases(text.subject, text.phrases),
        "body": fact_words.mark_phrases(text.body, text.phrases),
        "signed": fact_words.mark_phrases(signed, []),
        "legal": legal.strip(),
        "unsubscribe": email_footer.UNSUBSCRIBE_WORDS
        if email_footer.UNSUBSCRIBE_WORDS in text.footer
        else "",
    }


def thread_before(message: Message) -> list[MessageText]:
    """What its recipient got before in the same thread, the first email first; [] for a first one.

    A text that was erased is left out.
    """
    if message.follows_id is None:
        return []
    between = Q(follows=message.follows_id, step__lt=message.step, status=Status.SENT)
    rows = Message.objects.filter(Q(pk=message.follows_id) | between)
    texts = MessageText.objects.filter(message__in=rows, version=F("message__version"))
    return list(texts.exclude(body="").order_by("message__step"))


def html_as_paragraphs(html: str) -> list[list[fact_words.TextPiece]]:
    """A sandbox email's HTML as paragraphs of pieces, without a live link."""
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


def source_words(source: str) -> str:
    """As a page says it: "RB2B, Nov 28" for the stored "rb2b, 2026-11-28"."""
    name, _, on = source.rpartition(", ")
    try:
        return f"{FACT_SOURCES.get(name, name)}, {clock_words.date_words(date.fromisoformat(on))}"
    except ValueError:
        return FACT_SOURCES.get(source, source)


def sourced_facts(text: MessageText) -> list[dict[str, str]]:
    return [
        {
            "text": p["text"],
            "field": p["field"].replace("_", " "),
            "source": source_words(p["source"]),
        }
        for p in text.phrases
    ]
