"""Proof that a text was on the screen: signed when a page shows it, asked for when that page
approves it.

Without it a key held down, or a double click, would approve emails that nobody has looked at.
"""

import hashlib
import time

from django.core import signing

from outreach.models import Message

SALT = "approvals.shown"
MIN_SECONDS_SHOWN = (
    1.0  # on the screen; a person needs longer to read, a slip of the finger does not
)
MAX_PROOF_AGE = 12 * 3600


def sign_proof(message: Message, at: float | None = None) -> str:
    at = time.time() if at is None else at
    return signing.dumps([message.pk, message.version, at, _critical_hash(message)], salt=SALT)


def proven_version(message: Message, proof: str) -> int:
    """The version that `proof` shows was on the screen long enough; 0 for anything else."""
    try:
        pk, shown, at, beside = signing.loads(proof, salt=SALT, max_age=MAX_PROOF_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return 0
    seen = (
        pk == message.pk
        and beside == _critical_hash(message)
        and time.time() - at >= MIN_SECONDS_SHOWN
    )
    return shown if seen else 0


def _critical_hash(message: Message) -> str:
    """A hash of the reason to be CRITICAL, which may appear while a text is read."""
    return hashlib.sha256(message.critical_reason.encode()).hexdigest()[:8]
