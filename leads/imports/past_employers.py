"""Imports where team members worked before, from a CSV file. Errors are named by line."""

from django.core.exceptions import ValidationError
from django.db import transaction

from caio_project.lib.files import FileReport, csv_rows
from leads import normal
from leads.models import PastEmployer, TeamMember
from leads.scoring import assess

COLUMNS = ("member", "company")


def import_past_employers(raw: bytes) -> FileReport:
    """Columns: member (a name or address), company, domain, from, to. All or nothing."""
    report, rows = FileReport(), []
    members = _members_by_name()
    for line, row in csv_rows(raw, required=COLUMNS):
        report.read += 1
        try:
            rows.append(_parse_employer(row, members))
        except ValidationError as error:
            report.wrong(line, " ".join(error.messages))
    report.require_rows()
    if report.errors:
        return report
    known = {_identity(one) for one in PastEmployer.objects.all()}
    new = {_identity(one): one for one in rows if _identity(one) not in known}
    with transaction.atomic():
        PastEmployer.objects.bulk_create(new.values(), batch_size=500)
    report.new, report.known = len(new), len(rows) - len(new)
    if new:
        assess.mark_recently_seen()
    return report


def _members_by_name() -> dict[str, TeamMember]:
    members = list(TeamMember.objects.filter(active=True))
    named = {one.name.strip().lower(): one for one in members}
    return {**named, **{one.email.lower(): one for one in members if one.email}}


def _parse_employer(row: dict[str, str] | str, members: dict[str, TeamMember]) -> PastEmployer:
    if isinstance(row, str):
        raise ValidationError(row)
    typed = row.get("member", "")
    member = members.get(typed.strip().lower())
    if member is None:
        raise ValidationError(f"member: “{typed[:80]}” is no active team member.")
    employer = PastEmployer(
        member=member,
        company_name=row.get("company", ""),
        domain=row.get("domain", ""),
        from_year=_read_year(row, "from"),
        to_year=_read_year(row, "to"),
    )
    try:
        employer.full_clean()
    except ValidationError as error:
        said = [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
        raise ValidationError(said) from error
    return employer


def _read_year(row: dict[str, str], column: str) -> int | None:
    typed = row.get(column, "")
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal() and 1950 <= int(typed[:5]) <= 2100):
        raise ValidationError(f"{column}: “{typed[:20]}” is no year.")
    return int(typed)


def _identity(one: PastEmployer) -> tuple[object, ...]:
    return one.member_id, normal.company_key(one.company_name), one.from_year, one.to_year
