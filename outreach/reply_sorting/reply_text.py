"""Extracts what a person wrote from an email: no markup, quotes or signature. Pure, linear time.

mail-parser-reply was measured first (docs/adr/0012): it takes 45 s for 40 KB of "On 1 wrote On 1
wrote …", and anybody can send us that. Here every rule looks at one line, or at three. The words
are data: words/mail.toml.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import islice

from outreach.reply_sorting.phrases import fold_text, list_pattern

MAX_TEXT_LENGTH = 30_000  # characters of plain text; an answer stands above its quote
MAX_HTML_LENGTH = 200_000  # characters of HTML

# --- from HTML to text: a quote becomes lines that start with ">", as in plain text

_IS_HTML = re.compile(
    r"</?(?:html|body|div|p|br|span|blockquote|table|a|b|i|font|meta)(?:[\s/][^<>]{0,400})?>",
    re.IGNORECASE,
)
_HTML_TAG = re.compile(r"<([^<>]*+)>")
_TAG_NAME = re.compile(r"\s*(/?)([a-z][a-z0-9]*+)", re.IGNORECASE)
_HIDDEN_TAGS = {"style", "script", "head", "title", "template", "noscript"}
_LINE_TAGS = {
    "br",
    "div",
    "p",
    "tr",
    "li",
    "ul",
    "ol",
    "table",
    "blockquote",
    "hr",
    "pre",
    "h1",
    "h2",
    "h3",
    "h4",
}
_INVISIBLE = {
    **{code: None for code in range(32) if chr(code) not in "\n\t"},
    **dict.fromkeys([0x7F, 0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF]),
}


def to_plain_text(body: str) -> str:
    """The body as text, whether it came as text or HTML; quotes stay, behind ">"."""
    text = body.replace("\r\n", "\n").replace("\r", "\n")
    if _IS_HTML.search(text):
        text = _HtmlReader().read(_without_comments(text)[:MAX_HTML_LENGTH])
    return unicodedata.normalize("NFC", text.translate(_INVISIBLE)).strip()


def _without_comments(text: str) -> str:
    first, *others = text.split("<!--")
    return first + "".join(rest.partition("-->")[2] if "-->" in rest else rest for rest in others)


class _HtmlReader:
    """Turns HTML into lines. Tags may be left open, closed twice or be no tags at all."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0
        self.hidden = ""
        self.link: int | None = None  # where in the line the open link began

    def read(self, text: str) -> str:
        at = 0
        for tag in _HTML_TAG.finditer(text):
            self._text(text[at : tag.start()])
            at = tag.end()
            if name := _TAG_NAME.match(tag[1]):
                self._tag(name[2].lower(), closes=bool(name[1]))
        self._text(text[at:])
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines))

    def _text(self, text: str) -> None:
        if not self.hidden and text:
            self.line.append(re.sub(r"\s+", " ", html.unescape(text)))

    def _tag(self, name: str, *, closes: bool) -> None:
        if (name in _HIDDEN_TAGS or self.hidden) and name != "body":
            self.hidden = (
                "" if closes and name == self.hidden else self.hidden or ("" if closes else name)
            )
            return
        self.hidden = ""
        if name in _LINE_TAGS:
            self._end_line()
        if name == "blockquote":
            self.quotes = max(0, self.quotes + (-1 if closes else 1))
        elif name == "p" and closes:
            self.lines.append(self._quoted(""))
        elif name == "a":
            self._link(closes=closes)

    def _link(self, *, closes: bool) -> None:
        """Drop a link to opt out: it is part of a footer, and nobody answers with one."""
        if (
            closes
            and self.link is not None
            and _contains_phrase("opting_out", "".join(self.line[self.link :]))
        ):
            del self.line[self.link :]
        self.link = None if closes else len(self.line)

    def _end_line(self) -> None:
        line = "".join(self.line).strip()
        if line or (self.lines and self.lines[-1].strip("> ")):
            self.lines.append(self._quoted(line))
        self.line, self.link = [], None

    def _quoted(self, line: str) -> str:
        return "> " + line if self.quotes else line


# --- without what it quotes

_FOOTER = re.compile(r"\W*unsubscribe\W{0,4}https?://", re.IGNORECASE)
_DATED_BY = re.compile(
    r"\d[^<]*<[^<>@\s]+@[^<>\s]+>\s*[:：]$"
)  # "2026-03-04 10:22 GMT+01:00 Dana <dana@example.com>:"
_WROTE_WITHOUT_COLON = re.compile(r"\d.*[<(][^<>()@\s]+@[^<>()\s]+[>)]\s?\S{1,12}(?:\s\S{1,12})?$")
MAX_HEADER_LENGTH = 300


def without_quotes(text: str) -> str:
    """Without quoted and forwarded mail and legal notice; text around ">" lines stays."""
    lines, at = text[:MAX_TEXT_LENGTH].split("\n"), 0
    kept: list[str] = []
    while at < len(lines):
        line = lines[at].strip()
        if not line or line.startswith(">") or _FOOTER.match(line) or _is_banner(line):
            kept += [] if line else [""]
            at += 1
        elif after := _end_of_introduction(lines, at):
            if not _next_line(lines, after).startswith(">"):
                break
            at = after
        else:
            kept.append(line)
            at += 1
    kept = kept[: _first_line(kept, lambda at: _begins_with("legal", kept[at].lstrip("*_ [(")))]
    while kept and (not kept[-1] or _DELIMITER.fullmatch(kept[-1])):
        kept.pop()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _is_banner(line: str) -> bool:
    start = fold_text(line[:MAX_HEADER_LENGTH]).lstrip("*_ [(<")
    if list_pattern("mail.banner").match(start):
        return True
    label = list_pattern("mail.banner_label").match(start)
    return label is not None and start[label.end() :].lstrip(" *_")[:1] in ("]", ":", ")", ">")


