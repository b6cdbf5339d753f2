"""Posts a notice: a card where it is about a waiting email, else its words with a link."""

from approvals.integrations import slack
from approvals.models import Notice
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
    slack.post_notice(said, link, mention)
