import json
import time
from argparse import ArgumentParser
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from caio_project.lib.commands import ReportingCommand
from caio_project.lib.files import NO_ROWS, UnreadableFile
from outreach.models import ReplyKind
from outreach.reply_sorting import evaluation
from outreach.reply_sorting.evaluation import LabelledReply, SortingFigures

LONGEST_SHOWN = 200


class Command(ReportingCommand):
    help = (
        "How well answers are sorted: precision and recall of each kind, and what is taken for "
        "what, on a file of "
        "labelled replies (JSON lines: label, language, subject, body), or on the corrections "
        "that people made here. "
        "Changes nothing. Exit code 1 where the file cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "file", type=Path, nargs="?", help="Without it: the corrections kept in the database."
        )
        parser.add_argument(
            "--wrong", action="store_true", help="Also show each reply that is sorted wrongly."
        )
        parser.add_argument(
            "--lines",
            action="store_true",
            help="Print the replies as such a file, and measure nothing.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        replies = (
            self._read(options["file"]) if options["file"] else list(evaluation.corrected_replies())
        )
        if options["lines"]:
            for reply in replies:
                self.stdout.write(json.dumps(asdict(reply), ensure_ascii=False))
            return
        started = time.perf_counter()
        figures = evaluation.measure_sorting(replies)
        each = (time.perf_counter() - started) * 1000 / max(1, len(replies))
        show = self._document if options["json"] else self._tables
        show(figures, round(each, 2), options["wrong"])

    def _read(self, path: Path) -> list[LabelledReply]:
        try:
            found = evaluation.read_labelled(path.read_bytes())
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from error
        except UnreadableFile as error:
            raise CommandError(f"{path}: {error}") from error
        if not found:
            raise CommandError(f"{path}: {NO_ROWS}")
        return found

    def _document(self, figures: SortingFigures, each: float, wrong: bool) -> None:
        kinds = ReplyKind.values
        document = {
            **figures.totals(),
            "milliseconds_each": each,
            "kinds": [asdict(figures.of(kind)) for kind in kinds],
            "stops": [asdict(row) for row in figures.stops()],
            "confusion": {
                label: {kind: figures.confusion[label, kind] for kind in kinds} for label in kinds
            },
        }
        if wrong:
            document["wrong"] = [
                {**asdict(reply), **asdict(found)} for reply, found in figures.wrong
            ]
        self.as_json(document)

    def _tables(self, figures: SortingFigures, each: float, wrong: bool) -> None:
        kinds, totals = ReplyKind.values, figures.totals()
        self.stdout.write(
            f"{totals['replies']} replies, {totals['right']} sorted rightly; sure of "
            f"{totals['sure']}, "
            f"{totals['sure_right']} of them rightly; {each} ms each."
        )
        self.table(
            "By kind",
            ("Kind", "Labelled", "Sorted as", "Rightly", "Precision", "Recall"),
            [tuple(map(_cell_text, astuple(figures.of(kind)))) for kind in kinds],
        )
        self.table(
            "What is (down) was taken for (across)",
            ("", *kinds),
            [(label, *(figures.confusion[label, kind] or "" for kind in kinds)) for label in kinds],
        )
        self.table(
            "Stops by language",
            ("Language", "Stops", "Missed", "Surely", "Others", "Taken for a stop", "Surely"),
            [("all", *rest) if not name else (name, *rest) for name, *rest in rows_of(figures)],
        )
        if wrong:
            self.table(
                "Sorted wrongly",
                ("Is", "Taken for", "Sure", "Said", "Because of"),
                [
                    (
                        reply.label,
                        found.kind,
                        found.is_sure,
                        found.said[:LONGEST_SHOWN],
                        " … ".join(found.words),
                    )
                    for reply, found in figures.wrong
                ],
            )


def rows_of(figures: SortingFigures) -> list[tuple[Any, ...]]:
    return [astuple(row) for row in figures.stops()]


def _cell_text(cell: Any) -> Any:
    return "no data" if cell is None else f"{cell:.3f}" if isinstance(cell, float) else cell
