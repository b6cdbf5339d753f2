"""Rewrites notices in Slack about people who were erased since."""

import logging
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from approvals.integrations import slack
from approvals.models import SlackPost
from approvals.slack_decisions import email_cards
from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import vendor_value
from leads.models import Suppression

log = logging.getLogger(__name__)

LEASE_SECONDS = 30
LONGEST_RETRY = 300.0  # seconds
ERASED = "This notice is not shown any more: the person was erased."


def blank_erased_posts(batch: int = 100) -> int:
    """Returns how many were looked at."""
    if not vendor_value("SLACK_BOT_TOKEN"):
        return 0
    ids = list(_of_erased().values_list("pk", flat=True)[:batch])
    due, count = SlackPost.objects.filter(pk__in=ids).order_by("pk"), 0
    for post in claims.lease_rows(due, LEASE_SECONDS, batch) if ids else ():
        count += 1
        try:
            _blank_post(post)
        except slack.SlackBusy as busy:
            _wait(post, timedelta(seconds=busy.seconds), str(busy))
            break  # none of the others would be taken, either
    return count


def _of_erased() -> QuerySet[SlackPost]:
    stops = Suppression.objects.filter(
        scope=Suppression.Scope.PERSON, reason=Suppression.Reason.ERASED
    )
    people = [int(one) for one in stops.values_list("value", flat=True) if one.isdecimal()]
    waiting = SlackPost.objects.filter(erased_at=None, not_before__lte=timezone.now())
    return waiting.filter(lead__in=people)


def _blank_post(post: SlackPost) -> None:
    try:
        slack.update_message(post.channel, post.ts, ERASED, email_cards.plain_blocks(ERASED))
    except slack.MessageGone as gone:
        _close(post, str(gone))  # nobody sees it any more
    except slack.SlackBusy:
        raise
    except Exception as error:
        log.warning("notice in Slack %s: %s", post.pk, type(error).__name__)
        wait = claims.retry_delay(post.attempts, longest=LONGEST_RETRY)
        _wait(post, wait, str(error) or type(error).__name__)
    else:
        _close(post, "")


def _close(post: SlackPost, error: str) -> None:
    now: Any = timezone.now()
    SlackPost.objects.filter(pk=post.pk).update(erased_at=now, lease_until=None, error=error[:300])


def _wait(post: SlackPost, wait: timedelta, error: str) -> None:
    SlackPost.objects.filter(pk=post.pk).update(
        lease_until=None, error=error[:300], not_before=timezone.now() + wait
    )
