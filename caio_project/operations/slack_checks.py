"""Settings of Slack that contradict each other."""

from urllib.parse import urlsplit

from django.conf import settings

from caio_project.lib import calendar
from metrics.digests import periods

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


def slack_errors() -> list[tuple[str, str, str]]:
    found = []
    if settings.SLACK_SIGNING_SECRET and not settings.SLACK_BOT_TOKEN:
        text = "SLACK_SIGNING_SECRET is set, and SLACK_BOT_TOKEN is not: no card could be posted."
        found.append(("SLACK_BOT_TOKEN", text, "Set both, or none."))
    if not _is_safe(settings.SLACK_BASE_URL):
        text = f"SLACK_BASE_URL {settings.SLACK_BASE_URL!r} is not https: the token would be open."
        found.append(("SLACK_BASE_URL", text, "Leave it out to use Slack's."))
    if settings.WEEKLY_DIGEST_ON not in periods.WEEKDAYS:
        text = f"WEEKLY_DIGEST_ON names {settings.WEEKLY_DIGEST_ON!r}, which is no weekday."
        found.append(("WEEKLY_DIGEST_ON", text, f"One of {', '.join(periods.WEEKDAYS)}."))
    return found + _time_errors()


def _time_errors() -> list[tuple[str, str, str]]:
    times = [("DIGEST_AT", typed) for typed in settings.DIGEST_AT]
    for name in ("DAILY_DIGEST_AT", "WEEKLY_DIGEST_AT"):
        times += [(name, getattr(settings, name))] if getattr(settings, name) else []
    return [
        (name, f"{name} names {typed!r}, which is no time of day like 09:00.", "")
        for name, typed in times
        if not _is_time(typed)
    ]


def _is_time(typed: str) -> bool:
    try:
        calendar.read_time(typed)
    except ValueError:
        return False
    return True


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.hostname in LOOPBACK_HOSTS or bool(parts.scheme == "https" and parts.hostname)
