"""Telling people: notices of positive answers and alarms, and the delivery of every notice.

A notice is a row with a unique key, so that no sweep tells twice. The channel that the ladder names
is tried first, then the other one that is configured; else it stands on the notices page.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from approvals.escalation import ladder_rows, lead_words, own_channels
from approvals.integrations import slack
from approvals.models import Notice
from approvals.sent import answers
from approvals.slack_decisions import digest, slack_notices
from caio_project.lib.db import claims
from caio_project.lib.db.kept_queries import kept_query
from caio_project.lib.vendor_access.access import vendor_value
from leads.models import Alarm, TeamMember
from outreach.choices import Status
from outreach.models import WANT_AN_ANSWER, Reply, ReplyKind, ReplyText

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 6
REPLIES = 50  # told of in one sweep
LEASE_SECONDS = 60
INCIDENT = "incident:"  # the beginning of the keys of notices about incidents
MAX_QUOTE_LENGTH = 600  # characters of an answer
Channel = Notice.Channel
Tell = Callable[[], str]  # returns what went wrong beside it


def create_reply_notices() -> int:
    """Write a notice for each positive reply or question without one; returns how many.

    It goes to the lead's owner, or to whoever answers for them while they are away.
    """
    made = 0
    for reply in _untold_replies(since=timezone.now() - answers.NEEDS_SOMEONE_FOR):
        to, instead_of = _recipient_of_reply(reply)
        what = "A question" if reply.kind == ReplyKind.QUESTION else "A positive answer"
        text = f"{what}: {lead_words.lead_words(reply.lead)}."
        _, is_new = Notice.objects.get_or_create(
            key=f"answer:{reply.pk}",
            defaults={"reply": reply, "to": to, "instead_of": instead_of, "text": text},
        )
        made += is_new
    return made


@kept_query
def _untold_replies(since: datetime) -> QuerySet[Reply]:
    told = Notice.objects.filter(reply=OuterRef("pk"))
    new = (
        Reply.objects.of_kind(*WANT_AN_ANSWER)
        .filter(received_at__gte=since)
        .exclude(source=answers.IMPORTED_SOURCE)
    )
    related = ("lead__company", "lead__owner", "message__sender")
    return new.exclude(Exists(told)).select_related(*related)[:REPLIES]


def _first_person() -> TeamMember | None:
    return ladder_rows.first_available(timezone.now())


def _recipient_of_reply(reply: Reply) -> tuple[TeamMember | None, TeamMember | None]:
    """Who is told, and in place of which owner."""
    owner = _owner_of_reply(reply)
    if owner is None:
        return _first_person(), None
    to = ladder_rows.who_answers_for(owner, timezone.now())
    return to, None if to == owner else owner


def _owner_of_reply(reply: Reply) -> TeamMember | None:
    """The lead's owner, or who signed the email that the reply answers."""
    signed = reply.message.sender if reply.message else None
    return next((one for one in (reply.lead.owner, signed) if one is not None and one.active), None)


def deliver_due_notices(batch: int = 50) -> int:
    """Deliver due notices; one whose email was decided meanwhile is closed. Returns how many."""
    due = Notice.objects.filter(told_at=None, not_before__lte=timezone.now()).order_by("not_before")
    count = 0
    for notice in claims.lease_rows(due, LEASE_SECONDS, batch):
        count += 1
        _deliver_notice(notice)
    return count


def _deliver_notice(notice: Notice) -> None:
    if over := _why_obsolete(notice):
        _close_notice(notice, Channel.PAGE, over)
        return
    _update_recipient(notice)
    problems: dict[str, Exception] = {}
    for channel, tell in _ways_of(notice, problems):
        try:
            beside = tell()
        except Exception as error:
            log.warning("notice %s by %s: %s", notice.pk, channel, type(error).__name__)
            problems[channel] = error
            if notice.direct_at:
                break  # the person knows; only the channel is still to be told
            continue
        said = [_problem_text(problems), f"{channel}: {beside}" if beside else ""]
        _close_notice(notice, channel, "; ".join(filter(None, said)))
        return
    _settle_untold(notice, problems)


def _ways_of(notice: Notice, problems: dict[str, Exception]) -> list[tuple[str, Tell]]:
    """What is left to try: who chose email for themselves has it before the team's channel."""
    choice = own_channels.own_choice(notice)
    ways = _wanted_first(own_channels.first_channel(notice, choice), _delivery_channels(notice))
    if notice.channel == Channel.EMAIL:  # an earlier try
        return [way for way in ways if way[0] != Channel.EMAIL]
    if notice.direct_at or len(ways) < 2 or not own_channels.is_email_beside(notice, choice):
        return ways
    (_, by_email), team = ways
    try:
        by_email()
    except Exception as error:
        problems[Channel.EMAIL] = error
    else:
        notice.direct_at, notice.channel = timezone.now(), Channel.EMAIL
        notice.save(update_fields=["direct_at", "channel"])
    return [team]


def _settle_untold(notice: Notice, problems: dict[str, Exception]) -> None:
    """No channel took it: it waits for another try, or stands on the notices page."""
    text = _problem_text(problems)
    waits = [error.seconds for error in problems.values() if isinstance(error, slack.SlackBusy)]
    if waits:
        _wait_for_slack(notice, max(waits), text)
    elif all(isinstance(error, slack.NoticeRefused) for error in problems.values()):
        _close_notice(notice, Channel.PAGE, text)
    else:
        _schedule_retry(notice, text)


