"""Makes each digest once for its period, and gives it to Slack and to email once each.

A channel is noted before it is called: after a crash in the call nobody is told twice. What
certainly did not arrive is tried again.
"""

import logging
from datetime import date, datetime, time
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.utils import timezone

from approvals.integrations import slack
from caio_project.lib import calendar
from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import vendor_value
from leads.models import TeamMember
from metrics.digests import digest_content, digest_words, periods
from metrics.models import Digest
from outreach.limits import team_calendar

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 6
LEASE_SECONDS = 60
Kind = Digest.Kind


def send_due_digests(now: datetime | None = None) -> int:
    """Make what is due and was not made yet, and deliver what waits; returns how many."""
    now = now or timezone.now()
    made = 0
    if has_channel():
        for kind in Kind:
            day = due_day(kind, now)
            if day is not None and not Digest.objects.filter(kind=kind, day=day).exists():
                made += make_digest(kind, day, now)[1]
    return made + deliver_digests()


def has_channel() -> bool:
    return bool(vendor_value("SLACK_BOT_TOKEN") or settings.EMAIL_URL)


def due_day(kind: str, now: datetime) -> date | None:
    hours, at = team_calendar.current_calendar(), _time_of(kind)
    if kind == Kind.DAILY:
        return periods.daily_due(now, at, hours)
    return periods.weekly_due(now, settings.WEEKLY_DIGEST_ON, at, hours)


def _time_of(kind: str) -> time | None:
    typed = settings.DAILY_DIGEST_AT if kind == Kind.DAILY else settings.WEEKLY_DIGEST_AT
    return calendar.read_time(typed) if typed else None


def build_content(kind: str, day: date, now: datetime) -> dict[str, object]:
    since = _end_of_last(kind, day) or _regular_start(kind, day)
    return digest_content.read_digest(str(kind), since, now)


def _end_of_last(kind: str, day: date) -> datetime | None:
    """Until when the digest before told; one that no channel took told nothing."""
    told = Digest.objects.exclude(ended_at__isnull=False, slack_at=None, email_at=None)
    last = told.filter(kind=kind, day__lt=day).order_by("-day").first()
    return datetime.fromisoformat(last.content["until"]) if last else None


def _regular_start(kind: str, day: date) -> datetime:
    at = _time_of(kind) or calendar.read_time("00:00")
    hours = team_calendar.current_calendar()
    if kind == Kind.DAILY:
        return periods.daily_start(day, at, hours)
    return periods.weekly_start(day, settings.WEEKLY_DIGEST_ON, at, hours)


def make_digest(kind: str, day: date, now: datetime) -> tuple[Digest, bool]:
    """The one of this period, and whether it was made just now."""
    content = build_content(kind, day, now)
    return Digest.objects.get_or_create(kind=kind, day=day, defaults={"content": content})


def deliver_digests(rows: QuerySet[Digest] | None = None) -> int:
    rows = Digest.objects.all() if rows is None else rows
    due = rows.filter(ended_at=None, not_before__lte=timezone.now())
    count = 0
    for row in claims.lease_rows(due, LEASE_SECONDS):
        _deliver(row)
        count += 1
    return count


def _deliver(row: Digest) -> None:
    errors = [error for error in (_tell_slack(row), _tell_email(row)) if error]
    changes: dict[str, object] = {"lease_until": None, "error": "; ".join(errors)[:300]}
    if errors and row.attempts < MAX_ATTEMPTS:
        changes["not_before"] = timezone.now() + claims.retry_delay(row.attempts, base=30)
    else:
        changes["ended_at"] = timezone.now()
    Digest.objects.filter(pk=row.pk).update(**changes)


def _claim(row: Digest, channel: str) -> bool:
    mine = Digest.objects.filter(pk=row.pk, **{channel: None})
    return claims.claim_row(mine, **{channel: timezone.now()})


def _give_back(row: Digest, channel: str) -> None:
    Digest.objects.filter(pk=row.pk).update(**{channel: None})


def _tell_slack(row: Digest) -> str:
    """The error, or "" where Slack took it, has it already, or is not connected."""
    if not vendor_value("SLACK_BOT_TOKEN") or not _claim(row, "slack_at"):
        return ""
    title, lines = digest_words.title_of(row.content), digest_words.lines_of(row.content)
    try:
        slack.post_message(slack.escape_text(title), _blocks(title, lines))
    except (slack.SlackBusy, slack.NoticeRefused, slack.SlackNotReady) as error:
        _give_back(row, "slack_at")
        return f"slack: {error}"
    except Exception as error:
        log.warning("digest %s by slack: %s", row.pk, type(error).__name__)
        return f"slack: it may or may not have arrived ({type(error).__name__})"
    return ""


def _blocks(title: str, lines: list[str]) -> slack.Blocks:
    texts = [title, *lines]
    button = {
        "type": "button",
        "action_id": "open",
        "url": f"{settings.SITE_URL}/sales",
        "text": {"type": "plain_text", "text": "Open"},
    }
    return [
        {
            "type": "section",
            "text": {"type": "plain_text", "text": slack.escape_text(text), "emoji": False},
        }
        for text in texts
    ] + [{"type": "actions", "elements": [button]}]


def recipients() -> list[str]:
    people = TeamMember.objects.filter(active=True, notice_order__gt=0).exclude(email="")
    return list(people.order_by("notice_order").values_list("email", flat=True))


def _tell_email(row: Digest) -> str:
    """The error, or "" where the server took it, has it already, or is not set."""
    to = recipients() if settings.EMAIL_URL else []
    if not to or not _claim(row, "email_at"):
        return ""
    title, lines = digest_words.title_of(row.content), digest_words.lines_of(row.content)
    body = "\n\n".join([*lines, f"Open: {settings.SITE_URL}/sales"]) + "\n"
    try:
        send_mail(title.replace("\u00a0", " "), body, None, to)
    except (SMTPException, OSError) as error:
        _give_back(row, "email_at")
        return f"email: {type(error).__name__}"
    return ""


def as_text(content: dict[str, object]) -> str:
    return "\n".join([digest_words.title_of(content), *digest_words.lines_of(content)])
