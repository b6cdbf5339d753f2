"""Telling people: a HOT draft at once, and the next person when two hours pass without a decision.

A notice is a row with a unique key, so that no sweep tells twice; it is told by Slack when configured, else by email,
else it stands on the notices page.
"""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Exists, OuterRef
from django.utils import timezone

from approvals.integrations import slack
from approvals.models import Notice
from caio_project.lib import claims
from leads.models import Alarm, Kind, TeamMember
from outreach.models import Message
from outreach.policy import Band
from outreach.states import Status

log = logging.getLogger(__name__)

STEPS = (timedelta(0), timedelta(hours=2))  # after held: the first person, the next one
LAST_TRY = 6
LEASE_SECONDS = 60
LONGEST_NAME = 200
Channel = Notice.Channel


def notice_hot(batch: int = 200) -> int:
    """Write a notice for every HOT email that waits and has not been announced at its step; returns how many."""
    now = timezone.now()
    made = 0
    for step, after in enumerate(STEPS):
        # Once for each time it came into the queue: what was approved and came back is announced again.
        told = Notice.objects.filter(message=OuterRef("pk"), step=step, created_at__gte=OuterRef("held_at"))
        due = Message.objects.filter(
            status=Status.HELD, band=Band.HOT, kind__in=[Kind.LIVE, Kind.EXAMPLE], held_at__lte=now - after
        ).exclude(Exists(told))
        for message in due.select_related("lead__company")[:batch]:
            key = f"hot:{message.pk}:{message.held_at:%Y%m%d%H%M%S}:{step}"
            _, new = Notice.objects.get_or_create(
                key=key, defaults={"message": message, "step": step, "to": _person(step), "text": _text(message, step)}
            )
            made += new
    return made


def _person(step: int) -> TeamMember | None:
    """Who is told at this step: the first in order, then the next, and at the end the last again."""
    order = list(TeamMember.objects.filter(active=True, notice_order__gt=0).order_by("notice_order"))
    return order[min(step, len(order) - 1)] if order else None


def _text(message: Message, step: int) -> str:
    company = message.lead.company
    who = f"{message.lead.name or 'Somebody'}" + (f", {company}" if company else "")
    who = " ".join(who.split())[:LONGEST_NAME]  # visitor data: of any length, and with line breaks
    if step == 0:
        return f"A HOT email waits for a decision: {who}."
    return f"Still no decision after 2 hours: {who} (HOT)."


def tell_due(batch: int = 50) -> int:
    """Send what is due to be told; a notice whose email was decided meanwhile is closed untold."""
    due = Notice.objects.filter(told_at=None, not_before__lte=timezone.now()).order_by("not_before")
    count = 0
    for notice in claims.leased(due, LEASE_SECONDS, batch):
        count += 1
        _tell(notice)
    return count


def _tell(notice: Notice) -> None:
    if notice.message and notice.message.status != Status.HELD:
        _close(notice, Channel.PAGE, "decided before it was told")
        return
    problems = []
    for channel, tell in _channels(notice):
        try:
            tell()
        except Exception as error:
            log.warning("notice %s by %s: %s", notice.pk, channel, type(error).__name__)
            problems.append(f"{channel}: {error}")
            continue
        _close(notice, channel, "; ".join(problems))
        return
    if not problems:
        _close(notice, Channel.PAGE, "")
        return
    _again(notice, "; ".join(problems))


def _again(notice: Notice, error: str) -> None:
    if notice.attempts >= LAST_TRY:
        _close(notice, Channel.PAGE, error)
        return
    Notice.objects.filter(pk=notice.pk).update(
        lease_until=None, error=error[:300], not_before=timezone.now() + claims.backoff(notice.attempts, base=10)
    )


def _close(notice: Notice, channel: str, error: str) -> None:
    Notice.objects.filter(pk=notice.pk).update(
        told_at=timezone.now(), channel=channel, error=error[:300], lease_until=None
    )


def _channels(notice: Notice) -> list[tuple[str, Any]]:
    """The ways that are configured, best first. Without any, the notices page is the way."""
    ways: list[tuple[str, Any]] = []
    link = f"{settings.SITE_URL}/sales/queue/{notice.message.public_id}" if notice.message else settings.SITE_URL
    if settings.SLACK_BOT_TOKEN:
        mention = notice.to.slack_user_id if notice.to else ""
        ways.append((Channel.SLACK, lambda: slack.post(notice.text, link, mention)))
    if settings.EMAIL_URL and notice.to and notice.to.email:
        body = f"{notice.text}\n\nDecide here: {link}\n"
        ways.append((Channel.EMAIL, lambda: send_mail(notice.text[:120], body, None, [notice.to.email])))
    return ways


def notice_alarms() -> int:
    """Write a notice for every alarm of the apps below that nobody was told of; returns how many."""
    made = 0
    for alarm in Alarm.objects.filter(closed_at=None).order_by("-opened_at")[:50]:
        _, new = Notice.objects.get_or_create(key=f"alarm:{alarm.pk}", defaults={"text": alarm.text, "to": _person(0)})
        made += new
    return made
