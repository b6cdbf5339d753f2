"""Posts a notice: a card where it is about a waiting email, else its words with a link.

Where the words name a person, the message in Slack is kept by its ids, so that an erasure can have
it rewritten.
"""

from approvals.integrations import slack
from approvals.models import Notice, SlackPost
from approvals.slack_decisions import card_updates
from outreach.choices import Status


def post_notice(notice: Notice, said: str, link: str) -> None:
    """`said` are the words of the notice. Raises as slack.post_message."""
    mention = notice.to.slack_user_id if notice.to else ""
    is_about_email = not notice.note_id and notice.reply_id is None
    message = notice.message if is_about_email else None
    if message is not None and message.status == Status.HELD:
        card_updates.post_card(message, mention, notice.text)
        return
    channel, ts = slack.post_notice(said, link, mention)
    about = notice.reply or (notice.message or (notice.note.message if notice.note else None))
    if about is not None and channel and ts:
        SlackPost.objects.get_or_create(channel=channel, ts=ts, defaults={"lead_id": about.lead_id})
