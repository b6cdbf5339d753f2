"""Posts a notice: about a waiting email as a card, else as its words with a link.

A card goes to the channel and, alone, to the person whom the ladder names. A later step of the same
wait stands below the card that is there already. Where the words name a person, the message in
Slack is kept by its ids, so that an erasure can have it rewritten.
"""

from django.utils import timezone

from approvals.integrations import slack
from approvals.integrations.slack import Place, escape_text
from approvals.models import Notice, SlackCard, SlackPost
from approvals.queue import snoozed
from approvals.slack_decisions import card_updates
from approvals.slack_decisions.card_blocks import Card, card_blocks, clean_text
from caio_project.lib.words.clock_words import day_clock_words
from outreach.choices import Status
from outreach.models import Message


def post_notice(notice: Notice, said: str, link: str) -> str:
    """`said` are the words of the notice. Returns what went wrong beside it; "" for nothing.

    Raises as slack.post_message where neither the person nor the channel could be told, and where
    it is worth another try: what arrived is not posted again then.
    """
    message = _email_that_waits(notice)
    if message is None:
        _post_words(notice, said, link)
        return ""
    problem = _tell_person(notice, message)
    try:
        _tell_channel(notice, message)
    except (slack.SlackNotReady, slack.NoticeRefused) as error:
        if notice.direct_at is None:
            raise
        return str(error)
    return problem


def _email_that_waits(notice: Notice) -> Message | None:
    is_about_email = not notice.note_id and notice.reply_id is None
    message = notice.message if is_about_email else None
    return message if message is not None and message.status == Status.HELD else None


def _post_words(notice: Notice, said: str, link: str) -> None:
    channel, ts = slack.post_notice(said, link, _user_of(notice))
    about = notice.reply or (notice.message or (notice.note.message if notice.note else None))
    if about is not None and channel and ts:
        SlackPost.objects.get_or_create(channel=channel, ts=ts, defaults={"lead_id": about.lead_id})


def _user_of(notice: Notice) -> str:
    user = notice.to.slack_user_id if notice.to else ""
    return user if user.isalnum() else ""


def _tell_person(notice: Notice, message: Message) -> str:
    user = _user_of(notice)
    if notice.to is None or not user or notice.direct_at:
        return ""
    place = Place(channel=user, person=notice.to.name)
    try:
        _post_or_remind(notice, message, place)
    except (slack.SlackNotReady, slack.NoticeRefused) as error:
        return str(error)
    notice.direct_at = timezone.now()
    Notice.objects.filter(pk=notice.pk).update(direct_at=notice.direct_at)
    return ""


def _tell_channel(notice: Notice, message: Message) -> None:
    _post_or_remind(notice, message, slack.TEAM_CHANNEL)


def _post_or_remind(notice: Notice, message: Message, place: Place) -> None:
    card = _card_of_this_wait(message, place)
    if card is not None:
        try:
            _remind(notice, message, card)
            return
        except slack.MessageGone:
            card_updates.end_card(card)
    card_updates.post_card(message, _user_of(notice), notice.text, place)


def _card_of_this_wait(message: Message, place: Place) -> SlackCard | None:
    cards = message.slack_cards.filter(
        direct_to=place.channel, ended_at=None, posted_at__gte=snoozed.starts_waiting(message)
    )
    return cards.order_by("-pk").first()


def _remind(notice: Notice, message: Message, card: SlackCard) -> None:
    """Names the recipient nowhere: what stands in a thread is not written anew."""
    said = f"Still no decision. It waits since {day_clock_words(snoozed.starts_waiting(message))}."
    mention = _user_of(notice)
    if notice.to and notice.direct_at and not card.direct_to:
        said, mention = f"{said} {notice.to.name} was told directly.", ""
    if notice.instead_of:
        said = f"{said} In place of {notice.instead_of.name}."
    blocks = card_blocks(Card(clean_text(said), mention=mention))
    place = Place(card.channel, thread=card.ts)
    slack.post_message(escape_text(clean_text(said)), blocks, place)
