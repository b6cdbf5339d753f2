"""A card as Slack's blocks, within Slack's lengths. Pure.

What visitors typed stands in plain_text only, escaped and without control characters: there it is
neither markup nor a link nor the name of anybody.
Source: docs.slack.dev, "Block Kit: blocks" and "block elements".
"""

from dataclasses import dataclass

from approvals.integrations.slack import Blocks, escape, escape_text, without_half_escape
from leads import normal

MAX_SECTION = 3000  # characters, as escaped
MAX_CARD = 11_000  # of all blocks; Slack refuses about 13,000
PREVIEW = 2500  # of a text that does not fit
MAX_LINE = 600
MAX_TEXT_BLOCKS = 40  # Slack takes 50 blocks
LABEL_LENGTH = 75
ACTIONS_ID = "decide"
NOT_WHOLE = "This is not the whole email. Open it to read the rest and to decide."


@dataclass(frozen=True)
class CardButton:
    action: str
    label: str
    value: str = ""
    url: str = ""
    style: str = ""


@dataclass(frozen=True)
class CardText:
    """The email as its recipient sees it, and the checks of it."""

    head: str  # from, to and subject, a line each
    body: str
    footer: str
    checks: str


@dataclass(frozen=True)
class Card:
    """What a card says. Without `text` it only says what became of the email."""

    sentence: str
    text: CardText | None = None
    remark: str = ""  # why it cannot be decided here
    buttons: tuple[CardButton, ...] = ()
    mention: str = ""
    told: str = ""  # who was told otherwise, by name
    link: str = ""


def clean_text(typed: str) -> str:
    """Without control characters and those that turn the direction of a text.

    Line ends stay.
    """
    lines = _usual_spaces(typed)
    return "".join(one for one in lines if one == "\n" or not normal.is_unseen(one))


def _usual_spaces(typed: str) -> str:
    return typed.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")


def one_line(typed: str, most: int = MAX_LINE) -> str:
    shown = " ".join(clean_text(typed).split())
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def is_shown_whole(text: CardText) -> bool:
    """Whether recipient, whole text and every check stand on the card, letter by letter."""
    parts = (text.head, text.body, text.footer, text.checks)
    if any(clean_text(part) != _usual_spaces(part) for part in parts):
        return False
    sections = [piece for part in parts for piece in cut_pieces(part)]
    return sum(map(len, sections)) <= MAX_CARD and len(sections) <= MAX_TEXT_BLOCKS


def cut_pieces(typed: str, most: int = MAX_SECTION) -> list[str]:
    """An escaped text in pieces that each fit into a section, cut between words."""
    left, pieces = escape(clean_text(typed)).strip("\n"), []
    while len(left) > most:
        cut = max(left.rfind("\n", 0, most), left.rfind(" ", 0, most))
        piece = left[:cut] if cut > most // 2 else without_half_escape(left[:most])
        pieces.append(piece)
        left = left[len(piece) :]
    return [piece for piece in (*pieces, left) if piece.strip()]


def card_blocks(card: Card) -> Blocks:
    """At most 50 blocks, none empty, none too long, and together under Slack's limit."""
    blocks = [_section(escape_text(clean_text(card.sentence)))]
    if card.text is not None:
        blocks += _text_blocks(card.text)
    if card.remark:
        blocks.append(_section(escape_text(clean_text(card.remark))))
    if card.buttons:
        elements = [_button(one) for one in card.buttons]
        blocks.append({"type": "actions", "block_id": ACTIONS_ID, "elements": elements})
    return blocks + _our_own_words(card)


def _text_blocks(text: CardText) -> Blocks:
    if is_shown_whole(text):
        parts = (text.head, text.body, text.footer, text.checks)
        return [_section(piece) for part in parts for piece in cut_pieces(part)]
    body = escape_text(clean_text(text.body), PREVIEW)
    shown = [*cut_pieces(text.head)[:1], *([body] if body.strip() else []), NOT_WHOLE]
    return [_section(one) for one in shown]


def _section(shown: str) -> dict[str, object]:
    text = {"type": "plain_text", "text": shown.strip() or "…", "emoji": False}
    return {"type": "section", "text": text}


def _button(button: CardButton) -> dict[str, object]:
    label = {"type": "plain_text", "text": button.label[:LABEL_LENGTH], "emoji": False}
    made: dict[str, object] = {"type": "button", "action_id": button.action, "text": label}
    named = {"value": button.value, "url": button.url, "style": button.style}
    return made | {name: given for name, given in named.items() if given}


def _our_own_words(card: Card) -> Blocks:
    said = [f"<@{card.mention}>"] if card.mention.isalnum() else []
    said += [f"<{card.link}|Open the email>"] if card.link else []
    elements = [{"type": "mrkdwn", "text": " ".join(said)}] if said else []
    if card.told:
        told = f"{escape_text(one_line(card.told))} was told directly."
        elements.insert(0, {"type": "plain_text", "text": told})
    return [{"type": "context", "elements": elements}] if elements else []
