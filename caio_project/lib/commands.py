"""Base classes of our commands: output as tables or JSON, the user who answers, file imports."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from caio_project.lib.files import FileReport, UnreadableFile

SHOWN_IF_ANY = ("nobody", "notes", "more_notes")
ReportType = TypeVar("ReportType", bound=FileReport)


class ReportingCommand(BaseCommand):
    """Prints one JSON document with `--json`, otherwise tables; `--help` ends with exit codes."""

    exit_codes = "0 done, 1 refused or failed"

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        if "exit code" not in self.help.lower():
            kwargs["epilog"] = f"Exit code: {self.exit_codes}."
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="Print one JSON document instead of tables."
        )

    def as_json(self, document: Any) -> None:
        self.stdout.write(json.dumps(document, indent=2, default=str))

    def table(self, title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        """Print a table; cells are text and never markup."""
        from rich.text import Text

        table = Table(*columns, title=title, title_justify="left")
        for row in rows:
            table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
        Console(file=self.stdout, width=self._width()).print(table)  # type: ignore[arg-type]

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar on a terminal, for the length of the block; call what it gives with each step."""
        quiet = not getattr(self.stdout, "isatty", lambda: False)()
        with Progress(transient=True, disable=quiet, console=Console(stderr=True)) as bar:
            task = bar.add_task(what, total=total)
            yield lambda steps: bar.advance(task, steps)

    def _width(self) -> int | None:
        return None if getattr(self.stdout, "isatty", lambda: False)() else 140


class UserCommand(ReportingCommand):
    """Runs for the user named by `--as`, who needs `permission`."""

    permission = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--as", dest="as_user", required=True, metavar="USER", help="Who answers for this."
        )

    def person(self, options: dict[str, Any]) -> Any:
        """The active user named by --as, who has the permission. Raises CommandError."""
        user = get_user_model().objects.filter(username=options["as_user"], is_active=True).first()
        if user is None:
            raise CommandError(f"--as: there is no active user {options['as_user']!r}.")
        if not user.has_perm(self.permission):
            raise CommandError(f"--as: {user.get_username()} does not have {self.permission}.")
        return user


class FileImportCommand(ReportingCommand):
    """Takes files: errors by line on stderr, exit code 1 on any, and a progress bar."""

    many_files = False  # also folders, whose files are taken in the order of their names

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        more: dict[str, Any] = {"nargs": "+"} if self.many_files else {}
        parser.add_argument("file", type=Path, **more)

    def take(
        self,
        options: dict[str, Any],
        work: Callable[[bytes, Callable[[int, int], None]], ReportType],
    ) -> ReportType:
        """Run `work(raw, progress)` on the file. Raises CommandError where it cannot be read, or
        nothing in it is what the command takes.
        """
        path = options["file"]
        return self._with_progress(options, path, lambda tell: work(path.read_bytes(), tell))

    def take_all(
        self,
        options: dict[str, Any],
        work: Callable[[list[tuple[str, bytes]], Callable[[int, int], None]], ReportType],
    ) -> ReportType:
        """Run `work([(name, raw)], progress)` on files and folders together."""
        paths = [one for path in options["file"] for one in _files_under(path)]
        if not paths:
            raise CommandError(f"{options['file'][0]}: there is no file in it.")

        def read_and_work(tell: Callable[[int, int], None]) -> ReportType:
            return work([(path.name, path.read_bytes()) for path in paths], tell)

        return self._with_progress(options, options["file"][0], read_and_work)

    def _with_progress(
        self,
        options: dict[str, Any],
        path: Path,
        work: Callable[[Callable[[int, int], None]], ReportType],
    ) -> ReportType:
        quiet = options["json"] or not getattr(self.stdout, "isatty", lambda: False)()
        with Progress(transient=True, disable=quiet) as bar:
            task = bar.add_task("Storing", total=None)
            try:
                report = work(lambda done, total: bar.update(task, completed=done, total=total))
                report.require_rows()
                return report
            except OSError as error:
                raise CommandError(f"{error.filename or path}: {error.strerror}.") from error
            except UnreadableFile as error:
                raise CommandError(f"{path}: {error}") from error

    def finish(
        self, report: FileReport, options: dict[str, Any], what: str, *, stored: bool
    ) -> None:
        """Raises CommandError where a line was wrong."""
        if options["json"]:
            found = {
                name: value
                for name, value in report.__dict__.items()
                if name not in SHOWN_IF_ANY or value
            }
            self.as_json({**found, "stored": stored})
        else:
            for line, text in report.errors:
                self.stderr.write(f"line {line}: {text}")
            if report.more_errors:
                self.stderr.write(f"and {report.more_errors} more")
            for line, text in report.notes:
                self.stdout.write(f"line {line}: {text}")
            if report.more_notes:
                self.stdout.write(f"and {report.more_notes} more notes")
            for what_left, count in report.left_out.most_common():
                often = "once" if count == 1 else f"{count} times"
                self.stdout.write(f"not taken, {often}: {what_left}")
            if stored:
                nobody = f" {report.nobody} name nobody." if report.nobody else ""
                self.stdout.write(
                    f"{report.read} {what} read: {report.new} new, {report.known} known "
                    f"before.{nobody}"
                )
        if report.errors:
            wrong = len(report.errors) + report.more_errors
            raise CommandError(
                f"{wrong} of {report.read} lines are wrong."
                + ("" if stored else " Nothing was stored.")
            )


def _files_under(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(one for one in path.iterdir() if one.is_file() and one.name[0] != ".")
