"""What an email says of the seller, which times it offers, and which subjects are taken."""

from leads.models import Assessment
from outreach.contact_history import previous_emails
from outreach.content import meeting_times, merge_fields, roles, seller_fields, subject_choice
from outreach.drafting import template_choice
from outreach.drafting.drafting_facts import DraftingFacts
from outreach.limits import office_hours
from outreach.models import Message


def fields_of_seller(
    facts: DraftingFacts, offer: meeting_times.OfferedTimes | None = None
) -> dict[str, merge_fields.FieldValue]:
    lead, company = facts.lead, facts.lead.company
    role = roles.role_of(lead.title, company.employees_from if company else None)
    own_link = facts.sender.booking_url if facts.sender else ""
    industry = company.industry if company else ""
    found = seller_fields.seller_values(facts.batch.seller, role, industry, own_link)
    if offer:
        found["meeting_times"] = merge_fields.FieldValue(offer.text, "business calendar")
    return found


def times_to_offer(
    facts: DraftingFacts, message: Message, assessment: Assessment
) -> meeting_times.OfferedTimes | None:
    """Two times for who looked for a demo, a call or a price; those offered before if they hold."""
    if (
        message.step > 1
        or facts.batch.page_kind_of(assessment) not in template_choice.OFFERING_PAGES
    ):
        return None
    found = office_hours.effective_place(office_hours.find_place_of(facts.lead))
    there = meeting_times.CallPlace(found.zone, found.country, found.state)
    now, first = facts.recipient.read_at, message.offer_ends_at
    if first and not meeting_times.are_past(first, now):
        return meeting_times.times_from(first, there)
    return meeting_times.offer_times(now, there)


def taken_subjects(
    facts: DraftingFacts, message: Message, intent: int, before: previous_emails.EmailHistory
) -> subject_choice.TakenSubjects:
    current = ""
    if message.pk and message.version:
        written = message.texts.filter(author=None, language_model="").order_by("-version")
        current = written.values_list("subject", flat=True).first() or ""
    return subject_choice.TakenSubjects(
        at_company=frozenset(email.subject.lower() for email in before.texts),
        near=facts.batch.held.nearest(intent, but=(message.pk,)),
        current=current,
    )
