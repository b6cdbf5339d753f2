"""Encryption of stored secrets, with keys derived from SECRET_KEY and its fallbacks."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class DecryptionError(Exception):
    """It was encrypted under another SECRET_KEY, or was tampered with."""


def encrypt_text(text: str, purpose: str = "") -> str:
    """`purpose` is part of the key: who does not know it cannot decrypt."""
    return _fernet_keys(purpose).encrypt(text.encode()).decode()


def decrypt_text(sealed: str, purpose: str = "") -> str:
    """Raises DecryptionError."""
    try:
        return _fernet_keys(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise DecryptionError("sealed under another SECRET_KEY") from error


def _fernet_keys(purpose: str) -> MultiFernet:
    return MultiFernet(
        [
            Fernet(_derive_key(secret, purpose))
            for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        ]
    )


def _derive_key(secret: str, purpose: str) -> bytes:
    info = b"caio sealed" + purpose.encode()
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
