"""By which channel people want to be told themselves, of each kind of notice.

What the team's channel in Slack shows is the ladder's choice, not one person's: who chose email
gets it beside that, in place of a message of their own.
"""

from approvals.choices import Channel
from approvals.models import Notice
from approvals.slack_decisions import digest
from caio_project.lib.models import NoticeChoice, PersonalSettings

EMAILS, ANSWERS = "notices_of_emails", "notices_of_answers"
NOTES, INCIDENTS = "notices_of_notes", "notices_of_incidents"


def own_choice(notice: Notice) -> str:
    """One of NoticeChoice; "" where the person told chose nothing, or has no login."""
    if notice.to is None or notice.to.user_id is None or digest.is_digest(notice):
        return ""
    rows = PersonalSettings.objects.filter(user=notice.to.user_id)
    return str(rows.values_list(_kind_of(notice), flat=True).first() or "")


def first_channel(notice: Notice, choice: str) -> str:
    """PAGE where nobody is told; "" where no channel is preferred."""
    if notice.wanted == Channel.PAGE:
        return Channel.PAGE
    return choice or notice.wanted


def is_email_beside(notice: Notice, choice: str) -> bool:
    """A colleague's note is for whom it names alone; all else is for the team's channel too."""
    return choice == NoticeChoice.EMAIL and notice.wanted != Channel.EMAIL and not notice.note_id


def _kind_of(notice: Notice) -> str:
    if notice.note_id:
        return NOTES
    if notice.reply_id:
        return ANSWERS
    return EMAILS if notice.message_id else INCIDENTS
