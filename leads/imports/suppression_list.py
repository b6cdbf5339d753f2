"""Imports lists of addresses and domains that must not be written to, as people keep them.

Read are our own form (value, reason, expires), exports of mailing tools and lists of customers with
their addresses, domains or websites. A cell may hold several. What could never match is refused.
"""

import re
from datetime import UTC, datetime, time

from django.db import transaction

from caio_project.lib import times
from caio_project.lib.files import FileReport, UnreadableFile, csv_cells
from leads.field_values import stop_entries
from leads.field_values.stop_entries import RefusedEntry, StopEntry
from leads.models import Suppression
from leads.suppression import suppression

Reason = Suppression.Reason
ADDRESS_COLUMNS = (
    "value", "email", "e mail", "email address", "e mail address", "work email", "business email",
    "recipient", "contact email",
)  # fmt: skip
DOMAIN_COLUMNS = (
    "domain", "domain name", "company domain", "company domain name", "website", "website url",
    "web site", "company website", "url",
)  # fmt: skip
# What mailing tools name the time at which somebody left or was cleaned from their list.
REASON_BY_COLUMN = {
    "unsub time": Reason.UNSUBSCRIBED,
    "unsubscribed at": Reason.UNSUBSCRIBED,
    "unsubscribe date": Reason.UNSUBSCRIBED,
    "opt out date": Reason.UNSUBSCRIBED,
    "clean time": Reason.BOUNCED,
    "bounced at": Reason.BOUNCED,
    "bounce date": Reason.BOUNCED,
}
OTHER_WORDS = {
    "unsubscribe": Reason.UNSUBSCRIBED,
    "opt_out": Reason.UNSUBSCRIBED,
    "opted_out": Reason.UNSUBSCRIBED,
    "bounce": Reason.BOUNCED,
    "hard_bounce": Reason.BOUNCED,
    "complaint": Reason.COMPLAINED,
    "spam": Reason.COMPLAINED,
    "client": Reason.CUSTOMER,
    "do_not_contact": Reason.MANUAL,
    "dnc": Reason.MANUAL,
}
BATCH_SIZE = 500  # rows stored with one statement: nobody else writes to SQLite meanwhile
# Of a row with an address and a domain, both are stopped for these; else the person alone.


NAMES_NOBODY = "It gives a reason and names nobody: no address or domain was found in it."
Cells = dict[str, list[str]]  # what a row holds, by plain name of the column; none is empty


class BadRow(Exception):
    """A row that cannot be taken; the text names the column."""


def import_suppressions(raw: bytes, source: str, reason: str = "") -> FileReport:
    """All or nothing. A known row keeps its earliest entry; an expiry never shortens what stands.

    `reason` is that of rows without one. Raises UnreadableFile.
    """
    report, rows = FileReport(), list[Suppression]()
    for line, row in csv_cells(raw, required=("value", "reason"), is_head=_is_head):
        report.read += 1
        try:
            rows += _read_row(row, source[:40], reason, report, line)
        except BadRow as error:
            report.wrong(line, str(error))
    if report.errors:
        return report
    wanted = {(row.scope, row.value, row.reason, row.expires_at): row for row in rows}
    kept = list(wanted.values())
    with transaction.atomic():
        for first in range(0, len(kept), BATCH_SIZE):
            report.new += _keep_batch(kept[first : first + BATCH_SIZE])
    report.known = len(rows) - report.new
    return report


def _plain_name(column: str) -> str:
    return re.sub(r"[\s_\-]+", " ", column).strip().lower()


def _is_head(names: set[str]) -> bool:
    plain = {_plain_name(name) for name in names}
    return not plain.isdisjoint((*ADDRESS_COLUMNS, *DOMAIN_COLUMNS))


