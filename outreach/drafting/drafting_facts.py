"""What drafts are written from: the recipient's part for each, the team's for a batch."""

from dataclasses import dataclass
from datetime import datetime

from leads.models import Lead, TeamMember
from outreach.contact_history import recipients
from outreach.contact_history.recipients import Recipient
from outreach.drafting import known_fields, signing, template_choice
from outreach.drafting.known_fields import LeadVisits
from outreach.drafting.template_choice import ActiveTemplates
from outreach.models import Experiment


@dataclass(frozen=True)
class DraftingBatch:
    """What all drafts of a sweep share. A sweep takes seconds; the next one reads it again."""

    templates: ActiveTemplates
    default_sender: TeamMember | None
    tested: frozenset[int]  # templates with a running A/B test


@dataclass(frozen=True)
class DraftingFacts:
    recipient: Recipient
    visits: LeadVisits
    batch: DraftingBatch

    @property
    def lead(self) -> Lead:
        return self.recipient.lead

    @property
    def sender(self) -> TeamMember | None:
        return signing.sender_for(self.lead, self.batch.default_sender)


def load_batch() -> DraftingBatch:
    running = Experiment.objects.filter(ended_at=None).values_list("template_a", flat=True)
    return DraftingBatch(
        template_choice.load_active_templates(), signing.default_sender(), frozenset(running)
    )


def load_facts(
    lead: Lead, batch: DraftingBatch | None = None, now: datetime | None = None
) -> DraftingFacts:
    known = recipients.load_recipient(lead, now=now)
    return DraftingFacts(known, known_fields.load_visits(known.lead), batch or load_batch())
