import sys
from argparse import ArgumentParser
from typing import Any

from caio_project.lib.commands import ReportingCommand
from metrics.api import evaluation_json
from metrics.gates import gate_evaluation, gate_words, parallel_checks
from metrics.gates.gate import FAIL, INSUFFICIENT, PASS, Gate, Unit
from metrics.gates.gate_measures import GATES

EXIT_CODES = {PASS: 0, FAIL: 1, INSUFFICIENT: 2}


class Command(ReportingCommand):
    help = (
        "Measure the gates into a phase from real rows, and record the evaluation where a verdict "
        "is new today. Exit code: 0 pass, 1 fail, 2 insufficient."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--target", choices=[phase.value for phase in GATES], default="assisted"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        evaluation = gate_evaluation.evaluate_gates(options["target"])
        number = gate_evaluation.recorded_evaluation(evaluation).pk
        seven = (
            parallel_checks.check_parallel_phase(evaluation)
            if options["target"] == "assisted"
            else []
        )
        if options["json"]:
            self.as_json(
                evaluation_json(evaluation)
                | {"evaluation": number, "checks": [check.__dict__ for check in seven]}
            )
        else:
            self.table(
                f"Gates into {options['target']}: {evaluation.verdict} (evaluation {number})",
                ("Gate", "Now", "95 % range", "Must be", "Sample", "Verdict", "Why"),
                [_gate_row(gate) for gate in evaluation.gates],
            )
            if seven:
                rows = [(check.name, check.state, check.text) for check in seven]
                self.table(
                    "The seven checks of the parallel phase",
                    ("Check", "State", "What was found"),
                    rows,
                )
        sys.exit(EXIT_CODES[evaluation.verdict])


def _gate_row(gate: Gate) -> tuple[Any, ...]:
    interval = f"{gate.interval[0]:.1%} to {gate.interval[1]:.1%}" if gate.interval else ""
    return (
        gate.name,
        _value_text(gate),
        interval,
        gate_words.threshold_text(gate),
        f"{gate.sample} of {gate.needed}",
        gate.verdict,
        gate_words.reason_text(gate),
    )


def _value_text(gate: Gate) -> str | None:
    if gate.value is None:
        return None
    if gate.unit == Unit.SHARE:
        return f"{gate.value:.1%}"
    text = f"{gate.value:.2f}".rstrip("0").rstrip(".")
    return text if gate.spread is None else f"{text}, spread {gate.spread:.2f}"
