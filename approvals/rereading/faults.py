"""Faults that are put into a text to see whether re-readers find them. Pure.

Only the shown text has the fault. It is no email: nothing could send it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from approvals.models import RereadingItem

Fault = RereadingItem.Fault
OTHER_NAMES = ("Jordan", "Casey", "Morgan", "Taylor")
OTHER_COMPANIES = ("Halden Labs", "Bright Mill", "Castor Works")
INVENTED = (
    "Congratulations on closing your Series C last month.",
    "I read that you are opening an office in Denver this spring.",
    "Your new CFO told the press that you will double the team.",
)


@dataclass(frozen=True)
class ShownText:
    subject: str
    body: str
    footer: str
    phrases: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True)
class Recipient:
    """The words by which the text names its recipient."""

    first_name: str
    company: str


def fitting_faults(text: ShownText, known: Recipient) -> list[Fault]:
    return [fault for fault in Fault if put_fault(fault, text, known, 0) != text]


def put_fault(fault: Fault, text: ShownText, known: Recipient, pick: int) -> ShownText:
    """`text` with the fault; the same text where it does not fit. `pick` chooses among wordings."""
    return FAULTS[fault](text, known, pick)


def _wrong_name(text: ShownText, known: Recipient, pick: int) -> ShownText:
    others = [name for name in OTHER_NAMES if name != known.first_name]
    return _replaced(text, known.first_name, others[pick % len(others)])


def _wrong_company(text: ShownText, known: Recipient, pick: int) -> ShownText:
    others = [name for name in OTHER_COMPANIES if name != known.company]
    return _replaced(text, known.company, others[pick % len(others)])


def _placeholder(text: ShownText, known: Recipient, pick: int) -> ShownText:
    shown = _replaced(text, known.first_name, "{{first_name}}")
    return shown if shown != text else _replaced(text, known.company, "{{company}}")


def _invented_fact(text: ShownText, known: Recipient, pick: int) -> ShownText:
    first, gap, rest = text.body.partition("\n\n")
    if not gap:
        return text
    return replace(text, body=f"{first}\n\n{INVENTED[pick % len(INVENTED)]} {rest}")


def _no_footer(text: ShownText, known: Recipient, pick: int) -> ShownText:
    signed, gap, _ = text.footer.partition("\n\n")
    return replace(text, footer=signed) if gap else text


def _replaced(text: ShownText, name: str, other: str) -> ShownText:
    """`text` with another name wherever `name` stands as whole words."""
    if not name:
        return text
    whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")

    def put(words: str) -> str:
        return whole.sub(lambda _: other, words)

    if put(text.body) == text.body:
        return text
    phrases = tuple({**phrase, "text": put(phrase["text"])} for phrase in text.phrases)
    return replace(text, subject=put(text.subject), body=put(text.body), phrases=phrases)


FAULTS: dict[Fault, Callable[[ShownText, Recipient, int], ShownText]] = {
    Fault.WRONG_NAME: _wrong_name,
    Fault.WRONG_COMPANY: _wrong_company,
    Fault.PLACEHOLDER: _placeholder,
    Fault.INVENTED_FACT: _invented_fact,
    Fault.NO_FOOTER: _no_footer,
}
