"""An identity provider on loopback: discovery, codes with PKCE, RS256 id tokens, userinfo.

openid.net/specs/openid-connect-core-1_0.html. Whoever asks is signed in at once as `person`. Run
alone: python -m tests.fakes.oidc --port 0
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .exchange import Reply, Request
from .remote import serve_forever
from .server import FakeServer

TOKEN = "POST /token"
PERSON = {"sub": "u-1", "email": "lena@ours.example.com", "email_verified": True}


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(name: str) -> dict[str, Any]:
    key = jwt.algorithms.RSAAlgorithm.to_jwk(private_key(name).public_key(), as_dict=True)
    return {**key, "kid": name, "use": "sig", "alg": "RS256"}


def public_pem(name: str) -> bytes:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return private_key(name).public_key().public_bytes(serialization.Encoding.PEM, kind)


class FakeOidc(FakeServer):
    """`person` are the claims of who is signed in there; `changes` change the next id tokens, the
    header under "header". `signs_with` is the key of tokens, `published` are those of the list.
    """

    name = "oidc"
    routes = (
        ("GET", "/.well-known/openid-configuration", "discover"),
        ("GET", "/authorize", "authorize"),
        ("POST", "/token", "trade"),
        ("GET", "/jwks", "keys"),
        ("GET", "/userinfo", "userinfo"),
        ("GET", "/logout", "sign_out"),
    )
    settings = ("person", "changes", "signs_with", "published", "metadata", "more", "cancels")
    remote_calls = ()

    def __init__(self, port: int = 0):
        self.person: dict[str, Any] = dict(PERSON)
        self.changes: dict[str, Any] = {}
        self.more: dict[str, Any] = {}
        self.signs_with, self.published = "first", ("first",)
        self.metadata: dict[str, Any] = {}
        self.cancels = False
        self.client_id, self.client_secret = "caio-client", "caio-secret-0123456789"
        super().__init__(port)

    def clear(self) -> None:
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: dict[str, dict[str, Any]] = {}

    def discover(self, request: Request) -> Reply:
        places = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "jwks_uri": "jwks",
            "userinfo_endpoint": "userinfo",
            "end_session_endpoint": "logout",
        }
        document = {name: f"{self.url}/{place}" for name, place in places.items()}
        document["issuer"] = self.url
        document["token_endpoint_auth_methods_supported"] = ["client_secret_basic"]
        return Reply(200, {**document, **self.metadata})

    def authorize(self, request: Request) -> Reply:
        asked = request.query
        if asked.get("client_id") != self.client_id or asked.get("response_type") != "code":
            return Reply(400, "unknown client")
        code, back = secrets.token_urlsafe(16), {"state": asked["state"], "iss": self.url}
        self._codes[code] = asked
        back |= {"error": "access_denied"} if self.cancels else {"code": code}
        return Reply(302, "", {"Location": f"{asked['redirect_uri']}?{urlencode(back)}"})

    def trade(self, request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode()))
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return Reply(401, {"error": "invalid_client"})
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        same_address = asked and asked["redirect_uri"] == form.get("redirect_uri")
        if not same_address or asked.get("code_challenge") != challenge:
            return Reply(400, {"error": "invalid_grant"})
        access = secrets.token_urlsafe(16)
        self._tokens[access] = {**self.person, **self.more}
        id_token = self.id_token(asked.get("nonce", ""))
        return Reply(200, {"access_token": access, "token_type": "Bearer", "id_token": id_token})

    def id_token(self, nonce: str) -> str:
        """Signed as `changes` says; without any, as it should be."""
        now, changes = int(time.time()), dict(self.changes)
        header = changes.pop("header", {"kid": self.signs_with})
        claims = {
            "iss": self.url,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.person,
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        algorithm = header.get("alg", "RS256")
        if algorithm == "none":
            return jwt.encode(claims, None, algorithm="none", headers=header)
        if algorithm == "HS256":  # the public key taken for a shared secret
            return hmac_token(claims, header, public_pem(self.signs_with))
        return jwt.encode(claims, private_key(self.signs_with), algorithm, headers=header)

    def keys(self, request: Request) -> Reply:
        return Reply(200, {"keys": [public_jwk(name) for name in self.published]})

    def userinfo(self, request: Request) -> Reply:
        access = request.headers.get("authorization", "").removeprefix("Bearer ")
        found = self._tokens.get(access)
        return Reply(200, found) if found else Reply(401, {"error": "invalid_token"})

    def sign_out(self, request: Request) -> Reply:
        return Reply(200, "Signed out at the provider")


def hmac_token(claims: dict[str, Any], header: dict[str, Any], secret: bytes) -> str:
    parts = [json.dumps(part).encode() for part in ({"typ": "JWT", **header}, claims)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    digest = hmac.new(secret, text, hashlib.sha256).digest()
    seal = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return b".".join((text, seal)).decode()


if __name__ == "__main__":
    serve_forever(FakeOidc, __doc__)
