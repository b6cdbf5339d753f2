"""Secrets at rest: sealed with a key that follows from SECRET_KEY, opened with that one or with a fall-back's."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class DecryptionError(Exception):
    """It was sealed under a SECRET_KEY that is not known any more, or was tampered with."""


def encrypt_text(text: str) -> str:
    return _fernet_keys().encrypt(text.encode()).decode()


def decrypt_text(sealed: str) -> str:
    """The text that was sealed. Raises Unopenable."""
    try:
        return _fernet_keys().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise DecryptionError("sealed under another SECRET_KEY") from error


def _fernet_keys() -> MultiFernet:
    return MultiFernet(
        [
            Fernet(_derive_key(secret))
            for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        ]
    )


def _derive_key(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"caio sealed").derive(
        secret.encode()
    )
    return base64.urlsafe_b64encode(derived)
