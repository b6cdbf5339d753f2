import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from rich.progress import Progress

from caio_project.lib.commands import ReportingCommand
from leads.models import ScoringRules
from leads.scoring import backtest
from leads.scoring_rules import InvalidRules, Rules, parse_rules

MOST_SHOWN = 20


class Command(ReportingCommand):
    help = (
        "Replay past visits under other rules of the score: every lead seen within --days, at "
        "each of its visits, "
        "under the rules in force and under those. Prints who would move and who would become "
        "HOT; changes nothing. "
        "Exit code 1 where the rules are wrong; the field is named."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--rules", type=int, metavar="VERSION", help="A version in the admin, such as a draft."
        )
        which.add_argument("--file", type=Path, metavar="rules.json")
        parser.add_argument("--days", type=int, default=30)

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= 3650:
            raise CommandError("--days: must be from 1 to 3650.")
        version = self._rules(options)
        found = self._replay(version, options)
        shown = found.moves[:MOST_SHOWN]
        counts = {
            "scored": found.scored,
            "failed": found.failed,
            "up": found.up,
            "down": found.down,
            "changed_tier": found.changed_tier,
            "became_hot": found.became_hot,
            "no_longer_hot": found.no_longer_hot,
        }
        if options["json"]:
            moves, hot = (
                [{**asdict(move), "by": move.by} for move in some] for some in (shown, found.hot)
            )
            self.as_json(
                {
                    "rules": version.version,
                    "days": options["days"],
                    **counts,
                    "moves": moves,
                    "hot": hot,
                }
            )
            return
        names = (
            "Leads scored",
            "Could not be scored",
            "Moved up",
            "Moved down",
            "Changed tier",
            "Became HOT",
            "No longer HOT",
        )
        self.table(
            f"Under {version.version}, {options['days']} days",
            ("", "Leads"),
            list(zip(names, counts.values(), strict=True)),
        )
        for title, some in (
            ("Who would become HOT, or no longer be", found.hot),
            ("The largest moves", shown),
        ):
            if some:
                self.table(
                    title,
                    ("Lead", "Before", "After", "By", "Tier", "HOT"),
                    [_move_row(move) for move in some],
                )

    def _replay(self, version: Rules, options: dict[str, Any]) -> backtest.BacktestReport:
        quiet = options["json"] or not getattr(self.stdout, "isatty", lambda: False)()
        with Progress(transient=True, disable=quiet) as bar:
            task = bar.add_task("Scoring", total=None)
            progress = (
                None if quiet else lambda done, total: bar.update(task, completed=done, total=total)
            )
            return backtest.replay_visits(version, options["days"], progress)

    def _rules(self, options: dict[str, Any]) -> Rules:
        path, number = options["file"], options["rules"]
        try:
            if path is not None:
                return parse_rules(json.loads(path.read_bytes()), version=path.name[:20])
            return ScoringRules.objects.get(version=number).parsed()
        except ScoringRules.DoesNotExist as error:
            raise CommandError(f"--rules: there is no version {number}.") from error
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from error
        except InvalidRules as error:
            raise CommandError(f"{path or number}: {error}.") from error
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{path}: it is no JSON.") from error


def _move_row(move: backtest.ScoreChange) -> tuple[Any, ...]:
    tier = _before_and_after(move.before.tier, move.after.tier)
    return move.name, move.before.intent, move.after.intent, f"{move.by:+}", tier, _hot_change(move)


def _before_and_after(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def _hot_change(move: backtest.ScoreChange) -> str:
    if move.before.hot == move.after.hot:
        return ""
    return "becomes HOT" if move.after.hot else "no longer HOT"
