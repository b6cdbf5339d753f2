"""Why a lead gets no first email: a code with its arguments, and the sentence it becomes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, TextChoices
from django.utils import timezone

from leads.models import Lead
from leads.suppression import suppression
from outreach.choices import Status
from outreach.contact_history import previous_emails
from outreach.drafting import compose
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
    SUPPRESSED = "suppressed", "We must not write: {} ({})."
    NO_ADDRESS = "no_address", "There is no address to write to."
    WRITTEN_BEFORE = (
        "written_before",
        "The first email to this person was sent, or refused for good, before.",
    )
    SAME_ADDRESS = "same_address", "This address was written to, as somebody else's."
    RESTING = "resting", "Rejected twice: this person rests for 30 days."


@dataclass(frozen=True)
class NoDraft:
    code: NoDraftCode
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.code.label.format(*self.arguments)


def why_no_draft_now(lead: Lead) -> NoDraft | None:
    """The reason why no first email is drafted for `lead` now; None where one is."""
    if reason := why_no_first_email(lead):
        return reason
    newest = _last_visit(lead)
    if newest is None:
        return NoDraft(NoDraftCode.NO_VISIT)
    if newest < timezone.now() - compose.FRESH_VISIT:
        return NoDraft(NoDraftCode.OLD_VISIT, (str((timezone.now() - newest).days),))
    ended = _last_email_end(lead)
    if ended and not lead.visits.filter(received_at__gt=ended).exists():
        return NoDraft(NoDraftCode.DECIDED)
    return None


def why_no_first_email(lead: Lead) -> NoDraft | None:
    """The reason that stands against a first email to `lead` even where a person asks for one."""
    emails = previous_emails.emails_of(lead)
    if emails.filter(status__in=OPEN).exists():
        return NoDraft(NoDraftCode.OPEN_EMAIL)
    if stop := suppression.find_stop(lead.email or "", lead):
        return NoDraft(NoDraftCode.SUPPRESSED, (stop.text, stop.source))
    if lead.address != Lead.Address.USABLE:
        return NoDraft(NoDraftCode.NO_ADDRESS)
    contact = previous_emails.without_practice(emails)
    if contact.filter(status__in=[Status.SENT, Status.FAILED]).exists():
        return NoDraft(NoDraftCode.WRITTEN_BEFORE)
    same_address = previous_emails.without_practice(
        Message.objects.filter(to_address=lead.email, status__in=[*OPEN, Status.SENT])
    )
    if same_address.exclude(lead=lead).exists():
        return NoDraft(NoDraftCode.SAME_ADDRESS)
    ended, rejections = _last_email_end(lead), emails.filter(status=Status.REJECTED).count()
    if ended and rejections >= 2 and ended > timezone.now() - REST_AFTER_TWO_REJECTIONS:
        return NoDraft(NoDraftCode.RESTING)
    return None


def _last_visit(lead: Lead) -> datetime | None:
    found: datetime | None = lead.visits.aggregate(at=Max("seen_at"))["at"]
    return found


def _last_email_end(lead: Lead) -> datetime | None:
    last = previous_emails.emails_of(lead).order_by("-pk").first()
    if last is None:
        return None
    return last.moves.latest("pk").at if last.moves.exists() else last.created_at
