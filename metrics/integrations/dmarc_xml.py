"""Reads DMARC aggregate reports (RFC 9990, and RFC 7489's schema before it). Pure.

Whoever knows the address for reports may send one, so nothing in it is trusted: no document type,
no entities, bounded depth, numbers and addresses checked. The reporter's contact is not read.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder  # noqa: S405 only holds what we parsed
from xml.parsers import expat  # noqa: S407 document types are refused below

DEEPEST = 12
MOST_ROWS = 100_000
LARGEST_COUNT = 10**12
LARGEST_TIME = 4_102_444_800  # 2100
LONGEST = {"organisation": 200, "report_id": 300, "domain": 253}
ALIGNED = "pass"


class UnreadableReport(Exception):
    """Not an aggregate report; the text names the field."""


@dataclass(frozen=True)
class SourceRow:
    address: str
    messages: int
    dkim: bool  # aligned
    spf: bool
    disposition: str
    header_from: str
    signed_by: str  # a domain that DKIM or SPF passed for, whether aligned or not


@dataclass(frozen=True)
class AggregateReport:
    organisation: str
    report_id: str
    domain: str
    begins_at: datetime
    ends_at: datetime
    policy: dict[str, str]
    rows: tuple[SourceRow, ...]

    @property
    def messages(self) -> int:
        return sum(row.messages for row in self.rows)


def read_report(raw: bytes) -> AggregateReport:
    """Raises UnreadableReport."""
    root = _parse(raw)
    if root.tag != "feedback":
        raise UnreadableReport(f"It is no aggregate report: it begins with <{root.tag[:40]}>.")
    found, published = _child(root, "report_metadata"), _child(root, "policy_published")
    period = _child(found, "date_range")
    records = root.findall("record")
    if len(records) > MOST_ROWS:
        raise UnreadableReport(f"record: there are more than {MOST_ROWS:,}.")
    domain = _text(published, "domain", LONGEST["domain"]).lower()
    return AggregateReport(
        organisation=_text(found, "org_name", LONGEST["organisation"]),
        report_id=_text(found, "report_id", LONGEST["report_id"]),
        domain=domain.rstrip("."),
        begins_at=_moment(period, "begin"),
        ends_at=_moment(period, "end"),
        policy={one.tag: _clean(one.text)[:60] for one in published if one.tag in _POLICY_TAGS},
        rows=tuple(_row(record, number) for number, record in enumerate(records, 1)),
    )


_POLICY_TAGS = ("p", "sp", "np", "adkim", "aspf", "testing", "discovery_method")


def _parse(raw: bytes) -> Element:
    builder, parser, depth = TreeBuilder(), expat.ParserCreate(), 0

    def begin(name: str, _attributes: Any) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise UnreadableReport("It is nested too deep.")
        builder.start(name.rpartition(":")[2], {})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name.rpartition(":")[2])

    def refuse(*_: Any) -> None:
        raise UnreadableReport("It has a document type or entities, which no report needs.")

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise UnreadableReport(f"It is not XML: {error}.") from error
    except (LookupError, ValueError) as error:
        raise UnreadableReport("It is not XML: its encoding is not known.") from error
    return builder.close()


def _row(record: Element, number: int) -> SourceRow:
    row = _child(record, "row", number)
    judged, named = row.find("policy_evaluated"), record.find("identifiers")
    address = _text(row, "source_ip", 45, number)
    try:
        address = str(ipaddress.ip_address(address))
    except ValueError:
        raise UnreadableReport(f"record {number}, source_ip: {address!r} is no address.") from None
    return SourceRow(
        address=address,
        messages=_number(row, "count", LARGEST_COUNT, number),
        dkim=_optional(judged, "dkim").lower() == ALIGNED,
        spf=_optional(judged, "spf").lower() == ALIGNED,
        disposition=_optional(judged, "disposition").lower()[:12],
        header_from=_optional(named, "header_from").lower()[: LONGEST["domain"]],
        signed_by=next(_passed_domains(record.find("auth_results")), ""),
    )


def _passed_domains(results: Element | None) -> Iterator[str]:
    for kind in ("dkim", "spf"):
        for one in results.findall(kind) if results is not None else ():
            if _optional(one, "result").lower() == "pass" and (domain := _optional(one, "domain")):
                yield domain.lower()[: LONGEST["domain"]]


def _child(parent: Element, name: str, number: int = 0) -> Element:
    found = parent.find(name)
    if found is None:
        raise UnreadableReport(f"{_where(number)}{name}: it is missing.")
    return found


def _text(parent: Element, name: str, longest: int, number: int = 0) -> str:
    text = _optional(parent, name)
    if not text:
        raise UnreadableReport(f"{_where(number)}{name}: it is missing.")
    if len(text) > longest:
        raise UnreadableReport(f"{_where(number)}{name}: it is longer than {longest} characters.")
    return text


def _number(parent: Element, name: str, largest: int, number: int = 0) -> int:
    text = _text(parent, name, 20, number)
    if not (text.isascii() and text.isdigit()) or int(text) > largest:
        raise UnreadableReport(f"{_where(number)}{name}: {text!r} is no number that can be.")
    return int(text)


def _moment(parent: Element, name: str) -> datetime:
    return datetime.fromtimestamp(_number(parent, name, LARGEST_TIME), UTC)


def _optional(parent: Element | None, name: str) -> str:
    return _clean(parent.findtext(name)) if parent is not None else ""


def _clean(text: str | None) -> str:
    return " ".join((text or "").split())


def _where(number: int) -> str:
    return f"record {number}, " if number else ""
