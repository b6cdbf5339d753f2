import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from caio_project.lib.commands import Reporting
from leads import backtest
from leads.models import ScoringRules
from leads.rulebook import BadRules, Rules

MOST_SHOWN = 20


class Command(Reporting):
    help = (
        "Replay past visits under other rules of the score: every lead seen within --days, at its newest visit, under "
        "the rules in force and under those. Prints who would move; changes nothing. Exit code 1 where the rules are "
        "wrong; the field is named."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--rules", type=int, metavar="VERSION", help="A version in the admin, such as a draft.")
        which.add_argument("--file", type=Path, metavar="rules.json")
        parser.add_argument("--days", type=int, default=30)

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= 3650:
            raise CommandError("--days: must be from 1 to 3650.")
        version = self._rules(options)
        found = backtest.replay(version, options["days"])
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
            moves = [{**asdict(move), "by": move.by} for move in shown]
            self.as_json({"rules": version.version, "days": options["days"], **counts, "moves": moves})
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
        rows = [
            (m.name, m.before.intent, m.after.intent, f"{m.by:+}", _both(m.before.tier, m.after.tier), _hot(m))
            for m in shown
        ]
        if rows:
            self.table("The largest moves", ("Lead", "Before", "After", "By", "Tier", "HOT"), rows)

    def _rules(self, options: dict[str, Any]) -> Rules:
        path, number = options["file"], options["rules"]
        try:
            if path is not None:
                return Rules.parse(json.loads(path.read_bytes()), version=path.name[:20])
            return ScoringRules.objects.get(version=number).parsed()
        except ScoringRules.DoesNotExist as error:
            raise CommandError(f"--rules: there is no version {number}.") from error
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from error
        except BadRules as error:
            raise CommandError(f"{path or number}: {error}.") from error
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{path}: it is no JSON.") from error


def _both(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def _hot(move: backtest.Move) -> str:
    if move.before.hot == move.after.hot:
        return ""
    return "becomes HOT" if move.after.hot else "no longer HOT"
