"""The kinds of files that the page takes, each worked off by the code beneath its command."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from caio_project.lib.files import FileReport, UnreadableFile
from caio_project.lib.models import FileImport
from leads.imports import import_files, suppression_list
from leads.models import TeamMember
from outreach.imports import previous_system

Kind = FileImport.Kind
Files = list[tuple[str, bytes]]  # (name, content)
Tell = Callable[[int, int], None]  # (done, total)
MEMBER_IS_GONE = "The team member whose connections these are is not there any more."


@dataclass(frozen=True)
class ImportKind:
    """One kind of file. `work` stores it and reports."""

    help: str
    accept: str
    work: Callable[[Files, dict[str, Any], Tell], FileReport]
    unit: str
    is_many: bool = False


def _take_suppressions(files: Files, options: dict[str, Any], tell: Tell) -> FileReport:
    name, raw = files[0]
    return suppression_list.import_suppressions(raw, f"import {name}", options.get("reason", ""))


def _take_visitors(files: Files, options: dict[str, Any], tell: Tell) -> FileReport:
    skip_bad = bool(options.get("skip_bad"))
    return import_files.import_visitors(files[0][1], skip_bad=skip_bad, progress=tell)


def _take_history(files: Files, options: dict[str, Any], tell: Tell) -> FileReport:
    named = files if len(files) > 1 else [("", raw) for _, raw in files]
    return previous_system.import_files(named, tell, skip_bad=bool(options.get("skip_bad")))


def _take_connections(files: Files, options: dict[str, Any], tell: Tell) -> FileReport:
    member = TeamMember.objects.filter(pk=options["member"]).first()
    if member is None:
        raise UnreadableFile(MEMBER_IS_GONE)
    return import_files.import_connections(files[0][1], member)


KINDS = {
    Kind.SUPPRESSIONS: ImportKind(
        help="A CSV with value, reason and optionally expires (2027-01-31); an export of a mailing "
        "tool; or any list with a column of addresses, domains or websites, with a reason chosen "
        "here.",
        accept=".csv,.tsv,.txt",
        work=_take_suppressions,
        unit="lines",
    ),
    Kind.VISITORS: ImportKind(
        help="RB2B's CSV export, or JSON lines. They are worked off like any other visit.",
        accept=".csv,.json,.jsonl,.txt",
        work=_take_visitors,
        unit="visitors",
    ),
    Kind.HISTORY: ImportKind(
        help="A CSV or JSON lines with email, what (sent, answered, rejected, bounced, complained, "
        "unsubscribed, draft) and at; or the older system's JSON drafts. Give what belongs "
        "together at once, up to 500 files: answers find their emails.",
        accept=".csv,.json,.jsonl,.txt",
        work=_take_history,
        unit="entries",
        is_many=True,
    ),
    Kind.CONNECTIONS: ImportKind(
        help="LinkedIn's Connections.csv of one team member: whom they know.",
        accept=".csv",
        work=_take_connections,
        unit="connections",
    ),
}
