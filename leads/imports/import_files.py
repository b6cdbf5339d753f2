"""Imports files: LinkedIn connections and RB2B visitors. Errors are named by line."""

import json
from collections.abc import Iterator
from typing import Any

from django.db import transaction

from caio_project.lib.files import (
    FileReport,
    csv_delimiter,
    csv_rows,
    decode_file,
    json_list,
    json_rows,
)
from leads import normal
from leads.field_values import addresses
from leads.field_values.times import DayOrder
from leads.imports import imported_visits, visitor_times
from leads.integrations import rb2b
from leads.integrations.body_errors import UnreadableBody
from leads.models import KnownContact, TeamMember
from leads.scoring import assess
from leads.suppression import suppression


class BadLine(Exception):
    """A line of which no visitor can be made; the text says why."""


def import_connections(raw: bytes, member: TeamMember) -> FileReport:
    """Import LinkedIn's Connections.csv as people whom `member` knows. All or nothing; repeatable.

    LinkedIn writes a few lines of notes before the head, leaves most email addresses empty, and
    gives rows without a name for people who have closed their account; those are counted and left
    out.
    """
    report, rows = FileReport(), []
    for line, row in csv_rows(raw, required=("first name", "last name", "company")):
        report.read += 1
        if isinstance(row, str):
            report.wrong(line, row)
            continue
        contact = _parse_contact(row, member)
        if row.get("email address") and not contact.email:
            report.left_out["Email Address: no address can be read from it."] += 1
        if contact.name or contact.linkedin_key:
            rows.append(contact)
        else:
            report.nobody += 1
    if report.errors:
        return report
    rows = _without_erased(rows, report)
    with transaction.atomic():
        report.new = _keep_contacts(rows, member)
    report.known = len(rows) - report.new
    if rows:
        assess.mark_recently_seen()
    return report


def _parse_contact(row: dict[str, str], member: TeamMember) -> KnownContact:
    contact = KnownContact(
        member=member,
        name=f"{row.get('first name', '')} {row.get('last name', '')}".strip()[:200],
        company_name=row.get("company", "")[:200],
        linkedin_key=normal.linkedin_key(row.get("url", "")),
        email=addresses.read_address(row.get("email address", "")).address,
    )
    contact.normalise()
    return contact


def _without_erased(rows: list[KnownContact], report: FileReport) -> list[KnownContact]:
    """Contacts without people who were erased: nothing is stored about them again."""
    erased = suppression.marked_among(
        [one for row in rows for one in (row.email, row.linkedin_key)]
    )
    kept = [row for row in rows if erased.isdisjoint((row.email, row.linkedin_key))]
    if left := len(rows) - len(kept):
        report.left_out["Somebody who was erased."] += left
    return kept


IMPORTED_FIELDS = ("name", "company_name", "linkedin_key", "email", "name_key", "company_key")


def _keep_contacts(rows: list[KnownContact], member: TeamMember) -> int:
    known = {
        _contact_identity(contact): contact for contact in member.known_contacts.order_by("-pk")
    }
    new = {_contact_identity(row): row for row in rows if _contact_identity(row) not in known}
    changed = [known[_contact_identity(row)] for row in rows if _contact_identity(row) in known]
    for row in rows:
        if contact := known.get(_contact_identity(row)):
            for name in IMPORTED_FIELDS:
                setattr(contact, name, getattr(row, name) or getattr(contact, name))
    KnownContact.objects.bulk_create(new.values(), batch_size=500)
    KnownContact.objects.bulk_update(changed, IMPORTED_FIELDS, batch_size=200)
    return len(new)


def _contact_identity(contact: KnownContact) -> str:
    # By profile, else by name and company: two people may have one name.
    return contact.linkedin_key or f"{contact.name_key} at {contact.company_key}"


def import_visitors(raw: bytes, *, skip_bad: bool = False, progress: Any = None) -> FileReport:
    """Import RB2B's CSV export or JSON lines as events of the source "import". Repeatable.

    While one line is wrong nothing is stored, unless `skip_bad`. `progress(done, total)` is called
    for each batch; a second run continues after an interruption, for each batch is kept at once.
    Raises UnreadableFile.
    """
    report, bodies = FileReport(), []
    order = _day_order(raw, report)
    for line, item in _visitor_rows(raw):
        report.read += 1
        try:
            bodies.append(_visitor_body(item, order, report))
        except (BadLine, UnreadableBody) as error:
            report.wrong(line, str(error))
    if report.errors and not skip_bad:
        return report
    for first in range(0, len(bodies), imported_visits.BATCH_SIZE):
        batch = bodies[first : first + imported_visits.BATCH_SIZE]
        report.new += imported_visits.store_batch(batch)
        if progress:
            progress(first + len(batch), len(bodies))
    report.known = len(bodies) - report.new
    return report


def _day_order(raw: bytes, report: FileReport) -> DayOrder:
    """The order of the dates in the file; where it is assumed the report says so."""
    is_json = decode_file(raw).lstrip().startswith(("{", "["))
    with_semicolons = not is_json and csv_delimiter(raw, _is_visitor_head) == ";"
    usual = DayOrder.DAY_FIRST if with_semicolons else DayOrder.MONTH_FIRST
    found = visitor_times.find_order(_visitor_rows(raw), otherwise=usual)
    if found.assumed_for:
        report.note(found.assumed_for.line, found.note)
    return found.order


def _visitor_body(item: dict[str, Any] | str, order: DayOrder, report: FileReport) -> bytes:
    """Raises UnreadableBody where it would be parked, BadLine where it has no time."""
    if isinstance(item, str):
        raise BadLine(item)
    body = _encode_body(visitor_times.with_clear_time(item, order))
    visitor = rb2b.parse_visitor(body)
    if visitor.seen_at is None:
        raise BadLine(
            "Seen At is missing or no time; without it an old visit would count as one of now."
        )
    if visitor_times.is_future(visitor.seen_at):
        raise BadLine(
            f"Seen At: {rb2b.visit_time(item)[:40]!r} lies in the future: it was read as "
            f"{visitor.seen_at:%Y-%m-%d %H:%M} UTC."
        )
    for note in visitor.notes:
        if note["code"] == "two_values":
            raise BadLine(f"{note['field']}: it is there twice, with different values.")
    report.left_out.update(rb2b.note_text(note) for note in visitor.notes)
    return body


def _encode_body(item: dict[str, Any]) -> bytes:
    # A lone surrogate, which JSON can write and UTF-8 cannot, is replaced.
    try:
        return json.dumps(item, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")
    except RecursionError as error:
        raise BadLine("It is nested too deeply.") from error


def _visitor_rows(raw: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
    text = decode_file(raw)
    if text.lstrip().startswith("{"):
        yield from json_rows(text)
    elif text.lstrip().startswith("["):
        yield from json_list(text)
    else:
        missing = "It names no visitor: no column LinkedInUrl, WorkEmail, CompanyName or Website."
        yield from csv_rows(raw, required=(), is_head=_is_visitor_head, missing=missing)


def _is_visitor_head(names: set[str]) -> bool:
    return rb2b.names_visitor(dict.fromkeys(names, "x"))
