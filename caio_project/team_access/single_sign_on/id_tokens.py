"""Proves an id token: signature, issuer, audience, times, nonce (OpenID Connect Core 3.1.3.7)."""

from hmac import compare_digest
from typing import Any

import jwt

# By the kind of key, so that nobody can have a public key taken for a shared secret.
ALGORITHMS = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
}
LEEWAY = 60  # seconds that the provider's clock may differ
REQUIRED = ["iss", "sub", "aud", "exp", "iat"]


class TokenRefused(Exception):
    """An id token that proves nothing; the text is for the log and holds no claim."""


class UnknownKey(TokenRefused):
    """Signed by a key that the provider's list did not have when it was read."""


def key_id(token: str) -> str:
    try:
        return str(jwt.get_unverified_header(token).get("kid") or "")
    except jwt.PyJWTError as error:
        raise TokenRefused("it is no token") from error


def verify_id_token(
    token: str, keys: list[Any], *, issuer: str, client_id: str, nonce: str
) -> dict[str, Any]:
    """The claims of a token that proves all of it. Raises TokenRefused or UnknownKey."""
    key, algorithm = _signing_key(token, keys)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key=jwt.PyJWK.from_dict(key, algorithm=algorithm),
            algorithms=[algorithm],
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY,
            options={"require": REQUIRED},
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise TokenRefused(type(error).__name__) from error
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise TokenRefused("it names no subject")
    party = claims.get("azp")
    if party is not None and party != client_id:
        raise TokenRefused("it is for another party")
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and party is None:
        raise TokenRefused("it is for several parties")
    if not compare_digest(str(claims.get("nonce") or "").encode(), nonce.encode()):
        raise TokenRefused("it answers another sign-in")
    return claims


def _signing_key(token: str, keys: list[Any]) -> tuple[dict[str, Any], str]:
    """The key of the list that the token names, and the token's algorithm if the key may do it."""
    wanted = key_id(token)
    algorithm = str(jwt.get_unverified_header(token).get("alg") or "")
    usable = [
        key
        for key in keys
        if isinstance(key, dict)
        and key.get("use", "sig") == "sig"
        and algorithm in ALGORITHMS.get(str(key.get("kty")), ())
        and key.get("alg", algorithm) == algorithm
    ]
    named = [key for key in usable if key.get("kid") == wanted] if wanted else usable
    if len(named) != 1:
        raise UnknownKey(f"no key fits its header ({algorithm[:10]})")
    return named[0], algorithm
