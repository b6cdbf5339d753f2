import json
import sys
from argparse import SUPPRESS, ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from caio_project.backups import dump, restored_checks, scratch
from caio_project.lib.commands import ReportingCommand
from caio_project.privacy import erasure_file


class Command(ReportingCommand):
    help = (
        "Restore a backup into a database of its own, see whether it would work, and drop it: "
        "migrations, ledgers, erasures since, and a queue whose next email opens. Changes nothing "
        "here."
    )
    exit_codes = "0 it can be restored, 1 it cannot"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="A folder that `backup` wrote, or its dump.")
        parser.add_argument(
            "--erasures",
            type=Path,
            metavar="FILE",
            help="Erasures since; ERASURES_FILE where it is there, else those beside the backup.",
        )
        parser.add_argument("--inside", action="store_true", help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"]:
            checks = [asdict(one) for one in restored_checks.check_restored(options["erasures"])]
            self.as_json(checks)
        else:
            checks = self._check(options)
            self._show(checks, options)
        sys.exit(0 if all(one["ok"] for one in checks) else 1)

    def _check(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        path = _dump_in(options["file"])
        erasures = options["erasures"] or _newest_erasures(path)
        arguments = ["restore_check", str(path), "--inside"]
        arguments += [f"--erasures={erasures.absolute()}"] if erasures else []
        try:
            problem = _manifest_problem(path)
            if problem:
                raise dump.BackupFailed(problem)
            with scratch.restored_database(path) as url:
                found: list[dict[str, Any]] = json.loads(scratch.run_inside(url, arguments))
        except (dump.BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error
        return found

    def _show(self, checks: list[dict[str, Any]], options: dict[str, Any]) -> None:
        if options["json"]:
            self.as_json({"ok": all(one["ok"] for one in checks), "checks": checks})
            return
        rows = [("✓" if one["ok"] else "✕", one["name"], one["text"]) for one in checks]
        self.table(f"Restored from {options['file']}", ("", "Check", "What was seen"), rows)


def _dump_in(path: Path) -> Path:
    if not path.is_dir():
        if path.is_file():
            return path
        raise CommandError(f"{path}: there is no such file.")
    found = [one for ending in dump.ENDINGS.values() for one in path.glob(f"*.{ending}")]
    if len(found) != 1:
        raise CommandError(f"{path}: it is no folder that `backup` wrote.")
    return found[0]


def _newest_erasures(path: Path) -> Path | None:
    candidates = (erasure_file.erasures_path(), path.parent / dump.ERASURES)
    return next((one for one in candidates if one.is_file()), None)


def _manifest_problem(path: Path) -> str:
    """Why the dump is not the one that was written; "" where it is, or there is no manifest."""
    manifest = path.parent / dump.MANIFEST
    if not manifest.is_file():
        return ""
    try:
        wanted = json.loads(manifest.read_text(encoding="utf-8"))["sha256"]
    except (ValueError, KeyError, TypeError):
        return f"{manifest} cannot be read."
    if dump.sha256_of(path) != wanted:
        return f"{path} is not as it was written: its hash differs from {manifest.name}."
    return ""
