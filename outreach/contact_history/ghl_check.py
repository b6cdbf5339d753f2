"""What GoHighLevel knows of a recipient, asked before their email is decided."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from caio_project.lib.vendor_access.access import is_sandboxed, sandboxed_or_raise
from leads.models import Kind
from leads.suppression import suppression
from outreach.contact_history import ghl_findings
from outreach.contact_history.ghl_findings import Findings, FoundDeal
from outreach.models import GhlLook, Message, Opportunity, Reply

FRESH_FOR = timedelta(hours=4)
NOT_CHECKED_IN_SANDBOX = "GoHighLevel is in the sandbox: not checked."
NOT_CHECKED_YET = "Not checked at GoHighLevel yet."


def ghl_check_of(message: Message) -> GhlLook | None:
    return GhlLook.objects.filter(message=message).first()


def can_be_checked(message: Message) -> bool:
    return message.kind == Kind.LIVE


def request_check(message: Message, *, is_new: bool = False) -> None:
    """`is_new` where the email is held for the first time, so that there is no check of it yet."""
    if not can_be_checked(message):
        return
    if is_new:
        GhlLook.objects.bulk_create([GhlLook(message=message)], ignore_conflicts=True)
        return
    check, made = GhlLook.objects.get_or_create(message=message)
    if not made and check.due_at is None and not is_fresh_check(message, check):
        GhlLook.objects.filter(pk=check.pk, due_at=None).update(due_at=timezone.now(), attempts=0)


def is_fresh_check(message: Message, check: GhlLook | None, now: datetime | None = None) -> bool:
    now = now or timezone.now()
    return check is not None and check.is_of(
        suppression.erased_hash(message.to_address), now - FRESH_FOR
    )


def why_not_auto_approvable(message: Message, now: datetime) -> str:
    """The reason on GoHighLevel's side, "" where there is none.

    In the sandbox there is none: such an email reaches nobody.
    """
    if (
        not can_be_checked(message)
        or sandboxed_or_raise("ghl")
        or is_fresh_check(message, ghl_check_of(message), now)
    ):
        return ""
    return "it is not checked at GoHighLevel, or too long ago"


def findings_of_check(check: GhlLook) -> Findings:
    return Findings(
        check.outbound_at,
        check.inbound_at,
        tuple(FoundDeal(row["id"], row["name"]) for row in check.deals),
    )


def current_findings(message: Message) -> Findings:
    check = ghl_check_of(message) if message.pk else None
    return (
        ghl_findings.without_old_emails(findings_of_check(check), timezone.now())
        if check
        else Findings()
    )


def describe_for_team(found: Findings) -> str:
    return ghl_findings.describe_findings(found, settings.TEAM_TIME_ZONE)


def record_outbound_email(message: Message, at: datetime) -> None:
    if can_be_checked(message):
        check, _made = GhlLook.objects.get_or_create(message=message)
        older = Q(outbound_at=None) | Q(outbound_at__lt=at)
        GhlLook.objects.filter(older, pk=check.pk).update(outbound_at=at)


def check_summary(message: Message) -> str:
    if not can_be_checked(message):
        return ""
    if is_sandboxed("ghl"):
        return NOT_CHECKED_IN_SANDBOX
    check = ghl_check_of(message)
    if check is None or check.looked_at is None:
        return f"{NOT_CHECKED_YET} {check.error}".strip() if check else NOT_CHECKED_YET
    sentence = describe_for_team(current_findings(message)) or (
        "No earlier email, no open deal." if check.contact_id else "They are not known there."
    )
    return f"Checked at GoHighLevel: {sentence}"


def accept_findings(message: Message) -> None:
    """On approval, store what GoHighLevel showed; the final check reacts only to newer findings."""
    if not can_be_checked(message):
        return
    check, _made = GhlLook.objects.get_or_create(message=message)
    person = suppression.rows_of(message.lead)
    answered = (
        Reply.objects.by_people().filter(lead__in=person).aggregate(at=Max("received_at"))["at"]
    )
    open_deals = Opportunity.objects.filter(lead__in=person, status=Opportunity.OPEN).values_list(
        "ghl_id", flat=True
    )
    known = ghl_findings.with_known_facts(findings_of_check(check), answered, open_deals)
    GhlLook.objects.filter(pk=check.pk).update(seen=known.as_seen())
