from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.utils import timezone

from caio_project.lib import calendar
from caio_project.lib.commands import ReportingCommand
from metrics.evidence import replay
from metrics.evidence.evidence import INTO_ASSISTED, INTO_AUTONOMOUS
from metrics.evidence.simulation import Scenario, simulate

NOTE = (
    "Only replies and complaints are drawn; every other gate counts as met. "
    "Looked at after every working day."
)
NULLS = {"assisted": INTO_ASSISTED.null, "autonomous": INTO_AUTONOMOUS.null}


def number(least: float, most: float, kind: Callable[[str], Any] = float) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            raise ArgumentTypeError(f"{text!r} is no number") from None
        if not least <= value <= most:
            raise ArgumentTypeError(f"{text!r} is not from {least:g} to {most:g}")
        return value

    return parse


class Command(ReportingCommand):
    help = (
        "Draw many histories of a sender whose true reply rate is known, and say how often and "
        "when the gates would promote it; or replay them over the real history."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--true-rate", type=number(0, 1), default=0.08, help="From 0 to 1 (default 0.08)."
        )
        parser.add_argument(
            "--per-day", type=number(1, 1000, int), default=25, help="Emails a working day (25)."
        )
        parser.add_argument("--days", type=number(1, 1500, int), default=120, help="Default 120.")
        parser.add_argument(
            "--drift", type=number(0, 1), default=0.3, help="Spread between weeks (default 0.3)."
        )
        parser.add_argument("--paths", type=number(1, 100_000, int), default=2_000)
        parser.add_argument(
            "--complaint-rate",
            type=number(0, 1),
            default=0.0002,
            help="From 0 to 1 (default 0.0002).",
        )
        parser.add_argument("--seed", type=number(0, 2**32 - 1, int), default=1)
        parser.add_argument(
            "--replay",
            action="store_true",
            help="On which days the real history would have met the reply rate of each gate.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["replay"]:
            self._replay(options)
            return
        names = ("true_rate", "per_day", "days", "drift", "paths", "complaint_rate", "seed")
        scenario = Scenario(**{name: options[name] for name in names})
        with self.progress("days", scenario.days) as advance:
            found = simulate(scenario, advance)
        if options["json"]:
            self.as_json({name: asdict(outcome) for name, outcome in found.items()})
            return
        self.table(
            f"{scenario.paths:,} histories of {scenario.days} days, {scenario.per_day} emails a "
            f"working day, true reply rate {scenario.true_rate:.1%}",
            ("Into", "Promoted", "Median day", "Left again"),
            [
                (
                    name,
                    f"{one.promoted:.1%}{_falsely(name, scenario)}",
                    one.median_day or "–",
                    f"{one.demoted:.1%}",
                )
                for name, one in found.items()
            ],
        )
        self.stdout.write(NOTE)

    def _replay(self, options: dict[str, Any]) -> None:
        found = replay.replay_history(timezone.now())
        if options["json"]:
            self.as_json({name: asdict(one) for name, one in found.items()})
            return
        self.table(
            "The reply rate of the real history, looked at after every day",
            ("Into", "First met on", "Days met", "Days looked at", "Strongest evidence"),
            [
                (name, one.first or "–", one.days_met, one.days, f"{one.strongest:.1f} of 20")
                for name, one in found.items()
            ],
        )
        today = calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE)
        self.stdout.write(f"Up to {today}. The other gates are not replayed.")


def _falsely(target: str, scenario: Scenario) -> str:
    return " (each of them falsely)" if scenario.true_rate <= NULLS[target] else ""
