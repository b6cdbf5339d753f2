from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal, InvalidOperation
from typing import Any

from caio_project.lib.commands import UserCommand
from metrics.models import Baseline

MOST = 1_000_000_000


def whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > MOST:
        raise ArgumentTypeError(f"{text!r} is no whole number from 0 to {MOST:,}")
    return int(text)


def amount(text: str) -> Decimal:
    """Dollars, or percent."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"{text!r} is no number, such as 142000 or 6.5") from None
    if not value.is_finite() or not 0 <= value <= MOST:
        raise ArgumentTypeError(f"{text!r} is not from 0 to {MOST:,}")
    return round(value, 2)


def percent(text: str) -> Decimal:
    value = amount(text)
    if value > 100:
        raise ArgumentTypeError(f"{text!r} is not from 0 to 100 percent")
    return value


class Command(UserCommand):
    help = (
        "Record what a month of the parallel phase brought. The gate of pipeline value compares "
        "with the newest one; earlier ones stay on record."
    )
    permission = "metrics.record_baseline"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--emails", type=whole, required=True, help="Sent in the month.")
        parser.add_argument("--reply-rate", type=percent, required=True, help="In percent: 6.5.")
        parser.add_argument("--meetings", type=whole, required=True)
        parser.add_argument("--pipeline-value", type=amount, required=True, help="In dollars.")

    def handle(self, *args: Any, **options: Any) -> None:
        row = Baseline.objects.create(
            by=self.person(options),
            emails=options["emails"],
            reply_rate=options["reply_rate"],
            meetings=options["meetings"],
            pipeline_value=options["pipeline_value"],
        )
        if options["json"]:
            fields = ("emails", "reply_rate", "meetings", "pipeline_value", "at")
            self.as_json({"id": row.pk, **{name: getattr(row, name) for name in fields}})
        else:
            self.stdout.write(f"Recorded as baseline {row.pk}: {row}.")
