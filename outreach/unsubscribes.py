"""Stopping for good: by the link in every email. Tokens never expire, and an unknown one looks like any other."""

from django.db import transaction

from leads import suppression
from outreach import review
from outreach.models import Message


def stop(token: str) -> bool:
    """Suppress the address and the person behind `token` and withdraw what has not left; False for an unknown token."""
    message = Message.objects.select_related("lead").filter(unsubscribe_token=token).first()
    if message is None:
        return False
    with transaction.atomic():
        suppression.stop(message.to_address, suppression.Reason.UNSUBSCRIBED, "unsubscribe link", message.lead)
        if message.lead.email and message.lead.email != message.to_address:
            suppression.stop(message.lead.email, suppression.Reason.UNSUBSCRIBED, "unsubscribe link", message.lead)
        review.stop_open_emails(message.lead, "unsubscribed")
    return True
