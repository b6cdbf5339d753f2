"""Prices and targets that no figure could be made of are refused by name."""

from decimal import Decimal
from typing import Any

import pytest

from caio_project.operations.figure_checks import figure_errors
from caio_project.operations.figure_settings import parse_price


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLAY_CREDIT_PRICE", parse_price("five")),
        ("TOKEN_PRICE", Decimal("-1")),
        ("TARGET_SENT", 0),
        ("TARGET_REPLY_PERCENT", 100.0),
    ],
)
def test_what_is_no_price_or_target_is_named(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, value)
    assert [found[0] for found in figure_errors()] == [name]


def test_an_empty_price_is_none_and_zero_is_a_price() -> None:
    assert parse_price(" ") is None
    assert parse_price("0") == 0
    assert figure_errors() == []
