"""An email's HTML as the text that its reader sees; what it quotes is marked with ">". Pure."""

import re
from html.parser import HTMLParser

BLOCKS = {
    "address", "article", "blockquote", "dd", "div", "dl", "dt", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul",
}  # fmt: skip
UNSEEN = {"head", "script", "style", "title"}
_MARKUP = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--.*?--|!doctype[^<>]*)>", re.IGNORECASE | re.DOTALL)


def of(body: str) -> str:
    """`body` as plain text, lines kept; a body without markup is only tidied."""
    if not _MARKUP.search(body):
        return tidy(body)
    reader = _Reader()
    reader.feed(body)
    reader.close()
    return tidy("".join(reader.parts))


def tidy(text: str) -> str:
    """Spaces at the ends of lines and more than one empty line are taken out."""
    lines = [re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in text.replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.quoted = 0
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self.unseen += 1
        elif tag == "br":
            self._line()
        elif tag in BLOCKS:
            self.quoted += tag == "blockquote"
            self._new_line()

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self.unseen = max(0, self.unseen - 1)
        elif tag in BLOCKS:
            self.quoted = max(0, self.quoted - (tag == "blockquote"))
            self._new_line()

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.parts.append(re.sub(r"\s+", " ", data))

    def _new_line(self) -> None:
        """A block begins on a line of its own; where one has just begun, nothing is added."""
        if self.parts and not self.parts[-1].startswith("\n"):
            self._line()
        elif self.parts:
            self.parts[-1] = self._begin()

    def _line(self) -> None:
        self.parts.append(self._begin())

    def _begin(self) -> str:
        return "\n" + "> " * min(self.quoted, 5)
