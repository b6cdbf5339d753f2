"""Whether GoHighLevel signed a webhook. Unsigned bodies are never trusted; polling finds what is
lost.

Source: GHL's "Webhook Authentication": base64 of an Ed25519 signature over the raw body, in X-GHL-
Signature; before that RSA-SHA256 in X-WH-Signature. Neither is an HMAC: there is no shared secret.
Their SDK skips the check where a header is missing; this does not.
"""

import base64
import binascii
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

SIGNATURE_HEADER, LEGACY_SIGNATURE_HEADER = "X-GHL-Signature", "X-WH-Signature"
UNSIGNED = ("", "n/a")
KEY_CLASSES: dict[str, type] = {"Ed25519": Ed25519PublicKey, "RSA": RSAPublicKey}


def is_key(encoded: str, kind: str) -> bool:
    try:
        return isinstance(parse_public_key(encoded), KEY_CLASSES[kind])
    except ValueError:
        return False


def parse_public_key(encoded: str) -> Ed25519PublicKey | RSAPublicKey:
    """Parse base64 of an SPKI DER, with or without PEM's first and last line.

    Raises ValueError.
    """
    lines = [line for line in encoded.strip().splitlines() if not line.startswith("-----")]
    try:
        key = load_der_public_key(base64.b64decode("".join(lines), validate=True))
    except (binascii.Error, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from error
    if not isinstance(key, Ed25519PublicKey | RSAPublicKey):
        raise ValueError("it is neither an Ed25519 nor an RSA key")
    return key


def is_signed(headers: Mapping[str, str]) -> bool:
    """Whether there is a signature at all, right or wrong."""
    return any(_has_header(headers, one) for one in (SIGNATURE_HEADER, LEGACY_SIGNATURE_HEADER))


def is_genuine(raw: bytes, headers: Mapping[str, str], key: str, legacy_key: str = "") -> bool:
    """Whether GoHighLevel signed this very body.

    Without `legacy_key` only Ed25519 counts; a missing or malformed signature is False.
    """
    if _has_header(headers, SIGNATURE_HEADER):
        return _is_signed_by(raw, headers[SIGNATURE_HEADER], key, KEY_CLASSES["Ed25519"])
    if legacy_key and _has_header(headers, LEGACY_SIGNATURE_HEADER):
        return _is_signed_by(raw, headers[LEGACY_SIGNATURE_HEADER], legacy_key, KEY_CLASSES["RSA"])
    return False


def _has_header(headers: Mapping[str, str], name: str) -> bool:
    return headers.get(name, "").strip().lower() not in UNSIGNED


def _is_signed_by(raw: bytes, signature: str, key: str, kind: type) -> bool:
    try:
        found, signed = parse_public_key(key), base64.b64decode(signature.strip(), validate=True)
        if not isinstance(found, kind):
            return False
        if isinstance(found, Ed25519PublicKey):
            found.verify(signed, raw)
        else:
            found.verify(signed, raw, PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True
