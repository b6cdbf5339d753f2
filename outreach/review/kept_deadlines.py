"""Which deadlines an email keeps when a decision about it is taken back."""

from datetime import datetime
from typing import Any

from outreach.choices import Band
from outreach.limits import deadlines
from outreach.models import Message


def find_kept_times(message: Message, now: datetime) -> dict[str, Any]:
    """The times that `message` had in the queue; none where they leave too little time to decide.

    The least is what its band gives for a decision: HOT two hours of work, WARM four, LOW a day.
    The most is a wait that begins now: of an email that was put off the times count from a later
    day.
    """
    band, expires = Band(message.band), message.expires_at
    if expires is None or expires < deadlines.due_at(band, now):
        return {}
    if expires > deadlines.expires_at(band, now):
        return {}
    columns = ("held_at", "waits_since", "due_at", "expires_at")
    return {name: getattr(message, name) for name in columns}
