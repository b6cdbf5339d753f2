"""Answers of browsers that are none: refused on the page, on record, and never a 500."""

import json
from hashlib import sha256
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from caio_project.lib.models import AccessEvent

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password"
ADD, USE = "/accounts/2fa/webauthn/add/", "/accounts/2fa/authenticate/"
NONSENSE = [
    "", "x", "[]", "{}", "1", "null", '"text"', '{"id": 1}', '{"id": "AQ", "response": {}}',
    '{"id": "AQ", "rawId": "AQ", "type": "public-key", "response": {"clientDataJSON": "AQ"}}',
    '{"id": "AQ", "rawId": "AQ", "type": "public-key", "response": {"clientDataJSON": "e30",'
    ' "attestationObject": "oA", "authenticatorData": "AQ", "signature": "AQ"}}',
    "[" * 5000,
]  # fmt: skip


@pytest.fixture
def lena(client: Client, lead_user: User) -> Client:
    client.post("/accounts/login/", {"login": "lena", "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def attestation() -> str:
    """What a key would have said when it was registered for localhost."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    credential = AttestedCredentialData.create(
        bytes(16), b"key-1", ES256.from_cryptography_key(public)
    )
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(sha256(b"localhost").digest(), flags, 0, credential)
    return websafe_encode(AttestationObject.create("none", data, {}))


def add_key(user: User, name: str = "Blue") -> Authenticator:
    said = b'{"type": "webauthn.create", "challenge": "AQ", "origin": "http://localhost"}'
    response = {"clientDataJSON": websafe_encode(said), "attestationObject": attestation()}
    credential = {"id": "AQ", "rawId": "AQ", "type": "public-key", "response": response}
    data = {"name": name, "credential": credential}
    return Authenticator.objects.create(user=user, type="webauthn", data=data)


def forged_answer() -> dict[str, Any]:
    """Names the right key and is signed by nobody."""
    said = b'{"type": "webauthn.get", "challenge": "AQ", "origin": "http://localhost"}'
    flags = AuthenticatorData.FLAG.UP
    data = AuthenticatorData.create(sha256(b"localhost").digest(), flags, 1)
    response = {
        "clientDataJSON": websafe_encode(said),
        "authenticatorData": websafe_encode(data),
        "signature": websafe_encode(b"forged"),
    }
    key = websafe_encode(b"key-1")
    return {"id": key, "rawId": key, "type": "public-key", "response": response}


@pytest.mark.parametrize("text", NONSENSE, ids=lambda text: text[:25])
class TestNonsense:
    def test_registers_no_key(self, lena: Client, text: str) -> None:
        lena.get(ADD)
        response = lena.post(ADD, {"name": "x", "credential": text})
        assert response.status_code == 200
        assert not Authenticator.objects.exists()

    def test_signs_nobody_in(self, client: Client, lead_user: User, text: str) -> None:
        add_key(lead_user)
        client.post("/accounts/login/", {"login": "lena", "password": PASSWORD})
        assert client.get(USE).status_code == 200
        response = client.post(USE, {"credential": text})
        assert response.status_code == 200 and "_auth_user_id" not in client.session
        kinds = set(AccessEvent.objects.values_list("kind", flat=True))
        assert "signed_in" not in kinds

    def test_confirms_nobody(self, lena: Client, lead_user: User, text: str) -> None:
        key = add_key(lead_user)
        path = "/accounts/2fa/webauthn/reauthenticate/"
        lena.get(path)
        assert lena.post(path, {"credential": text}).status_code < 500
        assert Authenticator.objects.filter(pk=key.pk).exists()


def test_refused_keys_are_on_record_and_throttled(client: Client, lead_user: User) -> None:
    add_key(lead_user)
    client.post("/accounts/login/", {"login": "lena", "password": PASSWORD})
    for _ in range(8):
        client.get(USE)
        client.post(USE, {"credential": json.dumps(forged_answer())})
        client.post(USE, {"credential": NONSENSE[-2]})
    kinds = list(AccessEvent.objects.values_list("kind", "about"))
    assert kinds.count(("code_refused", "security key")) == 5
    assert ("throttled", "") in kinds and "_auth_user_id" not in client.session


def test_names_are_bounded_and_differ(lena: Client, lead_user: User) -> None:
    key = add_key(lead_user, "Security key 1")
    assert "Security key 2" in lena.get(ADD).content.decode()
    path = f"/accounts/2fa/webauthn/keys/{key.pk}/edit/"
    assert lena.post(path, {"name": "n" * 61}).status_code == 200
    assert lena.post(path, {"name": "Red"}).status_code == 302
    assert Authenticator.objects.get().data["name"] == "Red"


def test_a_key_of_somebody_else_is_not_found(lena: Client, viewer: User) -> None:
    key = add_key(viewer)
    for page in ("edit", "remove"):
        path = f"/accounts/2fa/webauthn/keys/{key.pk}/{page}/"
        assert lena.get(path).status_code == 404
        assert lena.post(path, {"name": "Mine"}).status_code == 404
    assert Authenticator.objects.get().data["name"] == "Blue"


def test_keys_count_as_a_factor_and_the_command_removes_them(
    client: Client, lead_user: User, settings: Any
) -> None:
    settings.SECOND_FACTOR_ROLES = ["Lead"]
    add_key(lead_user)
    client.force_login(lead_user)
    assert client.get("/sales").status_code == 200
    call_command("remove_second_factor", "lena", stdout=StringIO())
    assert not Authenticator.objects.exists()
    assert client.get("/sales").headers["Location"] == "/accounts/2fa/totp/activate/"


def test_the_page_that_demands_one_offers_a_key_as_well(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    assert 'href="/accounts/2fa/webauthn/add/"' in page
