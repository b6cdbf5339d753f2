"""Settings of Slack that contradict each other."""

from urllib.parse import urlsplit

from django.conf import settings

from caio_project.lib import calendar

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


def slack_errors() -> list[tuple[str, str, str]]:
    found = []
    if settings.SLACK_SIGNING_SECRET and not settings.SLACK_BOT_TOKEN:
        text = "SLACK_SIGNING_SECRET is set, and SLACK_BOT_TOKEN is not: no card could be posted."
        found.append(("SLACK_BOT_TOKEN", text, "Set both, or none."))
    if not _is_safe(settings.SLACK_BASE_URL):
        text = f"SLACK_BASE_URL {settings.SLACK_BASE_URL!r} is not https: the token would be open."
        found.append(("SLACK_BASE_URL", text, "Leave it out to use Slack's."))
    for typed in settings.DIGEST_AT:
        try:
            calendar.read_time(typed)
        except ValueError:
            text = f"DIGEST_AT names {typed!r}, which is no time of day like 09:00."
            found.append(("DIGEST_AT", text, ""))
    return found


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.hostname in LOOPBACK_HOSTS or bool(parts.scheme == "https" and parts.hostname)
