"""Imports lists of addresses and domains that must not be written to, as people keep them.

Read are our own form (value, reason, expires), exports of mailing tools and lists of customers with
their addresses, domains or websites. A cell may hold several. What could never match is refused.
"""

import re
from datetime import UTC, datetime, time

from django.db import transaction

from caio_project.lib import times
from caio_project.lib.files import FileReport, UnreadableFile, csv_rows
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


class BadRow(Exception):
    """A row that cannot be taken; the text names the column."""


def import_suppressions(raw: bytes, source: str, reason: str = "") -> FileReport:
    """All or nothing. A known row keeps its earliest entry; an expiry never shortens what stands.

    `reason` is that of rows without one. Raises UnreadableFile.
    """
    report, rows = FileReport(), list[Suppression]()
    for line, row in csv_rows(raw, required=("value", "reason"), is_head=_is_head):
        report.read += 1
        try:
            made = _read_row(row, source[:40], reason, report, line)
            report.nobody += not made
            rows += made
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
    given: dict[str, str] | str, source: str, reason: str, report: FileReport, line: int
) -> list[Suppression]:
    if isinstance(given, str):
        raise BadRow(given)
    row = {_plain_name(name): value for name, value in given.items()}
    why, until = _reason_of(row, reason), _expiry_of(row)
    made = []
    for entry in _entries_of(row, why):
        if entry.note:
            report.note(line, entry.note_text)
        for value in suppression.values_to_stop(entry.value, why):
            made.append(
                Suppression(
                    scope=entry.scope, value=value, reason=why, source=source, expires_at=until
                )
            )
    return made


def _entries_of(row: dict[str, str], reason: str) -> list[StopEntry]:
    """Raises BadRow, naming the column."""
    found: list[StopEntry] = []
    for columns in (ADDRESS_COLUMNS, DOMAIN_COLUMNS):
        if found and reason not in suppression.COMPANY_REASONS:
            break
        for name in columns:
            for typed in stop_entries.split_entries(row.get(name, "")):
                try:
                    found.append(stop_entries.read_entry(typed))
                except RefusedEntry as error:
                    raise BadRow(f"{name}: {error}") from error
    return found


def _reason_of(row: dict[str, str], otherwise: str) -> str:
    typed = row.get("reason", "")
    word = re.sub(r"[\s\-]+", "_", typed.lower())
    if word in Reason.values:
        return word
    if word in OTHER_WORDS:
        return OTHER_WORDS[word]
    if typed:
        raise BadRow(f"reason: {typed[:80]!r} is not one of {', '.join(Reason.values)}.")
    by_column = next((why for name, why in REASON_BY_COLUMN.items() if row.get(name)), None)
    if by_column or otherwise:
        return by_column or otherwise
    if "reason" in row or not REASON_BY_COLUMN.keys().isdisjoint(row):
        raise BadRow("reason: it is empty. Fill it in, or give one for all rows (--reason).")
    raise UnreadableFile(
        "The first line has no column reason. Add it, or give one for all rows (--reason): "
        f"{', '.join(Reason.values)}."
    )


def _expiry_of(row: dict[str, str]) -> datetime | None:
    typed = row.get("expires", "")
    last_day = times.parse_day(typed)
    if typed and last_day is None:
        raise BadRow(f"expires: {typed[:80]!r} is not a date like 2027-01-31, before 2100.")
    return datetime.combine(last_day, time.max, UTC) if last_day else None


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
