"""Notes about an email between colleagues. Whoever is mentioned by @name gets a notice."""

import re
from typing import Any

from django.db import transaction

from approvals.models import Note, Notice
from caio_project.lib.nudge import nudge
from leads.models import TeamMember
from outreach.control import phase
from outreach.models import Message

MOST_SHOWN = 20
MENTION = re.compile(r"(?<!\w)@(\w[\w.-]*\w|\w)")


class NobodyMentioned(Exception):
    """The text says which mention fits nobody, or several people."""


def notes_about(message: Message) -> list[Note]:
    return list(message.notes.select_related("by").order_by("-pk")[:MOST_SHOWN])


def write_note(message: Message, text: str, user: Any) -> Note:
    """Store the note, and a notice for each colleague whom it mentions.

    Raises NobodyMentioned; then nothing has changed.
    """
    colleagues = [_mentioned(name) for name in dict.fromkeys(MENTION.findall(text))]
    author = phase.actor_name(user)
    with transaction.atomic():
        note = Note.objects.create(message=message, by=user, text=text)
        for one in dict.fromkeys(colleagues):
            said = f"{author} wrote to you about the email to {message.lead}: “{text}”"
            key = f"note:{note.pk}:{one.pk}"
            Notice.objects.create(key=key, message=message, note=note, to=one, text=said[:300])
    nudge("approvals.tell")
    return note


def _mentioned(name: str) -> TeamMember:
    wanted = name.lower()
    people = TeamMember.objects.filter(active=True).select_related("user")
    found = [one for one in people if wanted in _names_of(one)]
    if not found:
        raise NobodyMentioned(f"Nobody on the team is called @{name}. Nothing was saved.")
    if len(found) > 1:
        raise NobodyMentioned(f"Several people are called @{name}. Write @First.Last instead.")
    return found[0]


def _names_of(one: TeamMember) -> set[str]:
    words = one.name.lower().split()
    names = {words[0], ".".join(words)} if words else set()
    return names | ({one.user.username.lower()} if one.user else set())
