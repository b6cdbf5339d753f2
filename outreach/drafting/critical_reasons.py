"""Why a person must always decide about an email. Reads only."""

from leads.field_values import countries, languages
from leads.models import Lead
from outreach.contact_history import ghl_check, previous_emails
from outreach.contact_history.recipients import Recipient
from outreach.drafting import message_text
from outreach.models import Message

HAS_ANSWERED = "This person has answered before."
OPEN_DEAL = "There is an open opportunity with this person at GoHighLevel."
QUEUED_BY_HAND = "Queued by hand, with others."
SANDBOX_SEGMENT = "sandbox"  # what the segment of people who come back from there is called
IMPORTED_WITH_OTHERS = "Brought from the system before this one, with others."
COUNTRY_LANGUAGE = "The email is in {email}; in {country} people are written to in {languages}."
TITLE_LANGUAGE = "The email is in {email}; this person's job title is in {title}."
FROM_SANDBOX = "Approved in the sandbox before; nothing was sent to this person then."


def _queued_reason(message: Message) -> str:
    if message.segment is None:
        return ""
    return FROM_SANDBOX if message.segment.what == SANDBOX_SEGMENT else QUEUED_BY_HAND


def critical_reason(known: Recipient, message: Message) -> str:
    reads_another = _reads_no_english(known.lead)
    language = message.template.language if reads_another and message.template else ""
    return joined_reasons(contact_reason(known, message), language_reason(known.lead, language))


def _reads_no_english(lead: Lead) -> bool:
    """Asked first, so that the template is read for few: others get English, or their own."""
    spoken = languages.reading_languages(lead.country, lead.title)
    return bool(spoken) and languages.ENGLISH not in spoken


def language_reason(lead: Lead, language: str) -> str:
    """Why a person looks at an email in `language` to this lead first; "" where they read it."""
    spoken = languages.reading_languages(lead.country, lead.title)
    if not spoken or not language or language in spoken:
        return ""
    of_email = languages.language_name(language)
    if title := languages.title_language(lead.title):
        return TITLE_LANGUAGE.format(email=of_email, title=languages.language_name(title))
    names = " or ".join(languages.language_name(one) for one in spoken)
    country = countries.country_name(lead.country)
    return COUNTRY_LANGUAGE.format(email=of_email, country=country, languages=names)


def joined_reasons(*reasons: str) -> str:
    return " ".join(filter(None, reasons))[: message_text.LONGEST_REASON]


def contact_reason(known: Recipient, message: Message) -> str:
    shown = ghl_check.current_findings(message)
    deal = message.step == 1 and not shown.deals and known.has_open_deal
    reasons = (
        _queued_reason(message),
        IMPORTED_WITH_OTHERS if message.template_why.startswith(IMPORTED_WITH_OTHERS) else "",
        HAS_ANSWERED if previous_emails.has_answered(known) else "",
        OPEN_DEAL if deal else "",
        ghl_check.describe_for_team(shown),
    )
    return joined_reasons(*reasons)
