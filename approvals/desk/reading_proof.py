"""Proof that a text was on a person's screen: signed when a page shows it to them, asked for when
they say that they have read it, and when they approve it.

Without it a key held down, or a double click, would approve emails that nobody has looked at.
"""

import hashlib
import time
from typing import Any

from django.core import signing

from outreach.models import Message

SALT = "approvals.shown"
MIN_SECONDS_SHOWN = (
    1.0  # on the screen; a person needs longer to read, a slip of the finger does not
)
MAX_PROOF_AGE = 12 * 3600


def sign_proof(message: Message, user: Any, at: float | None = None) -> str:
    at = time.time() if at is None else at
    seen = [message.pk, message.version, at, _critical_hash(message), user.pk]
    return signing.dumps(seen, salt=SALT)


def proven_version(message: Message, user: Any, proof: str) -> int:
    """The version that `proof` shows was on this person's screen long enough; 0 otherwise."""
    try:
        pk, shown, at, beside, whose = signing.loads(proof, salt=SALT, max_age=MAX_PROOF_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return 0
    seen = (
        pk == message.pk
        and whose == user.pk
        and beside == _critical_hash(message)
        and time.time() - at >= MIN_SECONDS_SHOWN
    )
    return shown if seen else 0


def _critical_hash(message: Message) -> str:
    """A hash of the reason to be CRITICAL, which may appear while a text is read."""
    return hashlib.sha256(message.critical_reason.encode()).hexdigest()[:8]