def _end_of_introduction(lines: Sequence[str], at: int) -> int:
    """The line after "On … wrote:" or "From: … Sent: …" if that begins at `at`, else 0."""
    line = lines[at].strip(" \t*_-:")
    if len(line) > MAX_HEADER_LENGTH:
        return 0
    if list_pattern("mail.divider").fullmatch(fold_text(line)):
        return at + 1
    following = islice((other for other in lines[at + 1 : at + 8] if other.strip()), 4)
    if 0 in _label_positions("sender", line) and (
        _label_positions("header", line)
        or any(0 in _label_positions("header", other.strip(" \t*")) for other in following)
    ):
        return at + 1
    return _end_of_attribution(lines, at)


def _end_of_attribution(lines: Sequence[str], at: int) -> int:
    for count in (1, 2, 3) if _begins_with("attribution", lines[at].strip()) else (1,):
        joined = " ".join(line.strip() for line in lines[at : at + count])
        if len(joined) > MAX_HEADER_LENGTH:
            return 0
        if joined.endswith((":", "：")) and (_DATED_BY.search(joined) or _names_the_writer(joined)):
            return at + count
        if _WROTE_WITHOUT_COLON.search(joined) and _names_the_writer(joined):
            return at + count
    return 0


def _names_the_writer(line: str) -> bool:
    return _contains_phrase("wrote", line) and (
        "@" in line or any(letter.isdigit() for letter in line)
    )


def _label_positions(name: str, line: str) -> list[int]:
    low = fold_text(line)
    found = list_pattern(f"mail.{name}").finditer(low)
    return [match.start() for match in found if low[match.end() :].lstrip(" *")[:1] in (":", "：")]


def _contains_phrase(name: str, line: str) -> bool:
    return bool(list_pattern(f"mail.{name}").search(fold_text(line)))


def _begins_with(name: str, line: str) -> bool:
    return bool(list_pattern(f"mail.{name}").match(fold_text(line[:MAX_HEADER_LENGTH])))


def _next_line(lines: Sequence[str], at: int) -> str:
    return next((line.strip() for line in islice(lines, at, None) if line.strip()), "")


# --- without its signature

_DELIMITER = re.compile(r"--|—|_{2,}|-{5,}|={5,}|\*{5,}")
_CONTACT = re.compile(r"\+?\(?\d[\d\s().-]{6,}\d|https?://|www\.|\S@\S|\s[|·•]\s", re.IGNORECASE)
MAX_SIGNATURE_LINE_LENGTH = 80
MAX_SIGN_OFF_LENGTH = 40
MAX_NAME_WORDS = 2  # words, on the line of the sign-off
MAX_SIGNATURE_LINES = 14


def without_signature(text: str) -> str:
    """Without signature and device line; never cut down to nothing."""
    lines = text.split("\n")
    for rule in (_from_delimiter, _from_sign_off, _from_contact_block):
        lines = lines[: rule(lines)]
    return "\n".join(lines).strip()


def _from_delimiter(lines: Sequence[str]) -> int:
    return _first_line(
        lines, lambda at: bool(_DELIMITER.fullmatch(lines[at])) or _is_device(lines[at])
    )


def _is_device(line: str) -> bool:
    return len(line) <= MAX_SIGNATURE_LINE_LENGTH and _begins_with("device", line)


def _from_sign_off(lines: Sequence[str]) -> int:
    last_sentence = max((at for at, line in enumerate(lines) if _is_sentence(line)), default=-1)
    latest = max(last_sentence, len(lines) - MAX_SIGNATURE_LINES)
    return _first_line(lines, lambda at: at > latest and _is_sign_off(lines[at]))


def _is_sign_off(line: str) -> bool:
    words, _, name = fold_text(line).partition(",")
    is_short = len(line) <= MAX_SIGN_OFF_LENGTH and len(name.split()) <= MAX_NAME_WORDS
    return is_short and bool(list_pattern("mail.sign_off").fullmatch(words.rstrip(" .!")))


def _from_contact_block(lines: Sequence[str]) -> int:
    start = max((at for at, line in enumerate(lines) if not line), default=len(lines) - 1) + 1
    block = lines[start:]
    is_block = 2 <= len(block) <= MAX_SIGNATURE_LINES and not any(
        _is_sentence(line) for line in block
    )
    return start if is_block and any(_CONTACT.search(line) for line in block) else len(lines)


def _is_sentence(line: str) -> bool:
    return len(line) > MAX_SIGNATURE_LINE_LENGTH or (
        len(line.split()) > 3 and line.endswith((".", "!", "?"))
    )


def _first_line(lines: Sequence[str], begins: Callable[[int], bool]) -> int:
    has_text = False
    for at, line in enumerate(lines):
        if has_text and line and begins(at):
            return at
        has_text = has_text or bool(line)
    return len(lines)
