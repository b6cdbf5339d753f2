"""Works off clicks: decides once, writes the cards anew, and answers whoever clicked."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from approvals.decisions import claims as desk_claims
from approvals.decisions import decisions, undo
from approvals.decisions.decisions import Decider, DecisionRefused
from approvals.decisions.judgement import Action
from approvals.desk import status_words
from approvals.integrations import slack
from approvals.models import SlackClick, Verdict
from approvals.slack_decisions import card_updates, clicks, email_cards, slack_deciders
from approvals.slack_decisions.card_blocks import Card, card_blocks, clean_text
from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from caio_project.lib.words.clock_words import clock_words
from outreach.choices import Phase, Status, Tag
from outreach.control import phase
from outreach.models import Message

log = logging.getLogger(__name__)

LEASE_SECONDS = 60
MAX_ATTEMPTS = 8  # to decide, and to answer
RESPONSE_URL_LIVES = timedelta(minutes=29)  # Slack takes it for 30
FAILED = "failed"
FAILED_WORDS = "Nothing was decided: it failed here several times. Open the email to decide."
DONE = {SlackClick.What.APPROVE: "approved", SlackClick.What.REJECT: "rejected"}
SAME = {Verdict.APPROVED: "approved", Verdict.REJECTED: "rejected"}


@dataclass(frozen=True)
class Judged:
    outcome: str
    answer: str


class LeaseLost(Exception):
    """Another worker works this click off; what was done here is taken back."""


def work_off_clicks(batch: int = 50) -> int:
    """Work off waiting clicks, oldest first; returns how many."""
    due = SlackClick.objects.filter(done_at=None, not_before__lte=timezone.now()).order_by("pk")
    count = 0
    for click in claims.lease_rows(due, LEASE_SECONDS, batch, related=("message",)):
        count += 1
        try:
            _work_off(click)
        except LeaseLost:
            continue
        except Exception as error:
            log.exception("click %s could not be worked off", click.pk)
            _try_later(click, type(error).__name__)
    return count


def _work_off(click: SlackClick) -> None:
    if not click.outcome:
        _decide_once(click)
        nudge(card_updates.TASK)
    if not click.answer:
        _close(click)
        return
    try:
        _answer(click)
    except slack.SlackBusy as busy:
        _wait(click, busy.seconds, str(busy), click.attempts - 1)
    except Exception as error:
        log.warning("answer to click %s: %s", click.pk, type(error).__name__)
        _try_later(click, str(error) or type(error).__name__)
    else:
        _close(click, is_answered=True)


def _decide_once(click: SlackClick) -> None:
    """Decide, and keep what came of it, in one transaction: a crash leaves both or none."""
    with transaction.atomic():
        mine = SlackClick.objects.select_for_update().filter(
            pk=click.pk, outcome="", lease_until=click.lease_until
        )
        if not mine.exists():
            raise LeaseLost
        judged = judge_click(click)
        changes = {"outcome": judged.outcome, "answer": judged.answer, "reason": ""}
        if not claims.claim_row(mine, **changes):
            raise LeaseLost
    click.outcome, click.answer = judged.outcome, judged.answer


def judge_click(click: SlackClick) -> Judged:
    outcome, answer = _judge(click)
    return Judged(outcome, answer[: clicks.MAX_ANSWER])


def _judge(click: SlackClick) -> tuple[str, str]:
    message = click.message_id and Message.objects.select_related(*card_updates.RELATED).get(
        pk=click.message_id
    )
    if not message:
        return clicks.REFUSED, clicks.GONE
    card_updates.adopt_card(message, click.channel, click.ts)
    try:
        decider = slack_deciders.find_decider(click.slack_user_id)
        return _decide(click, message, decider)
    except slack_deciders.UnknownDecider as unknown:
        return clicks.REFUSED, unknown.text
    except DecisionRefused as refused:
        # Read anew: it may have been decided since.
        now = Message.objects.select_related(*card_updates.RELATED).get(pk=message.pk)
        return clicks.REFUSED, _refusal_answer(click, now, decider, refused)


def _decide(click: SlackClick, message: Message, decider: Decider) -> tuple[str, str]:
    who = email_cards.lead_words(message.lead)
    if click.what == SlackClick.What.UNDO:
        undone = undo.undo(message, click.version, decider)
        desk_claims.release_claim(undone, decider.user)
        return "undone", f"Undone: {who}. It waits for a decision again."
    if click.what == SlackClick.What.APPROVE:
        decisions.require_decision(Action.APPROVE, message, click.version, decider)
        if why_not := email_cards.why_not_here(message):
            raise DecisionRefused(f"Not approved. {why_not}")
        in_shadow = phase.current_control().phase == Phase.SHADOW
        approved = decisions.approve(message, click.version, decider)
        desk_claims.release_claim(approved, decider.user)
        return "approved", _approved_words(approved, in_shadow, who)
    if click.what != SlackClick.What.REJECT:
        # The process ended before it could open the form.
        return clicks.FORM_FAILED, clicks.FORM_FAILED_WORDS
    rejected = decisions.reject(message, click.version, decider, tag=click.tag, reason=click.reason)
    desk_claims.release_claim(rejected, decider.user)
    return "rejected", f"Rejected: {who}. {Tag(click.tag).label}."


def _approved_words(message: Message, in_shadow: bool, who: str) -> str:
    if in_shadow:
        return status_words.approved_sentence(message, in_shadow)
    if phase.is_halted(phase.current_control()):
        return f"Approved: {who}. Sending is halted: it waits until somebody resumes it."
    if message.status == Status.CLEARED and message.waiting_for == "undo":
        return f"Approved: {who}. It leaves after {clock_words(message.not_before)}, unless undone."
    return f"Approved: {who}."


def _refusal_answer(
    click: SlackClick, message: Message, decider: Decider, refused: DecisionRefused
) -> str:
    if message.status == Status.EXPIRED:
        return f"Nothing was decided. {email_cards.state_sentence(message)}"
    last = message.decisions.last_standing()
    wanted = DONE.get(SlackClick.What(click.what))
    is_mine = last is not None and last.by == decider.user and last.version == click.version
    if is_mine and last is not None and wanted and SAME.get(Verdict(last.verdict)) == wanted:
        return f"You {wanted} it already. {email_cards.state_sentence(message)}"
    return refused.text


def _answer(click: SlackClick) -> None:
    said = clean_text(click.answer)
    link = email_cards.desk_link(click.message) if click.message else ""
    blocks = card_blocks(Card(said, link=link))
    words = slack.escape_text(said)
    is_fresh = timezone.now() - click.received_at < RESPONSE_URL_LIVES
    if is_fresh and slack.is_slack_address(click.response_url):
        try:
            slack.answer_click(click.response_url, words, blocks)
            return
        except Exception as error:
            log.warning("response_url of click %s: %s", click.pk, type(error).__name__)
    channel = click.channel or settings.SLACK_CHANNEL
    slack.post_ephemeral(channel, click.slack_user_id, words, blocks)


def _try_later(click: SlackClick, error: str) -> None:
    if click.attempts < MAX_ATTEMPTS:
        _wait(click, claims.retry_delay(click.attempts).total_seconds(), error, click.attempts)
        return
    if click.outcome:
        _close(click, error=error)  # decided; only the answer could not be given
        return
    rows = SlackClick.objects.filter(pk=click.pk, outcome="")
    rows.update(outcome=FAILED, answer=FAILED_WORDS, reason="", attempts=0, lease_until=None)


def _wait(click: SlackClick, seconds: float, error: str, attempts: int) -> None:
    SlackClick.objects.filter(pk=click.pk, lease_until=click.lease_until).update(
        lease_until=None,
        attempts=max(0, attempts),
        error=error[:300],
        not_before=timezone.now() + timedelta(seconds=seconds),
    )


def _close(click: SlackClick, *, is_answered: bool = False, error: str = "") -> None:
    now = timezone.now()
    SlackClick.objects.filter(pk=click.pk).update(
        done_at=now,
        answered_at=now if is_answered else None,
        answer="",
        reason="",
        response_url="",
        lease_until=None,
        error=(error or click.error)[:300],
    )