def _read_row(
    given: list[tuple[str, str]] | str, source: str, reason: str, report: FileReport, line: int
) -> list[Suppression]:
    """Two columns of one name, or of two spellings of it, both count. Raises BadRow."""
    if isinstance(given, str):
        raise BadRow(given)
    row: Cells = {}
    for name, cell in given:
        row.setdefault(_plain_name(name), []).extend([cell] if cell else [])
    until, made, notes = _expiry_of(row), list[Suppression](), dict[str, None]()
    for why in _reasons_of(row, reason):
        entries = _entries_of(row, why)
        notes |= dict.fromkeys(entry.note_text for entry in entries if entry.note)
        made += _stops_of(entries, why, source, until)
    if not made:
        report.nobody += 1
        notes |= dict.fromkeys([NAMES_NOBODY] if _own_reasons(row) else [])
    for text in notes:
        report.note(line, text)
    return made


def _stops_of(
    entries: list[StopEntry], reason: str, source: str, until: datetime | None
) -> list[Suppression]:
    stopped = dict.fromkeys(
        (entry.scope, value)
        for entry in entries
        for value in suppression.values_to_stop(entry.value, reason)
    )
    return [
        Suppression(scope=scope, value=value, reason=reason, source=source, expires_at=until)
        for scope, value in stopped
    ]


def _entries_of(row: Cells, reason: str) -> list[StopEntry]:
    """Raises BadRow, naming the column."""
    found: list[StopEntry] = []
    for columns in (ADDRESS_COLUMNS, DOMAIN_COLUMNS):
        if found and reason not in suppression.COMPANY_REASONS:
            break
        for name in columns:
            for cell in row.get(name, []):
                found += _entries_in(cell, name)
    return found


def _entries_in(cell: str, column: str) -> list[StopEntry]:
    try:
        return [stop_entries.read_entry(typed) for typed in stop_entries.split_entries(cell)]
    except RefusedEntry as error:
        raise BadRow(f"{column}: {error}") from error


def _own_reasons(row: Cells) -> list[str]:
    typed = [_read_reason(one) for one in row.get("reason", [])]
    by_column = [why for name, why in REASON_BY_COLUMN.items() if row.get(name)]
    return list(dict.fromkeys([*typed, *by_column]))


def _read_reason(typed: str) -> str:
    word = re.sub(r"[\s\-]+", "_", typed.lower())
    if word not in Reason.values and word not in OTHER_WORDS:
        raise BadRow(f"reason: {typed[:80]!r} is not one of {', '.join(Reason.values)}.")
    return OTHER_WORDS.get(word, word)


def _reasons_of(row: Cells, otherwise: str) -> list[str]:
    """Raises BadRow, and UnreadableFile where no row of the file could have one."""
    if found := _own_reasons(row) or ([otherwise] if otherwise else []):
        return found
    if "reason" in row or not REASON_BY_COLUMN.keys().isdisjoint(row):
        raise BadRow("reason: it is empty. Fill it in, or give one for all rows (--reason).")
    raise UnreadableFile(
        "The first line has no column reason. Add it, or give one for all rows (--reason): "
        f"{', '.join(Reason.values)}."
    )


def _expiry_of(row: Cells) -> datetime | None:
    """The latest of several. Raises BadRow."""
    days = []
    for typed in row.get("expires", []):
        if (day := times.parse_day(typed)) is None:
            raise BadRow(f"expires: {typed[:80]!r} is not a date like 2027-01-31, before 2100.")
        days.append(day)
    return datetime.combine(max(days), time.max, UTC) if days else None


def _keep_batch(rows: list[Suppression]) -> int:
    """Returns how many are new. The address of an erased person, whom a mark stops, is left out."""
    erased = suppression.marked_among([row.value for row in rows if _is_address(row)])
    values = {row.value for row in rows}
    standing = {_identity(one): one for one in Suppression.objects.filter(value__in=values)}
    new: dict[tuple[str, str, str], Suppression] = {}
    for row in rows:
        known = standing.get(_identity(row)) or new.get(_identity(row))
        if _is_address(row) and row.value in erased:
            continue
        if known is None:
            new[_identity(row)] = row
        else:
            suppression.strengthen(known, row.source, row.expires_at)
    Suppression.objects.bulk_create(new.values())
    return len(new)


def _is_address(row: Suppression) -> bool:
    return row.scope == Suppression.Scope.ADDRESS


def _identity(row: Suppression) -> tuple[str, str, str]:
    return row.scope, row.value, row.reason
