"""A sending domain and the DNS server that knows it."""

import base64
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.fakes.dns import FakeDns

DOMAIN = "mail.ours.example.com"


@cache
def dkim_key(bits: int = 1024) -> str:
    key = rsa.generate_private_key(65537, bits).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


@pytest.fixture
def fake_dns(settings: Any) -> Iterator[FakeDns]:
    """A domain as it should be."""
    with FakeDns() as fake:
        settings.DNS_SERVER, settings.DKIM_SELECTORS = fake.address, ["k1", "k2"]
        fake.texts = {
            DOMAIN: ["v=spf1 include:mail.example.org ~all", "google-site-verification=x"],
            "mail.example.org": ["v=spf1 ip4:192.0.2.0/24 ~all"],
            f"k1._domainkey.{DOMAIN}": [dkim_key()],
            f"k2._domainkey.{DOMAIN}": [dkim_key()],
            f"_dmarc.{DOMAIN}": ["v=DMARC1; p=reject; rua=mailto:dmarc@mail.ours.example.com"],
        }
        yield fake
