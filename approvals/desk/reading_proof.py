"""Proof that a text was on a person's screen, and for how long: signed when a page shows it to
them, asked for when they say that they have read it, and when they approve it.

Without it a key held down, or a double click, would approve emails that nobody has looked at.
"""

import hashlib
import time
from typing import Any

from django.core import signing

from approvals.decisions import claims
from outreach.models import Message

SALT = "approvals.shown"
SLIP_SECONDS = 1.0  # of a finger; also for who has read this text before
LEAST_SECONDS = 5.0  # to read the shortest email
WORDS_A_SECOND = 8
MAX_PROOF_AGE = 12 * 3600


def reading_seconds(words: str) -> float:
    """How long these words must be on the screen to count as read, at the desk and in batches."""
    return max(LEAST_SECONDS, len(words.split()) / WORDS_A_SECOND)


def seconds_to_read(message: Message, user: Any) -> float:
    """How long this person must have the current text on the screen before they approve it."""
    if claims.has_read(message, user, message.version):
        return SLIP_SECONDS
    text = message.text
    return reading_seconds(f"{text.subject} {text.body}") if text else SLIP_SECONDS


def sign_proof(message: Message, user: Any, at: float | None = None) -> str:
    at = time.time() if at is None else at
    seen = [message.pk, message.version, at, _critical_hash(message), user.pk]
    return signing.dumps(seen, salt=SALT)


def shown_version(message: Message, user: Any, proof: str, seconds: float = SLIP_SECONDS) -> int:
    """The version that `proof` shows was on this person's screen so long; 0 otherwise."""
    try:
        pk, shown, at, beside, whose = signing.loads(proof, salt=SALT, max_age=MAX_PROOF_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return 0
    seen = (
        pk == message.pk
        and whose == user.pk
        and beside == _critical_hash(message)
        and time.time() - at >= seconds
    )
    return shown if seen else 0


def proven_version(message: Message, user: Any, proof: str) -> int:
    return shown_version(message, user, proof, seconds_to_read(message, user))


def _critical_hash(message: Message) -> str:
    """A hash of the reason to be CRITICAL, which may appear while a text is read."""
    return hashlib.sha256(message.critical_reason.encode()).hexdigest()[:8]
