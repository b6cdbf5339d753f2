"""The subjects of emails that are held, read once for many drafts."""

from django.db.models import F

from outreach.choices import Status
from outreach.content.subject_choice import HeldSubject, HeldSubjects, subject_pattern
from outreach.models import MessageText

MOST_READ = 200  # the newest; a new draft is compared with the nearest 20 of them


def load_held_subjects() -> HeldSubjects:
    texts = MessageText.objects.filter(
        message__status=Status.HELD, message__step=1, version=F("message__version")
    )
    rows = texts.order_by("-message").values_list(
        "subject", "phrases", "message__intent", "message"
    )
    return HeldSubjects(
        HeldSubject(subject_pattern(subject, phrases), intent, message)
        for subject, phrases, intent, message in rows[:MOST_READ]
    )
