"""Targets of months and prices: who sets them, what is refused, and which days they hold for."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.test import Client

from metrics.figures import costs, month
from metrics.figures.reading import Bucket, read_figures
from metrics.models import DailyFigure, MonthlyTarget, UnitPrice

pytestmark = pytest.mark.django_db
PATH = "/sales/targets"
TARGETS = {
    "what": "targets", "month": "2026-06-01", "sent": "1800", "reply_percent": "7.5",
    "meetings": "12", "pipeline_value": "150000",
}  # fmt: skip
PRICES = {
    "what": "prices", "starts_on": "2026-06-10", "clay_credit": "0.05", "million_tokens": "3",
    "review_hour": "60",
}  # fmt: skip
PRICE_NAMES = ("CLAY_CREDIT_PRICE", "TOKEN_PRICE", "REVIEW_HOUR_PRICE")


@pytest.fixture(autouse=True)
def clock(time_machine: Any, settings: Any) -> None:
    time_machine.move_to(datetime(2026, 6, 10, 12, tzinfo=ZoneInfo("America/New_York")))
    for name in PRICE_NAMES:
        setattr(settings, name, None)


@pytest.fixture
def lead(client: Client, lead_user: User) -> Client:
    client.force_login(lead_user)
    return client


def spend(day: date) -> None:
    for tally, count in (("clay_credits", 100), ("model_tokens", 1_000_000), ("review_time", 7200)):
        DailyFigure.objects.create(day=day, tally=tally, numerator=count)
    DailyFigure.objects.create(day=day, tally="replies", numerator=10, denominator=100)


def cost(start: date, end: date) -> float | None:
    return read_figures(["cost_per_reply"], start, end, bucket=Bucket.WHOLE)[0].value


def test_before_anybody_sets_them_the_settings_say_the_targets(lead: Client) -> None:
    text = lead.get(PATH).content.decode()
    assert "nobody has set them here" in text and "$200,000" in text
    assert text.count("Not set") == 3


def test_a_lead_sets_targets_and_months_before_keep_theirs(lead: Client, lead_user: User) -> None:
    assert lead.post(PATH, TARGETS).status_code == 303
    row = MonthlyTarget.objects.get()
    assert (row.by, row.month, row.sent, row.reply_percent) == (
        lead_user, date(2026, 6, 1), 1800, Decimal("7.5")
    )  # fmt: skip
    assert month.goals_of(date(2026, 5, 31)).sent == 2500
    assert month.goals_of(date(2026, 6, 1)).sent == month.goals_of(date(2026, 9, 9)).sent == 1800
    text = lead.get(PATH).content.decode()
    assert "Set by lena" in text and "1,800 emails" in text
    assert "1,800" in lead.get("/sales/performance").content.decode()


def test_of_two_rows_for_a_month_the_newer_stands_and_the_same_again_is_none(lead: Client) -> None:
    lead.post(PATH, TARGETS)
    lead.post(PATH, TARGETS)
    assert MonthlyTarget.objects.count() == 1
    lead.post(PATH, TARGETS | {"sent": "1900"})
    assert month.goals_of(date(2026, 6, 5)).sent == 1900
    assert MonthlyTarget.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"month": "2026-05-01"}, "From the month on: Choose one of the list."),
        ({"sent": "0"}, "Emails sent in a month: Ensure this value is greater"),
        ({"sent": ""}, "Emails sent in a month: This field is required."),
        ({"reply_percent": "100"}, "Reply rate, in percent: Ensure this value is less"),
        ({"meetings": "many"}, "Meetings in a month: Enter a whole number."),
        ({"pipeline_value": "-1"}, "Open pipeline, in dollars: Ensure"),
    ],
)
def test_wrong_targets_name_the_field_and_change_nothing(
    lead: Client, changes: dict[str, str], said: str
) -> None:
    answer = lead.post(PATH, TARGETS | changes)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not MonthlyTarget.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"starts_on": "2019-12-31"}, "From the day on: Choose a day from 2020-01-01"),
        ({"starts_on": ""}, "From the day on: Choose a day."),
        ({"clay_credit": "-1"}, "Dollars for one Clay credit: Ensure"),
        ({"million_tokens": "0.00001"}, "Dollars for a million tokens: Ensure"),
        ({"review_hour": "NaN"}, "Dollars for an hour of review: Enter a number."),
    ],
)
def test_wrong_prices_name_the_field_and_change_nothing(
    lead: Client, changes: dict[str, str], said: str
) -> None:
    answer = lead.post(PATH, PRICES | changes)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not UnitPrice.objects.exists()


@pytest.mark.parametrize("body", [TARGETS, PRICES, {"what": "else"}])
def test_others_read_and_set_nothing(client: Client, reviewer: User, body: dict[str, str]) -> None:
    client.force_login(reviewer)
    assert client.post(PATH, body).status_code == 403
    text = client.get(PATH).content.decode()
    assert "Leads set targets and prices" in text and "Save" not in text
    assert not MonthlyTarget.objects.exists() and not UnitPrice.objects.exists()


def test_a_form_that_is_none_of_ours_changes_nothing(lead: Client) -> None:
    assert lead.post(PATH, {"what": "else"}).status_code == 422
    assert not MonthlyTarget.objects.exists() and not UnitPrice.objects.exists()


def test_each_day_costs_its_own_prices(lead: Client) -> None:
    may, june = date(2026, 5, 4), date(2026, 6, 10)
    spend(may)
    assert cost(may, may) is None
    lead.post(PATH, PRICES | {"starts_on": "2026-01-01"})
    assert cost(may, may) == pytest.approx((5 + 3 + 120) / 10)
    lead.post(PATH, PRICES | {"review_hour": "600"})
    assert cost(may, may) == pytest.approx((5 + 3 + 120) / 10)
    spend(june)
    counted = costs.load_prices().cost_of(
        {may: {"review_time": 3600}, june: {"review_time": 3600}}, june
    )  # type: ignore[dict-item]
    assert counted == pytest.approx(60 + 600)


def test_a_price_that_is_not_known_makes_no_figure_of_its_days(lead: Client) -> None:
    day = date(2026, 6, 1)
    spend(day)
    lead.post(PATH, PRICES | {"starts_on": "2026-06-01", "million_tokens": ""})
    assert cost(day, day) is None
    assert costs.load_prices().missing(day) == ["TOKEN_PRICE"]


def test_the_environment_wins_and_its_field_is_not_asked_for(lead: Client, settings: Any) -> None:
    day = date(2026, 6, 1)
    spend(day)
    lead.post(PATH, PRICES | {"starts_on": "2026-06-01"})
    settings.TOKEN_PRICE = Decimal("0.00001")
    assert cost(day, day) == pytest.approx((5 + 10 + 120) / 10)
    text = lead.get(PATH).content.decode()
    assert 'name="million_tokens"' not in text
    assert "$10" in text and "by TOKEN_PRICE on the server" in text
    lead.post(PATH, PRICES | {"starts_on": "2026-06-02", "million_tokens": "99"})
    assert UnitPrice.objects.first().million_tokens == 3  # type: ignore[union-attr]


@pytest.mark.usefixtures("standing_guards")
@pytest.mark.parametrize("model", [MonthlyTarget, UnitPrice])
def test_what_was_set_stays_on_record(lead: Client, model: Any) -> None:
    lead.post(PATH, TARGETS)
    lead.post(PATH, PRICES)
    with pytest.raises(DatabaseError), transaction.atomic():
        model.objects.update(at=datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC")))
    with pytest.raises(DatabaseError), transaction.atomic():
        model.objects.all()._raw_delete("default")
    assert model.objects.count() == 1


@pytest.mark.parametrize("hour", ["6", "42", "70.5"])
def test_price_of_an_hour_on_the_server_is_shown_as_it_is_set(
    lead: Client, settings: Any, hour: str
) -> None:
    settings.REVIEW_HOUR_PRICE = Decimal(hour)
    assert f"<dd>${hour}\n" in lead.get(PATH).content.decode()
