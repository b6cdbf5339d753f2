"""Finds whom a message to us concerns: the person who wrote it, and the one we had written to.

People answer from other addresses, and forward our emails; GoHighLevel makes a contact of its own
for each. So beside contact and address count the thread, the conversation, an unsubscribe link that
is quoted, and the ids of our own messages. What cannot be placed is kept for a person to see.
"""

import re
from dataclasses import dataclass

from leads import normal
from leads.identity import merging
from leads.inbound import parked
from leads.models import Lead
from leads.suppression import suppression
from outreach.contact_history import contact_matching
from outreach.integrations.ghl.ghl_facts import GhlFact, MessageFact
from outreach.models import Message

UNSUBSCRIBE_LINK = re.compile(r"/u/([\w-]{16,40})")
MAX_TOKENS = 20
UNPLACED_CODE = parked.UNPLACED_MESSAGE


@dataclass(frozen=True)
class Placement:
    """`sender` is known by contact or address; `answered` is the email of ours that is answered."""

    sender: Lead | None
    answered: Message | None

    @property
    def people(self) -> list[Lead]:
        """The sender first, then whom we had written to where that is somebody else."""
        written_to = merging.surviving_lead(self.answered.lead) if self.answered else None
        found = [one for one in (self.sender, written_to) if one is not None]
        return found[:1] if len({one.pk for one in found}) == 1 else found


def place_message(fact: MessageFact) -> Placement:
    sender = contact_matching.find_lead(fact.contact_id, fact.address)
    tokens = UNSUBSCRIBE_LINK.findall(fact.body)[:MAX_TOKENS]
    answered = contact_matching.find_email_answered(
        (fact.thread_id, fact.message_id), fact.conversation_id, tokens
    )
    return Placement(sender, answered)


def is_unplaced(fact: GhlFact) -> bool:
    """Whether a fact that concerns nobody we know is a message to us, to be kept.

    Nothing is kept of an erased person.
    """
    if not isinstance(fact, MessageFact) or not fact.is_inbound:
        return False
    return not suppression.is_marked(normal.clean_email(fact.address))