def _problem_text(problems: dict[str, Exception]) -> str:
    return "; ".join(f"{channel}: {error}" for channel, error in problems.items())


def _wait_for_slack(notice: Notice, seconds: float, error: str) -> None:
    """Waiting as long as Slack asked to is no failed try."""
    Notice.objects.filter(pk=notice.pk).update(
        lease_until=None,
        error=error[:300],
        attempts=max(0, notice.attempts - 1),
        not_before=timezone.now() + timedelta(seconds=seconds),
    )


def _update_recipient(notice: Notice) -> None:
    """A reply's notice goes to whoever answers for the lead when it is delivered."""
    if notice.reply is None or _owner_of_reply(notice.reply) is None:
        return
    notice.to, notice.instead_of = _recipient_of_reply(notice.reply)
    Notice.objects.filter(pk=notice.pk).update(to=notice.to, instead_of=notice.instead_of)


def _why_obsolete(notice: Notice) -> str:
    """Why nobody needs to be notified any more; "" where they do."""
    if notice.reply and (notice.reply.taken_by_id or notice.reply.kind not in WANT_AN_ANSWER):
        return "taken, or sorted differently, before it was told"
    if notice.message and not notice.note_id and notice.message.status != Status.HELD:
        is_blocked = notice.message.status == Status.BLOCKED
        return f"{'out of the queue' if is_blocked else 'decided'} before it was told"
    return ""


def _schedule_retry(notice: Notice, error: str) -> None:
    if notice.attempts >= MAX_ATTEMPTS:
        _close_notice(notice, Channel.SLACK if notice.direct_at else Channel.PAGE, error)
        return
    Notice.objects.filter(pk=notice.pk).update(
        lease_until=None,
        error=error[:300],
        not_before=timezone.now() + claims.retry_delay(notice.attempts, base=10),
    )


def _close_notice(notice: Notice, channel: str, error: str) -> None:
    """`channel` told the person first, unless another one had."""
    Notice.objects.filter(pk=notice.pk).update(
        told_at=timezone.now(),
        channel=notice.channel or channel,
        error=error[:300],
        lease_until=None,
    )


def _delivery_channels(notice: Notice) -> list[tuple[str, Tell]]:
    """The configured channels, best first. Without any, only the notices page shows them."""
    ways: list[tuple[str, Tell]] = []
    link, said = _notice_link(notice), f"{_in_place_of(notice)}{_reply_quote(notice)}"
    if vendor_value("SLACK_BOT_TOKEN"):
        words = f"{notice.text}{said}"
        ways.append((Channel.SLACK, lambda: slack_notices.post_notice(notice, words, link)))
    if settings.EMAIL_URL and notice.to and notice.to.email:
        body = f"{notice.text}{said}\n\n{_link_word(notice)} here: {link}\n"
        ways.append((Channel.EMAIL, lambda: _send_email(notice, body)))
    return ways


def _link_word(notice: Notice) -> str:
    if notice.key.startswith(INCIDENT):
        return "See it"
    return "Answer" if notice.reply else "Decide"


def _send_email(notice: Notice, body: str) -> str:
    send_mail(notice.text[:120], body, None, [notice.to.email] if notice.to else [])
    return ""


def _wanted_first(wanted: str, ways: list[tuple[str, Tell]]) -> list[tuple[str, Tell]]:
    """The channel that is wanted goes first; what is for the notices page is told to nobody."""
    if wanted == Channel.PAGE:
        return []
    return sorted(ways, key=lambda way: way[0] != wanted)


def _notice_link(notice: Notice) -> str:
    if digest.is_digest(notice):
        return digest.digest_link()
    if notice.key.startswith(INCIDENT):
        return f"{settings.SITE_URL}/sales/incidents/{notice.key.split(':')[1]}"
    if notice.reply:
        return f"{settings.SITE_URL}/sales/sent#reply-{notice.reply.public_id}"
    return (
        f"{settings.SITE_URL}/sales/queue/{notice.message.public_id}"
        if notice.message
        else settings.SITE_URL
    )


def _in_place_of(notice: Notice) -> str:
    """Said of replies here; the text of an email's notice says it itself."""
    return f" {notice.instead_of} is away." if notice.reply and notice.instead_of else ""


def _reply_quote(notice: Notice) -> str:
    """The reply's words, read now, since they are kept in one erasable row only."""
    text = ReplyText.objects.filter(reply=notice.reply).first() if notice.reply else None
    return f"\n“{text.shown_answer[:MAX_QUOTE_LENGTH]}”" if text and text.said else ""


def incident_key(public_id: UUID, suffix: str = "") -> str:
    """The key of a notice about an incident; its link is made from it."""
    return f"{INCIDENT}{public_id}{suffix}"


def create_alarm_notices(open_for: timedelta = timedelta(0)) -> int:
    """Write a notice for each alarm that is open for so long and has none; returns how many."""
    made, latest = 0, timezone.now() - open_for
    alarms = Alarm.objects.filter(closed_at=None, opened_at__lte=latest)
    for alarm in alarms.order_by("-opened_at")[:50]:
        values: dict[str, Any] = {"text": alarm.text, "to": _first_person}
        _, new = Notice.objects.get_or_create(key=f"alarm:{alarm.pk}", defaults=values)
        made += new
    return made
