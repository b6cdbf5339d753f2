"""Prices and monthly targets of the figures, from the environment."""

from decimal import Decimal, InvalidOperation

import environ

env = environ.Env()


def parse_price(typed: str) -> Decimal | None:
    """Dollars; None where nothing is set. What is no number becomes NaN, which checks refuse."""
    try:
        return Decimal(typed) if typed.strip() else None
    except InvalidOperation:
        return Decimal("NaN")


CLAY_CREDIT_PRICE = parse_price(env.str("CLAY_CREDIT_PRICE", default=""))
TOKEN_PRICE = parse_price(env.str("TOKEN_PRICE", default=""))
REVIEW_HOUR_PRICE = parse_price(env.str("REVIEW_HOUR_PRICE", default=""))

TARGET_SENT = env.int("TARGET_SENT", default=2500)
TARGET_REPLY_PERCENT = env.float("TARGET_REPLY_PERCENT", default=8.0)
TARGET_MEETINGS = env.int("TARGET_MEETINGS", default=15)
TARGET_PIPELINE = env.int("TARGET_PIPELINE", default=200000)
