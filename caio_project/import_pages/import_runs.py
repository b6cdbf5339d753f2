"""Imports that a person asked for on the page: files sealed, worked off by a worker, deleted."""

import base64
import time
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from caio_project.import_pages.import_kinds import KINDS, Files
from caio_project.lib import sealed
from caio_project.lib.db import claims
from caio_project.lib.files import FileReport, UnreadableFile
from caio_project.lib.models import FileImport, ImportedFile
from caio_project.lib.nudge import nudge

TASK = "caio_project.import_files"
LEASE_SECONDS = 300  # without progress, after which another worker takes an import that was begun
MOST_TRIES = 3
MOST_WAITING = 10
MOST_REASONS = 100  # each may quote its line
TELL_SECONDS = 1.0
LINES_KEPT = timedelta(days=7)  # they may quote the file
PURPOSE = "imported file"
KEY_IS_GONE = "It was sealed with another SECRET_KEY. Give the file again."
COUNTED = ("read", "new", "known", "nobody", "more_errors", "more_notes")
Outcome = FileImport.Outcome


def ask_import(kind: str, files: Files, options: dict[str, Any], by: Any) -> FileImport | None:
    """Store the files for a worker; None while too many others wait."""
    with transaction.atomic():
        if FileImport.objects.filter(outcome=Outcome.WAITING).count() >= MOST_WAITING:
            return None
        run = FileImport.objects.create(kind=kind, options=options, by=by)
        for name, raw in files:
            ImportedFile.objects.create(batch=run, name=name[:200], sealed=_seal(raw))
        nudge(TASK)
    return run


def work_off_next() -> bool:
    """Work off the oldest import that waits; False where none does. One at a time."""
    _drop_old_lines()
    waiting = FileImport.objects.filter(outcome=Outcome.WAITING)
    oldest = waiting.order_by("pk").first()
    due = waiting.filter(pk=oldest.pk) if oldest else waiting.none()
    for run in claims.lease_rows(due, LEASE_SECONDS, batch=1):
        _work_off(run)
        nudge(TASK)
        return True
    return False


def _work_off(run: FileImport) -> None:
    if run.attempts > MOST_TRIES:
        _finish(run, Outcome.FAILED)
        return
    try:
        files = [(one.name, _unseal(one.sealed)) for one in run.files.all()]
        report = KINDS[FileImport.Kind(run.kind)].work(files, run.options, _progress_of(run))
        report.require_rows()
    except UnreadableFile as error:
        _finish(run, Outcome.UNREADABLE, lines={"file": str(error)})
    except sealed.DecryptionError:
        _finish(run, Outcome.UNREADABLE, lines={"file": KEY_IS_GONE})
    else:
        is_stored = not report.errors or bool(run.options.get("skip_bad"))
        outcome = Outcome.STORED if is_stored else Outcome.REFUSED
        _finish(run, outcome, counts=_counts_of(report), lines=_lines_of(report))


def _mine(run: FileImport) -> Any:
    """The row while no other worker has taken it."""
    rows = FileImport.objects.filter(outcome=Outcome.WAITING)
    return rows.filter(pk=run.pk, attempts=run.attempts)


def _progress_of(run: FileImport) -> Callable[[int, int], None]:
    """Tells the row how far the work is, once a second, and keeps its lease."""
    told_at = float("-inf")

    def tell(done: int, total: int) -> None:
        nonlocal told_at
        if done < total and time.monotonic() - told_at < TELL_SECONDS:
            return
        told_at = time.monotonic()
        lease_until = timezone.now() + timedelta(seconds=LEASE_SECONDS)
        _mine(run).update(done=done, total=total, lease_until=lease_until)

    return tell


def _finish(run: FileImport, outcome: Outcome, **found: Any) -> None:
    with transaction.atomic():
        ended = {"outcome": outcome, "ended_at": timezone.now(), "lease_until": None}
        if claims.claim_row(_mine(run), **ended, **found):
            run.files.all().delete()


def _counts_of(report: FileReport) -> dict[str, Any]:
    counts: dict[str, Any] = {name: getattr(report, name) for name in COUNTED}
    for name, reasons in _reasons_of(report).items():
        counts[f"more_{name}"] = sum(often for _, often in reasons[MOST_REASONS:])
    return counts | {"by_what": dict(getattr(report, "by_what", {}))}


def _lines_of(report: FileReport) -> dict[str, Any]:
    reasons = {name: found[:MOST_REASONS] for name, found in _reasons_of(report).items()}
    return {"errors": report.errors, "notes": report.notes} | reasons


def _reasons_of(report: FileReport) -> dict[str, list[tuple[str, int]]]:
    """Why something was not taken, and how often; the most frequent first."""
    skipped = Counter[str](getattr(report, "skipped", {}))
    return {"left_out": report.left_out.most_common(), "skipped": skipped.most_common()}


def _drop_old_lines() -> None:
    old = FileImport.objects.filter(ended_at__lt=timezone.now() - LINES_KEPT)
    old.exclude(lines={}).update(lines={})


def _seal(raw: bytes) -> str:
    return sealed.encrypt_text(base64.b64encode(zlib.compress(raw)).decode(), PURPOSE)


def _unseal(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(sealed.decrypt_text(text, PURPOSE)))
