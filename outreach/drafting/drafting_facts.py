"""What drafts are written from: the recipient's part for each, the team's for a batch."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from leads.models import Assessment, Company, Lead, TeamMember
from leads.scoring import rule_versions
from outreach.choices import MoveCode, Status
from outreach.contact_history import held_subjects, recipients
from outreach.contact_history.recipients import ColleagueEmail, Recipient
from outreach.content.seller_fields import Seller
from outreach.content.subject_choice import HeldSubjects
from outreach.control import company_slot, segment_rules
from outreach.control.approval_rules import SegmentRule
from outreach.control.company_slot import SlotRank
from outreach.drafting import known_fields, signing, template_choice
from outreach.drafting.known_fields import LeadVisits
from outreach.drafting.template_choice import ActiveTemplates
from outreach.lifecycle.transitions import OPEN
from outreach.models import Experiment, Message


@dataclass(frozen=True)
class DraftingBatch:
    """What all drafts of a sweep share. A sweep takes seconds; the next one reads it again."""

    templates: ActiveTemplates
    default_sender: TeamMember | None
    tested: frozenset[int]  # templates with a running A/B test
    subject_tested: frozenset[int]  # of them, those whose subject is tested
    seller: Seller
    held: HeldSubjects
    approval_rules: tuple[SegmentRule, ...] = ()  # of the team, for what the machine would decide
    page_kinds: dict[str, dict[str, str]] = field(default_factory=dict)

    def rules_for(self, lead: Lead, assessment: Assessment, template: str) -> tuple[str, ...]:
        return segment_rules.fitting_names(self.approval_rules, lead, assessment, template)

    def page_kind_of(self, assessment: Assessment) -> str:
        """The category of the page that chose the email, such as "demo"; "" where none did."""
        version = assessment.rules_version
        if assessment.topic and version not in self.page_kinds:
            pages = rule_versions.rules_of(assessment).pages
            self.page_kinds[version] = {page.topic: page.category for page in pages}
        return self.page_kinds.get(version, {}).get(assessment.topic, "")


@dataclass(frozen=True)
class DraftingFacts:
    recipient: Recipient
    visits: LeadVisits
    batch: DraftingBatch
    chosen_by: Any = None  # who chose to write to this person instead of a colleague

    @property
    def held_as(self) -> dict[str, Any]:
        if self.chosen_by is None:
            return {"why": MoveCode.FREED}
        now = self.recipient.read_at
        return {"why": MoveCode.CHOSEN, "by": self.chosen_by, "chosen_at": now}

    @property
    def lead(self) -> Lead:
        return self.recipient.lead

    @property
    def sender(self) -> TeamMember | None:
        return signing.sender_for(self.lead, self.batch.default_sender)


def load_batch() -> DraftingBatch:
    running = dict(Experiment.objects.filter(ended_at=None).values_list("template_a", "kind"))
    return DraftingBatch(
        templates=template_choice.load_active_templates(),
        default_sender=signing.default_sender(),
        tested=frozenset(running),
        subject_tested=frozenset(
            template for template, kind in running.items() if kind == Experiment.Kind.SUBJECT
        ),
        seller=signing.current_seller(),
        held=held_subjects.load_held_subjects(),
        approval_rules=segment_rules.load_rules(),
    )


def load_facts(
    lead: Lead, batch: DraftingBatch | None = None, now: datetime | None = None
) -> DraftingFacts:
    known = recipients.load_recipient(lead, now=now)
    return DraftingFacts(known, known_fields.load_visits(known.lead), batch or load_batch())


def load_facts_for_slot(
    lead: Lead, batch: DraftingBatch | None = None, now: datetime | None = None
) -> DraftingFacts:
    """As `load_facts`, with who of the company goes first. Keeps the company locked until commit.

    Only for a transaction that drafts for `lead`. Drafts of colleagues that give way are locked as
    well, so that nobody opens, edits or approves one meanwhile.
    """
    facts = load_facts(lead, batch, now)
    known = facts.recipient
    if not known.has_colleagues or known.lead.company_id is None or _follows_up(known):
        return facts
    list(Company.objects.select_for_update(no_key=True).filter(pk=known.lead.company_id))
    known = recipients.reload_colleagues(known)
    return replace(facts, recipient=replace(known, colleagues=_order_colleagues(known)))


def _follows_up(known: Recipient) -> bool:
    return any(one.message.step > 1 and one.message.status in OPEN for one in known.emails)


def _order_colleagues(known: Recipient) -> tuple[ColleagueEmail, ...]:
    own = _rank_of(known.lead, known.warm)
    is_held = any(one.message.status == Status.HELD for one in known.emails)
    behind = {
        one.message.pk: one.message.version for one in known.colleagues if _may_give_way(one, own)
    }
    locked = _lock_unsettled(behind) if behind else set()
    return tuple(
        replace(
            one,
            gives_way=one.message.pk in locked,
            goes_first=not is_held and _is_on_hold_before(one, own),
        )
        for one in known.colleagues
    )


def _may_give_way(one: ColleagueEmail, own: SlotRank) -> bool:
    is_first = one.message.status == Status.HELD and one.message.step == 1
    return is_first and not one.is_settled and own.is_before(_rank_of(one.message.lead, one.warm))


def _is_on_hold_before(one: ColleagueEmail, own: SlotRank) -> bool:
    return one.is_on_hold and _rank_of(one.message.lead, one.warm).is_before(own)


def _rank_of(lead: Lead, warm: bool) -> SlotRank:
    employees = lead.company.employees_from if lead.company else None
    return company_slot.rank_person(lead.score, lead.tier, employees, lead.title, warm=warm)


def _lock_unsettled(version_by_pk: dict[int, int]) -> set[int]:
    rows = Message.objects.filter(
        pk__in=version_by_pk, status=Status.HELD, opened_at=None, chosen_at=None
    )
    locked = rows.select_for_update().order_by("pk").values_list("pk", "version")
    return {pk for pk, version in locked if version == version_by_pk[pk]}
