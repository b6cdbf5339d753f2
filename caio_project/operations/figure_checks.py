"""Prices and targets that no figure could be made of."""

from django.conf import settings

PRICE_NAMES = ("CLAY_CREDIT_PRICE", "TOKEN_PRICE", "REVIEW_HOUR_PRICE")
TARGET_NAMES = ("TARGET_SENT", "TARGET_MEETINGS", "TARGET_PIPELINE")


def figure_errors() -> list[tuple[str, str, str]]:
    found = []
    for name in PRICE_NAMES:
        price = getattr(settings, name)
        if price is not None and not (price.is_finite() and price >= 0):
            found.append((name, f"{name} is no price in dollars like 0.25.", "Or leave it out."))
    for name in TARGET_NAMES:
        if getattr(settings, name) < 1:
            found.append((name, f"{name}={getattr(settings, name)} is too small.", ""))
    if not 0 < settings.TARGET_REPLY_PERCENT < 100:
        text = f"TARGET_REPLY_PERCENT={settings.TARGET_REPLY_PERCENT} is no percentage."
        found.append(("TARGET_REPLY_PERCENT", text, ""))
    return found
