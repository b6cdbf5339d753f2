"""Whatever is posted: never a 500, and what was answered 200 or 202 is stored once, byte for byte,
and worked off.

Bodies are any bytes and any JSON, RB2B's and Clay's own ones with one thing wrong, cut, in another
encoding, with keys twice, huge numbers and depth; tokens, keys and content types are anything a
header or an address can carry.
"""

import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from caio_project.lib.models import ApiKey
from leads.inbound import events
from leads.models import InboundEvent
from tests.conftest import TOKEN
from tests.fakes import rb2b
from tests.leads.conftest import through_wsgi

pytestmark = pytest.mark.django_db

SECRET = "clay-callback-token"
on_one_database = hypothesis_settings(suppress_health_check=list(HealthCheck))

# Bodies

ANY_TEXT = st.text(st.characters(), max_size=30)  # lone surrogates and NUL included
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(10**4000), 2**63, 1e308])
SCALARS = st.none() | st.booleans() | NUMBERS | ANY_TEXT
KEYS = st.sampled_from(
    [
        *rb2b.person(),
        "request_id",
        "email",
        "person",
        "company",
        "payload",
        "raw",
        "data",
        "pages",
        "is_repeat_visit",
    ]
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | ANY_TEXT, inner, max_size=5),
    max_leaves=12,
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "cp037")


def encoded(value: Any, encoding: str, is_ascii: bool) -> bytes:
    errors = "surrogatepass" if encoding.startswith("utf") else "replace"
    return json.dumps(value, ensure_ascii=is_ascii).encode(encoding, errors)


def with_keys_twice(pairs: list[tuple[str, Any]]) -> bytes:
    fields = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in [*pairs, *pairs]]
    return b"{" + ", ".join(fields).encode() + b"}"


def nested(opening: str, depth: int) -> bytes:
    return (opening * depth).encode()


AS_JSON = st.builds(encoded, JSON, st.sampled_from(ENCODINGS), st.booleans())
ONE_FIELD_WRONG = st.builds(
    lambda key, junk: encoded(rb2b.person({key: junk}), "utf-8", True), KEYS, JSON
)
CUT = st.builds(lambda body, end: body[:end], ONE_FIELD_WRONG, st.integers(0, 500))
TWICE = st.builds(with_keys_twice, st.lists(st.tuples(KEYS, JSON), max_size=4))
DEEP = st.builds(
    nested, st.sampled_from(["[", '{"payload":', '{"raw":"', '[{"person":']), st.integers(1, 2500)
)
HUGE = st.builds(lambda key, n: f'{{"{key}": {"9" * n}}}'.encode(), KEYS, st.integers(1, 6000))
BODIES = st.binary(max_size=300) | AS_JSON | ONE_FIELD_WRONG | CUT | TWICE | DEEP | HUGE

# What stands around them

HEADER = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40
)
CHARSETS = ["zlib", "hex", "rot13", "idna", "utf-16", "utf-7", "latin-1", '"', "no such"]
CONTENT_TYPES = st.sampled_from(
    ["application/json", "text/plain", "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded", ""]
    + [f"application/json; charset={name}" for name in CHARSETS]
) | HEADER  # fmt: skip
ADDRESS = st.binary(max_size=30)


@pytest.fixture
def sender(client: Client, settings: Any) -> Client:
    """It raises what the product lets through, so an example that ends in a 500 ends in its
    exception.
    """
    settings.CLAY_CALLBACK_TOKEN = SECRET
    through_wsgi(client)
    return client


def sent(
    client: Client, path: str, body: bytes, content_type: str, **environ: Any
) -> tuple[int, str]:
    answer = client.generic("POST", path, body, content_type, **environ)
    assert answer.status_code < 500, answer.content
    return answer.status_code, answer.headers.get("Content-Type", "")


def kept(source: str, body: bytes) -> InboundEvent:
    event = InboundEvent.objects.get(source=source, body_sha256=hashlib.sha256(body).hexdigest())
    assert bytes(event.body) == body
    return event


def stays_kept_when_it_is_worked_off(source: str, body: bytes) -> None:
    """Into a visit, into nothing, or parked with a reason; a try that has to be repeated is a fault
    of ours.
    """
    events.process_due()
    event = kept(source, body)
    assert (event.state in ("processed", "parked"), event.attempts) == (True, 1), event.reason
    assert bool(event.reason) == (event.state == "parked")


@on_one_database
@given(BODIES, CONTENT_TYPES, st.booleans())
@example(b"", "", False)
def test_whatever_rb2b_posts_is_kept_once(
    sender: Client, body: bytes, content_type: str, in_path: bool
) -> None:
    path = f"/webhooks/rb2b/{TOKEN}" if in_path else f"/webhooks/rb2b?token={TOKEN}"
    for _ in range(2):
        assert sent(sender, path, body, content_type)[0] == 200
    stays_kept_when_it_is_worked_off("rb2b", body)


@on_one_database
@given(BODIES, CONTENT_TYPES)
@example(b"", "")
def test_whatever_clay_posts_is_kept_once(sender: Client, body: bytes, content_type: str) -> None:
    for _ in range(2):
        code, _ = sent(
            sender, "/webhooks/clay", body, content_type, HTTP_AUTHORIZATION=f"Bearer {SECRET}"
        )
        assert code == (200 if events.is_json_object(body) else 400)
    stays_kept_when_it_is_worked_off("clay", body)


@on_one_database
@given(BODIES, CONTENT_TYPES)
@example(encoded(rb2b.person(), "utf-8", True), "application/json")
@example(encoded(rb2b.person(), "utf-8", True), "application/json; charset=zlib")
def test_api_stores_any_body_once_or_refuses(
    sender: Client, body: bytes, content_type: str
) -> None:
    _, key = ApiKey.objects.create_key(name="any body", scopes=["leads:write"])
    before = InboundEvent.objects.count()
    codes = []
    for _ in range(2):
        code, kind = sent(
            sender, "/api/visitors", body, content_type, HTTP_AUTHORIZATION=f"Bearer {key}"
        )
        codes.append(code)
        assert code < 300 or kind.startswith("application/problem+json")
    new = InboundEvent.objects.count() - before
    refused = codes[0] == codes[1] and codes[0] in (400, 415) and not new
    assert refused or (codes, new) in (([202, 200], 1), ([200, 200], 0))
    if new:
        events.process_due()
        event = InboundEvent.objects.latest("pk")
        assert (event.state in ("processed", "parked"), event.attempts) == (True, 1), event.reason


@on_one_database
@given(ADDRESS, HEADER, st.sampled_from(["query", "path", "header"]))
@example(b"\xff\xfe", "", "path")
@example(b"\x00", "", "query")
@example(b"", "Bearer \xff", "header")
def test_no_token_but_the_right_one_keeps_anything(
    sender: Client, token: bytes, header: str, where: str
) -> None:
    path, environ = {
        "query": ("/webhooks/rb2b", {"QUERY_STRING": "token=" + quote(token)}),
        "path": ("/webhooks/rb2b", {"PATH_INFO": "/webhooks/rb2b/" + token.decode("latin-1")}),
        "header": ("/webhooks/clay", {"HTTP_AUTHORIZATION": header}),
    }[where]
    code, _ = sent(sender, path, b"{}", "application/json", **environ)
    assert code in ((401,) if where == "header" else (400, 401, 404, 405))
    assert not InboundEvent.objects.exists()
