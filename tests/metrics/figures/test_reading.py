"""Figures of a period, from counts of days."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from leads.models import TeamMember
from metrics.figures.reading import Bucket, NotReadable, last_ripe_day, read_figures
from metrics.models import DailyFigure

pytestmark = pytest.mark.django_db
OLD = date(2026, 1, 5)  # a Monday


def stored(day: date, tally: str, numerator: int, denominator: int = 0, **others: object) -> None:
    DailyFigure.objects.create(
        day=day, tally=tally, numerator=numerator, denominator=denominator, **others
    )


def test_days_weeks_and_months_add_the_counts_and_not_the_rates() -> None:
    stored(OLD, "replies", 1, 10)
    stored(OLD + timedelta(days=1), "replies", 9, 90)
    stored(OLD + timedelta(days=30), "replies", 0, 100)

    def read(bucket: str) -> list[tuple[date, float | None, int]]:
        rows = read_figures(["reply_rate"], OLD, OLD + timedelta(days=30), bucket=bucket)
        return [(row.start, row.value, row.sample) for row in rows]

    assert read(Bucket.DAY)[:3] == [
        (OLD, 0.1, 10),
        (OLD + timedelta(days=1), 0.1, 90),
        (OLD + timedelta(days=2), None, 0),
    ]
    assert len(read(Bucket.DAY)) == 31
    assert read(Bucket.WEEK)[0] == (OLD, 0.1, 100)
    assert read(Bucket.MONTH) == [(OLD, 0.1, 100), (date(2026, 2, 1), 0.0, 100)]
    assert read(Bucket.WHOLE) == [(OLD, 0.05, 200)]


def test_days_that_are_not_ripe_are_no_part_of_a_reply_rate() -> None:
    ripe = last_ripe_day()
    stored(ripe, "replies", 5, 50)
    stored(ripe + timedelta(days=1), "replies", 0, 50)
    today = timezone.now().date()

    [row] = read_figures(["reply_rate"], ripe, today, bucket=Bucket.WHOLE)

    assert (row.value, row.sample, row.is_enough) == (0.1, 50, True)


def test_groups_are_named_and_figures_without_the_dimension_left_out() -> None:
    member = TeamMember.objects.create(name="Ada")
    stored(OLD, "sent", 3, dimension="sender", value=str(member.pk))
    stored(OLD, "sent", 2, dimension="sender", value="")

    rows = read_figures(["sent", "pipeline_value"], OLD, OLD, by="sender", bucket=Bucket.DAY)

    assert [(row.code, row.group_label, row.value) for row in rows] == [
        ("sent", "Ada", 3),
        ("sent", "No sender", 2),
    ]


def test_a_cost_needs_all_three_prices(settings) -> None:
    stored(OLD, "replies", 10, 100)
    stored(OLD, "clay_credits", 100)
    stored(OLD, "model_tokens", 1_000_000)
    stored(OLD, "review_time", 7200, 10)

    def cost() -> float | None:
        return read_figures(["cost_per_reply"], OLD, OLD, bucket=Bucket.WHOLE)[0].value

    settings.CLAY_CREDIT_PRICE, settings.REVIEW_HOUR_PRICE = Decimal("0.05"), Decimal(60)
    settings.TOKEN_PRICE = None
    assert cost() is None
    settings.TOKEN_PRICE = Decimal("0.000003")
    assert cost() == pytest.approx((5 + 3 + 120) / 10)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"codes": ["profit"]}, "figures"),
        ({"by": "colour"}, "by"),
        ({"bucket": "hour"}, "bucket"),
        ({"end": OLD - timedelta(days=1)}, "to"),
        ({"end": date(2036, 1, 1)}, "from"),
    ],
)
def test_what_cannot_be_read_is_named(arguments: dict[str, object], field: str) -> None:
    with pytest.raises(NotReadable) as refused:
        read_figures(**{"codes": ["sent"], "start": OLD, "end": OLD} | arguments)
    assert refused.value.field == field
