"""The only writers of an email's text with its hash, and of its band, rank and critical reason.

`tests/outreach/drafting/test_message_text.py` fails where another module writes them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from outreach.choices import Band
from outreach.content import email_footer, fingerprints, seller_fields
from outreach.control import policy
from outreach.models import Message, MessageText

LONGEST_SUBJECT = 200  # characters of its column; the checks refuse far shorter ones
LONGEST_REASON = 200
OVERDUE_TURN = 0


@dataclass(frozen=True)
class NewText:
    """The words of one version. `language_model` is empty where a template or a person wrote it."""

    subject: str
    body: str
    footer: str
    phrases: list[dict[str, str]] = field(default_factory=list)
    author: Any = None
    language_model: str = ""
    prompt_version: int = 0


def store_text(
    message: Message, version: int, new: NewText, at: datetime | None = None
) -> MessageText:
    """Store `new` as `version` of the email's text, with the hash that an approval binds to."""
    return MessageText.objects.create(
        message=message,
        version=version,
        subject=new.subject,
        body=new.body,
        footer=new.footer,
        phrases=new.phrases,
        author=new.author,
        language_model=new.language_model,
        prompt_version=new.prompt_version,
        created_at=at or timezone.now(),
        sha256=email_footer.text_hash(message.to_address, new.subject, new.body, new.footer),
    )


def queue_turn(intent: int) -> int:
    """The turn within a band of an email that is not overdue: the highest score first."""
    return OVERDUE_TURN + 1 + max(0, 100 - intent)


def fingerprint_columns(body: str, phrases: Iterable[Mapping[str, str]]) -> dict[str, int]:
    """What finds near copies of a text, without the recipient's facts. Stored with each text.

    Without the subject: those of one template differ on purpose. Our own sentences count, being
    the same in many emails.
    """
    facts = [one["text"] for one in phrases if one["field"] not in seller_fields.OWN_WORDS]
    return {"fingerprint": fingerprints.text_fingerprint(body, facts)}


def priority_columns(band: Band, critical_reason: str) -> dict[str, Any]:
    return {"band": band, **reason_columns(band, critical_reason)}


def reason_columns(band: str, critical_reason: str) -> dict[str, Any]:
    """As `priority_columns`, where the email's own band stays as it is."""
    effective = Band.CRITICAL if critical_reason else Band(band)
    return {
        "critical_reason": critical_reason[:LONGEST_REASON],
        "rank": policy.BAND_RANK[effective],
    }
