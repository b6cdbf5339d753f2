"""Calls to the identity provider, within deadlines, to https only, following no redirect."""

import base64
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.cache import caches

from caio_project.lib import http
from caio_project.team_access.secret_checks import is_loopback_host
from caio_project.team_access.single_sign_on.refusals import Refusal, SignInRefused

DEADLINE = 10.0  # seconds for one call
KEPT = 600  # seconds that a process keeps what the provider published
KEYS_ASKED_AGAIN = 30  # seconds: a forged key id makes at most one call in so many
WELL_KNOWN = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def read_metadata() -> dict[str, Any]:
    """The provider's discovery document, which has to name the issuer that we were told."""
    issuer = settings.OIDC.issuer
    store, name = caches["process"], f"oidc-metadata:{issuer}"
    if found := store.get(name):
        return dict(found)
    document = _get_json(issuer.rstrip("/") + WELL_KNOWN)
    if str(document.get("issuer")).rstrip("/") != issuer.rstrip("/"):
        raise SignInRefused(Refusal.PROVIDER_WRONG, "the discovery document names another issuer")
    for endpoint in ENDPOINTS:
        _checked_address(document.get(endpoint))
    store.set(name, document, KEPT)
    return document


def signing_keys(*, again: bool = False) -> list[Any]:
    """The provider's keys; `again` reads them anew, for a token signed by one not yet seen."""
    store, name = caches["process"], f"oidc-keys:{settings.OIDC.issuer}"
    if again and not store.add(f"{name}:again", 1, KEYS_ASKED_AGAIN):
        again = False
    keys = None if again else store.get(name)
    if keys is None:
        keys = _get_json(read_metadata()["jwks_uri"]).get("keys")
        keys = keys if isinstance(keys, list) else []
        store.set(name, keys, KEPT)
    return list(keys)


def exchange_code(code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
    """Trade the code for tokens. Raises SignInRefused; a code serves once, so never repeated."""
    oidc, metadata = settings.OIDC, read_metadata()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    headers = {"Accept": "application/json"}
    methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if "client_secret_post" in methods:
        form |= {"client_id": oidc.client_id, "client_secret": oidc.client_secret}
    else:
        pair = f"{quote(oidc.client_id, safe='')}:{quote(oidc.client_secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    content = http.RequestContent(headers=headers, form=form)
    return _call("POST", metadata["token_endpoint"], content)


def read_userinfo(access_token: str) -> dict[str, Any]:
    """Further claims, where the provider has a userinfo endpoint that answers in JSON."""
    address = read_metadata().get("userinfo_endpoint")
    if not address or not access_token:
        return {}
    _checked_address(address)
    return _get_json(address, {"Authorization": f"Bearer {access_token}"})


def sign_out_address() -> str:
    """Where a browser is signed out at the provider; "" where it says nothing of it."""
    try:
        address = read_metadata().get("end_session_endpoint")
        return _checked_address(address) if address else ""
    except SignInRefused:
        return ""


def _get_json(address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    return _call("GET", address, http.RequestContent(headers=headers or {}))


def _call(method: str, address: str, content: http.RequestContent) -> dict[str, Any]:
    try:
        answer = http.send_request(method, _checked_address(address), content, deadline=DEADLINE)
        found = answer.json()
    except http.RequestRefused as error:
        raise SignInRefused(Refusal.PROVIDER_REFUSED, f"status {error.status}") from error
    except http.HttpError as error:
        raise SignInRefused(Refusal.PROVIDER_DOWN, error.detail) from error
    except ValueError as error:
        raise SignInRefused(Refusal.PROVIDER_WRONG, "its answer is no JSON") from error
    if not isinstance(found, dict):
        raise SignInRefused(Refusal.PROVIDER_WRONG, "its answer is no object")
    return found


def _checked_address(address: Any) -> str:
    """https; http on this machine only, and only where the issuer is on this machine too."""
    try:
        parts: Any = urlsplit(address if isinstance(address, str) else "")
        here = is_loopback_host(parts.hostname)
    except ValueError:
        parts, here = urlsplit(""), False
    issuer_is_here = is_loopback_host(urlsplit(settings.OIDC.issuer).hostname)
    is_allowed = parts.scheme == "https" or (parts.scheme == "http" and here and issuer_is_here)
    if not is_allowed or not parts.hostname or parts.username or (here and not issuer_is_here):
        raise SignInRefused(Refusal.PROVIDER_WRONG, "an address of it is not https")
    return str(address)
