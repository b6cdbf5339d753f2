"""Who signs an email, and whether that is still who owns the lead."""

from django.conf import settings

from leads.models import Lead, TeamMember
from outreach.content import email_footer, seller_fields
from outreach.models import Message, SellerVersion


def sender_of(lead: Lead) -> TeamMember | None:
    return _active_owner(lead) or default_sender()


def sender_for(lead: Lead, default: TeamMember | None) -> TeamMember | None:
    """As `sender_of`, where the default sender is read already."""
    return _active_owner(lead) or default


def _active_owner(lead: Lead) -> TeamMember | None:
    return lead.owner if lead.owner and lead.owner.active else None


def default_sender() -> TeamMember | None:
    return TeamMember.objects.filter(is_default_sender=True, active=True).first()


def signed_by_another(message: Message) -> str:
    """A sentence where an email is not signed by its lead's owner; "" where it is."""
    owner = sender_of(message.lead)
    if owner is None or message.sender_id == owner.pk:
        return ""
    signed = message.sender.name if message.sender else settings.SENDER_NAME
    return (
        f"The email is signed by {signed}; the lead belongs to {owner.name} now. "
        "What somebody has opened, written or approved is not signed anew."
    )


def current_seller() -> seller_fields.Seller:
    newest = SellerVersion.objects.first()
    if newest is None:
        return seller_fields.default_seller(settings.SENDER_COMPANY)
    return seller_fields.seller_from_words(newest.words, newest.version)


def signature_of(
    sender: TeamMember | None, unsubscribe_token: str, seller: seller_fields.Seller | None = None
) -> email_footer.Signature:
    seller = seller or current_seller()
    return email_footer.Signature(
        name=sender.name if sender else settings.SENDER_NAME,
        title=sender.title if sender else "",
        company=seller.company,
        booking_url=(sender.booking_url if sender else "") or seller.booking_url,
        postal_address=settings.POSTAL_ADDRESS,
        unsubscribe_url=f"{settings.SITE_URL}/u/{unsubscribe_token}",
    )
