"""The sentence for each code with which sending stops an email or lets it wait.

These sentences are stored in `Message.error` and shown to people. No code reads them.
"""

from collections.abc import Mapping
from typing import Any

from outreach.choices import MoveCode
from outreach.contact_history import ghl_check, previous_emails
from outreach.guardrails import guardrail_display
from outreach.limits.limit_texts import LimitCode, limit_text
from outreach.review import merged_leads

HEARD_SINCE_APPROVAL = "This person has answered or booked a meeting since it was approved."

STOP_TEXTS: dict[MoveCode, str] = {
    MoveCode.NO_ADDRESS: "There is no address to write to.",
    MoveCode.SUPPRESSED: "{reason} ({source})",
    MoveCode.ADDRESS_CHANGED: "Their address is another one now.",
    MoveCode.ANSWERED: HEARD_SINCE_APPROVAL,
    MoveCode.MEETING: HEARD_SINCE_APPROVAL,
    MoveCode.SAME_ADDRESS: "This address was already emailed for another lead.",
    MoveCode.WRITTEN_AS_OTHER: merged_leads.WRITTEN_AS_OTHER,
    MoveCode.WRITTEN_BEFORE: previous_emails.WRITTEN_BEFORE,
    MoveCode.COUNTRY: "{country} is not in ALLOWED_COUNTRIES.",
    MoveCode.STALE: "It was approved on {day:%b} {day.day}, too long ago to leave unread.",
    MoveCode.OFFER_PAST: "The first time that it offers is over, or less than an hour away.",
    MoveCode.UNDELIVERABLE: "{kind}s are never emailed.",
    MoveCode.TRANSPORT_GONE: "It was approved for GoHighLevel, which is in the sandbox now.",
    MoveCode.POSTAL_ADDRESS: "POSTAL_ADDRESS is not set.",
    MoveCode.NO_TRANSPORT: "It was approved without a transport.",
    MoveCode.DND: "Do-not-disturb is set at GoHighLevel.",
    MoveCode.CONTACT_MISMATCH: "GoHighLevel returned a contact with another address.",
    MoveCode.MACHINE_RETURNED: "The machine may not approve it any more: {reason}",
}


def stop_text(code: MoveCode, arguments: Mapping[str, Any]) -> str:
    """Why an email is not sent.

    `answer` are GoHighLevel's own words, `findings` what its API showed, `colleague` the email that
    goes first, `thread_end` what ended the thread. Other arguments fill the code's sentence.
    """
    if "answer" in arguments:
        return str(arguments["answer"])
    if "findings" in arguments:
        return ghl_check.describe_for_team(arguments["findings"])
    if "colleague" in arguments:
        return str(arguments["colleague"].sentence)
    if "thread_end" in arguments:
        return str(arguments["thread_end"].text)
    return STOP_TEXTS[code].format(**arguments)


def wait_text(code: str, arguments: Mapping[str, Any]) -> str:
    """Why an email goes back to the queue for now. `answer` are GoHighLevel's own words."""
    if "answer" in arguments:
        return str(arguments["answer"])
    if code == LimitCode.GUARDRAIL:
        return guardrail_display.describe_breach(arguments["breach"])
    if code == LimitCode.TURN:
        return "A more urgent email is ahead of it."
    if code == LimitCode.DAILY and not arguments:
        return "The slots of the day are used up."
    return limit_text(code, arguments)
