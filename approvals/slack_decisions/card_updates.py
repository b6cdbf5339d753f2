"""Posts cards, and writes each anew when the email's row says something else."""

import logging
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from approvals.integrations import slack
from approvals.integrations.slack import Place
from approvals.models import SlackCard
from approvals.slack_decisions import email_cards
from approvals.slack_decisions.email_cards import CardState
from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import vendor_value
from leads.models import Suppression
from outreach.control import phase
from outreach.models import Message

log = logging.getLogger(__name__)

TASK = "approvals.update_cards"
LEASE_SECONDS = 30
LONGEST_RETRY = 300.0  # seconds
RELATED = ("lead__company", "assessment", "sender")


def post_card(
    message: Message, user: str, opening: str, place: Place = slack.TEAM_CHANNEL
) -> SlackCard:
    """Post a card about an email; `user` is the Slack user id of who is told.

    Raises as slack.post_message; then there is no card.
    """
    message = _read(message.pk)
    mention = "" if place.person else user
    state = email_cards.card_state(message, mention, opening)
    channel, ts = slack.post_message(state.notification, state.blocks, place)
    return SlackCard.objects.create(
        message=message,
        channel=channel,
        ts=ts,
        mention=mention,
        direct_to=user if place.person else "",
        **state.columns,
    )


def adopt_card(message: Message, channel: str, ts: str) -> None:
    """Keep a row for a card that was posted and whose row was lost: somebody pressed it."""
    if not channel or not ts:
        return
    unknown = {"message": message, "status": "", "version": 0, "control": ""}
    SlackCard.objects.get_or_create(channel=channel, ts=ts, defaults=unknown)


def update_cards(batch: int = 100) -> int:
    """Write every card anew that differs from the rows; returns how many were looked at.

    Emails that were decided or edited come first: a halt changes a word on all the others.
    """
    if not vendor_value("SLACK_BOT_TOKEN"):
        return 0
    moved = ~Q(status=F("message__status")) | ~Q(version=F("message__version"))
    return sum(_update_each(_open_cards(which), batch) for which in (moved, _otherwise_due()))


def blank_erased(batch: int = 100) -> int:
    """Write anew every card about a person who was erased since; returns how many."""
    return _update_each(_of_erased(), batch) if vendor_value("SLACK_BOT_TOKEN") else 0


def _update_each(found: QuerySet[SlackCard, int], batch: int) -> int:
    # By id, for a lease is not checked again in a query with joins.
    ids = list(found[:batch])
    due, count = SlackCard.objects.filter(pk__in=ids).order_by("pk"), 0
    for card in claims.lease_rows(due, LEASE_SECONDS, batch) if ids else ():
        count += 1
        try:
            _update_card(card)
        except slack.SlackBusy as busy:
            _wait(card, busy.seconds, str(busy))
            break  # none of the others would be taken, either
    return count


def _open_cards(which: Q) -> QuerySet[SlackCard, int]:
    cards = SlackCard.objects.filter(which, ended_at=None, not_before__lte=timezone.now())
    return cards.order_by("pk").values_list("pk", flat=True)


def _otherwise_due() -> Q:
    control = email_cards.control_mark(phase.current_control())
    turned_critical = Q(is_critical=False) & ~Q(message__critical_reason="")
    no_more_critical = Q(is_critical=True, message__critical_reason="")
    is_time = Q(look_at__lte=timezone.now())
    was_checked = Q(message__look__looked_at__gt=F("compared_at"))
    return turned_critical | no_more_critical | ~Q(control=control) | was_checked | is_time


def _of_erased() -> QuerySet[SlackCard, int]:
    stops = Suppression.objects.filter(
        scope=Suppression.Scope.PERSON, reason=Suppression.Reason.ERASED
    )
    people = [int(one) for one in stops.values_list("value", flat=True) if one.isdecimal()]
    cards = SlackCard.objects.filter(message__lead__in=people, erased_at=None)
    return cards.filter(not_before__lte=timezone.now()).values_list("pk", flat=True)


def _update_card(card: SlackCard) -> None:
    message = _read(card.message_id)
    if _is_erased(message):
        _write(card, email_cards.ERASED, email_cards.erased_blocks(), _blank_columns())
        return
    state = email_cards.card_state(message, card.mention)
    if state.sha256 == card.shown_sha256:
        _close(card, _kept(state))
        return
    _write(card, state.notification, state.blocks, state.columns)


def _kept(state: CardState) -> dict[str, Any]:
    return {name: value for name, value in state.columns.items() if name != "written_at"}


def _blank_columns() -> dict[str, Any]:
    now = timezone.now()
    return {"erased_at": now, "ended_at": now, "written_at": now, "shown_sha256": "", "mention": ""}


def _write(card: SlackCard, words: str, blocks: slack.Blocks, columns: dict[str, Any]) -> None:
    try:
        slack.update_message(card.channel, card.ts, words, blocks)
    except slack.MessageGone as gone:
        end_card(card, str(gone))
    except slack.SlackBusy:
        raise
    except Exception as error:
        log.warning("card %s: %s", card.pk, type(error).__name__)
        wait = claims.retry_delay(card.attempts, longest=LONGEST_RETRY)
        _wait(card, wait.total_seconds(), str(error) or type(error).__name__)
    else:
        _close(card, {**columns, "error": ""})


def end_card(card: SlackCard, error: str = "") -> None:
    """Nobody sees it any more: there is nothing left to say or to blank."""
    now = timezone.now()
    _close(card, {"ended_at": now, "erased_at": now, "error": error})


def _close(card: SlackCard, columns: dict[str, Any]) -> None:
    SlackCard.objects.filter(pk=card.pk).update(lease_until=None, attempts=0, **columns)


def _wait(card: SlackCard, seconds: float, error: str) -> None:
    SlackCard.objects.filter(pk=card.pk).update(
        lease_until=None, error=error[:300], not_before=timezone.now() + timedelta(seconds=seconds)
    )


def _read(pk: int) -> Message:
    return Message.objects.select_related(*RELATED).get(pk=pk)


def _is_erased(message: Message) -> bool:
    stops = Suppression.objects.filter(
        scope=Suppression.Scope.PERSON, reason=Suppression.Reason.ERASED, value=str(message.lead_id)
    )
    return stops.exists()
