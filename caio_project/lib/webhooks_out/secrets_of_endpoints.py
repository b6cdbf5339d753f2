"""Secrets of endpoints, sealed at rest, and the headers that they sign."""

import base64
import secrets
from datetime import datetime

from standardwebhooks import Webhook

from caio_project.lib.sealed import decrypt_text, encrypt_text
from caio_project.lib.webhooks_out.models import WebhookEndpoint

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> tuple[str, str]:
    """A secret as its owner gets it, once, and as it is stored."""
    secret = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return secret, encrypt_text(secret)


def live_secrets(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """The newest first; two while they are exchanged. Raises DecryptionError."""
    found = [decrypt_text(endpoint.secret)]
    until = endpoint.old_secret_until
    if endpoint.old_secret and until is not None and until > now:
        found.append(decrypt_text(endpoint.old_secret))
    return found


def signed_headers(secrets: list[str], event_id: str, now: datetime, body: str) -> dict[str, str]:
    """The three headers of the Standard Webhooks spec; a receiver accepts any of the signatures."""
    signatures = [Webhook(secret).sign(event_id, now, body) for secret in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
