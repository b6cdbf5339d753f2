"""Why a lead gets no first email: a code with its arguments, and the sentence it becomes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices

from leads.models import Lead
from outreach.choices import Status, Transport
from outreach.contact_history import recipients
from outreach.contact_history.recipients import Recipient
from outreach.drafting import known_fields
from outreach.lifecycle.transitions import OPEN
from outreach.models import Message

REST_AFTER_TWO_REJECTIONS = timedelta(days=30)


class NoDraftCode(TextChoices):
    """The label is the sentence; its fields in braces are the arguments of `NoDraft`."""

    NO_VISIT = (
        "no_visit",
        "No visit of this person is known; a first email without one is queued by hand "
        "(queue_segment).",
    )
    OLD_VISIT = "old_visit", "The last visit was {} days ago; a new one would bring a draft."
    DECIDED = "decided", "Decided already; a new visit would bring a new draft."
    NOT_SCORED = "not_scored", "Not scored yet."
    OPEN_EMAIL = "open_email", "An email to this person is open already."
    SUPPRESSED = "suppressed", "Do not contact: {} ({})."
    NO_ADDRESS = "no_address", "There is no address to email."
    WRITTEN_BEFORE = ("written_before", "A first email to this person was already sent or refused.")
    SAME_ADDRESS = "same_address", "This address was already emailed as somebody else's."
    RESTING = "resting", "Rejected twice: this person rests for 30 days."


@dataclass(frozen=True)
class NoDraft:
    code: NoDraftCode
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.code.label.format(*self.arguments)


def why_no_draft_now(lead: Lead) -> NoDraft | None:
    known = recipients.load_recipient(lead)
    return reason_against_draft(known, known_fields.load_visits(known.lead))


def why_no_first_email(lead: Lead) -> NoDraft | None:
    """The reason that stands against a first email to `lead` even where a person asks for one."""
    return reason_against_first_email(recipients.load_recipient(lead))


def reason_against_draft(known: Recipient, visits: known_fields.LeadVisits) -> NoDraft | None:
    if reason := reason_against_first_email(known):
        return reason
    if visits.last_seen_at is None or visits.last_received_at is None:
        return NoDraft(NoDraftCode.NO_VISIT)
    age = known.read_at - visits.last_seen_at
    if age > known_fields.FRESH_VISIT:
        return NoDraft(NoDraftCode.OLD_VISIT, (str(age.days),))
    ended = _last_email_end(known)
    if ended and visits.last_received_at <= ended:
        return NoDraft(NoDraftCode.DECIDED)
    return None


def reason_against_first_email(known: Recipient) -> NoDraft | None:
    emails = [one.message for one in known.emails]
    if any(one.status in OPEN for one in emails):
        return NoDraft(NoDraftCode.OPEN_EMAIL)
    if stop := known.stop:
        return NoDraft(NoDraftCode.SUPPRESSED, (stop.text, stop.source))
    if known.lead.address != Lead.Address.USABLE:
        return NoDraft(NoDraftCode.NO_ADDRESS)
    if any(one.status in (Status.SENT, Status.FAILED) for one in emails if _is_contact(one)):
        return NoDraft(NoDraftCode.WRITTEN_BEFORE)
    others = [one.message for one in known.others_at_address]
    if any(one.status in (*OPEN, Status.SENT) for one in others if _is_contact(one)):
        return NoDraft(NoDraftCode.SAME_ADDRESS)
    ended, rejections = _last_email_end(known), sum(one.status == Status.REJECTED for one in emails)
    if ended and rejections >= 2 and ended > known.read_at - REST_AFTER_TWO_REJECTIONS:
        return NoDraft(NoDraftCode.RESTING)
    return None


def _is_contact(message: Message) -> bool:
    return message.transport != Transport.SANDBOX


def _last_email_end(known: Recipient) -> datetime | None:
    if not known.emails:
        return None
    last = known.emails[0]
    return last.moved_at or last.message.created_at
