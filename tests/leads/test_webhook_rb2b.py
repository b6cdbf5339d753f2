"""RB2B disconnects for good on anything but 200: a right token gets 200 whatever the body, and
nothing is lost.
"""

import hashlib
import json
from typing import Any

import pytest
from django.test import Client

from leads.inbound import events
from leads.models import Company, InboundEvent, Lead, Visit
from tests.conftest import TOKEN
from tests.fakes import rb2b
from tests.leads.conftest import NEXT_TOKEN, arrive, counts, post

pytestmark = pytest.mark.django_db


UNAUTHORIZED = {
    "type": "about:blank",
    "title": "Unauthorized",
    "status": 401,
    "detail": "token: it is missing or wrong.",
}


@pytest.mark.parametrize(
    "path",
    [
        f"/webhooks/rb2b?token={TOKEN}",
        f"/webhooks/rb2b/{TOKEN}",
        f"/webhooks/rb2b?token={NEXT_TOKEN}",
        f"/webhooks/rb2b/{NEXT_TOKEN}",
        f"/webhooks/rb2b?x=1&token={TOKEN}",
    ],
)
def test_right_token_gets_200_and_stores_body(client: Client, path: str) -> None:
    body = b'{ "First Name" :  "Dana" }\n'
    response = post(client, body, path)
    event = InboundEvent.objects.get()
    assert (response.status_code, response.json()) == (
        200,
        {"status": "stored", "id": str(event.public_id)},
    )
    assert (bytes(event.body), event.source, event.state, event.deliveries) == (
        body,
        "rb2b",
        "waiting",
        1,
    )
    assert event.body_sha256 == hashlib.sha256(body).hexdigest()
    assert counts() == (0, 0, 0)


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/rb2b",
        "/webhooks/rb2b?token=",
        "/webhooks/rb2b?token=wrong",
        "/webhooks/rb2b/wrong",
        "/webhooks/rb2b/%ff%fe",
        "/webhooks/rb2b?token=%ff",
        f"/webhooks/rb2b?token={TOKEN}x",
        f"/webhooks/rb2b?token={TOKEN[:-1]}",
        f"/webhooks/rb2b?token={TOKEN.upper()}",
        f"/webhooks/rb2b?Token={TOKEN}",
        f"/webhooks/rb2b/wrong?token={TOKEN}",
        f"/webhooks/rb2b?token={TOKEN},{NEXT_TOKEN}",
    ],
)
def test_wrong_token_gets_401_and_stores_nothing(client: Client, path: str) -> None:
    response = post(client, rb2b.person(), path)
    assert (response.status_code, response.json()) == (401, UNAUTHORIZED)
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("tokens", [[], [""]])
def test_where_no_token_is_set_none_is_right(
    client: Client, settings: Any, tokens: list[str]
) -> None:
    settings.RB2B_WEBHOOK_TOKENS = tokens
    for path in ("/webhooks/rb2b", "/webhooks/rb2b?token=", f"/webhooks/rb2b?token={TOKEN}"):
        assert post(client, rb2b.person(), path).status_code == 401
    assert not InboundEvent.objects.exists()


def test_token_in_a_header_is_not_accepted(client: Client) -> None:
    response = client.post(
        "/webhooks/rb2b",
        b"{}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    assert response.status_code == 401
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_post_is_taken(client: Client, method: str) -> None:
    response = getattr(client, method)(f"/webhooks/rb2b/{TOKEN}")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert not InboundEvent.objects.exists()


def test_no_path_redirects(client: Client) -> None:
    for path in (f"/webhooks/rb2b/?token={TOKEN}", f"/webhooks/rb2b/{TOKEN}/"):
        assert post(client, rb2b.person(), path).status_code == 404
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", "x", ""]
)
def test_the_content_type_does_not_matter(client: Client, content_type: str) -> None:
    body = rb2b.to_body(rb2b.person())
    assert (
        client.post(f"/webhooks/rb2b/{TOKEN}", body, content_type=content_type).status_code == 200
    )
    assert bytes(InboundEvent.objects.get().body) == body


def test_the_csrf_check_is_not_for_rb2b() -> None:
    assert post(Client(enforce_csrf_checks=True), rb2b.person()).status_code == 200


def test_processed_visitor_becomes_lead_company_and_visit(client: Client) -> None:
    payload = rb2b.person({"Captured URL": "https://oursite.test/pricing?utm_source=g"})
    post(client, payload)
    assert events.process_due() == 1
    event, visit = InboundEvent.objects.get(), Visit.objects.get()
    assert (event.state, event.reason, event.lease_until, event.attempts) == (
        "processed",
        "",
        None,
        1,
    )
    assert event.processed_at is not None
    assert (visit.event, visit.lead, visit.company) == (
        event,
        Lead.objects.get(),
        Company.objects.get(),
    )
    assert (visit.path, visit.url) == ("/pricing", payload["Captured URL"])
    assert visit.lead.email == payload["Business Email"]
    assert events.process_due() == 0


BAD = {
    "empty": (b"", "The body is not JSON"),
    "malformed": (b'{"First Name": "Dana", }', "The body is not JSON"),
    "cut off": (rb2b.to_body(rb2b.person())[:-20], "The body is not JSON"),
    "Latin-1": ('{"City": "Malmö"}'.encode("latin-1"), "The body is not UTF-8: byte 14 is 0xf6."),
    "NUL bytes": (b"\x00" * 100, "The body is not JSON"),
    "binary": (bytes(range(256)), "The body is not UTF-8: byte 128 is 0x80."),
    "UTF-16": (
        json.dumps(rb2b.person()).encode("utf-16"),
        "The body is not UTF-8: byte 0 is 0xff.",
    ),
    "form": (b"First+Name=Dana", "The body is not JSON"),
    "list": (b"[]", "The body is a JSON list, not an object."),
    "null": (b"null", "The body is a JSON null, not an object."),
    "nulls": (
        rb2b.to_body(dict.fromkeys(rb2b.person())),
        "It names nobody: LinkedIn URL, Business Email, Company",
    ),
    "unknown fields": (
        b'{"foo": "bar", "who": {"are": "you"}}',
        "It names nobody: LinkedIn URL, Business Email, Company",
    ),
    "wrong types": (
        rb2b.to_body({"First Name": "Dana", "Business Email": {"a": 1}, "Website": [1]}),
        "It names nobody: no LinkedIn URL, address, company name or website could be read.",
    ),
    "no way to find again": (
        rb2b.to_body({"First Name": "Dana", "Business Email": "not an address"}),
        "It names nobody: no LinkedIn URL, address, company name or website could be read.",
    ),
    "deep": (b'{"payload":' * 50_000, "The body is nested too deeply."),
}


@pytest.mark.parametrize(("body", "reason"), BAD.values(), ids=BAD)
def test_unreadable_body_gets_200_and_is_parked(client: Client, body: bytes, reason: str) -> None:
    assert post(client, body).status_code == 200
    events.process_due()
    event = InboundEvent.objects.get()
    assert (event.state, event.attempts, event.lease_until, bytes(event.body)) == (
        "parked",
        1,
        None,
        body,
    )
    assert event.reason.startswith(reason)
    assert counts() == (0, 0, 0)
    assert not Company.objects.exists()
    assert events.process_due() == 0


def test_bad_body_does_not_block_the_next(client: Client) -> None:
    for body in (b"{", rb2b.to_body(rb2b.person())):
        post(client, body)
    assert events.process_due() == 2
    assert list(InboundEvent.objects.order_by("pk").values_list("state", flat=True)) == [
        "parked",
        "processed",
    ]


def test_too_large_body_gets_200_and_is_parked(client: Client) -> None:
    body = rb2b.to_body(rb2b.person({"Title": "x" * 5 * 1024 * 1024}))
    assert post(client, body).status_code == 200
    event = InboundEvent.objects.get()
    assert (event.state, event.reason) == (
        "parked",
        "The body is larger than 1048576 bytes; the first 1048576 are kept.",
    )
    assert bytes(event.body) == body[: 1024 * 1024]
    assert event.body_sha256 == hashlib.sha256(body).hexdigest()
    assert events.process_due() == 0

    other = rb2b.to_body(rb2b.person({"Title": "x" * 5 * 1024 * 1024 + "y"}))
    for again in (body, other):
        assert post(client, again).status_code == 200
    assert list(InboundEvent.objects.order_by("pk").values_list("deliveries", flat=True)) == [2, 1]


def test_body_of_one_megabyte_is_kept_whole(client: Client) -> None:
    body = rb2b.to_body(rb2b.person())
    body += b" " * (events.LARGEST_BODY - len(body))
    post(client, body)
    events.process_due()
    event = InboundEvent.objects.get()
    assert (event.state, bytes(event.body)) == ("processed", body)


@pytest.mark.parametrize(
    ("overrides", "field", "stored"),
    [
        ({"First Name": "Da\x00na"}, "first_name", "Dana"),
        ({"First Name": "Dana\ud83d"}, "first_name", "Dana"),
        ({"First Name": "Zoë 🚀"}, "first_name", "Zoë"),
        ({"Title": "x" * 1000}, "title", "x" * 200),
        ({"First Name": "x" * 1000}, "first_name", "X" + "x" * 99),
        ({"State": "x" * 1000}, "state", "x" * 100),
        ({"City": "x" * 1000}, "city", "x" * 100),
        ({"LinkedIn URL": "https://www.linkedin.com/in/a%00b"}, "linkedin_key", "in/ab"),
        (
            {"LinkedIn URL": "https://www.linkedin.com/in/" + "x" * 1000},
            "linkedin_key",
            "in/" + "x" * 197,
        ),
        ({"LinkedIn URL": "https://[linkedin.com/in/x"}, "linkedin_key", None),
    ],
)
def test_lead_values_are_cut_to_fit(
    overrides: dict[str, str], field: str, stored: str | None
) -> None:
    event = arrive(rb2b.person(overrides))
    assert (event.state, event.reason, event.attempts) == ("processed", "", 1)
    assert getattr(Lead.objects.get(), field) == stored


@pytest.mark.parametrize(
    ("overrides", "field", "stored"),
    [
        ({"Employee Count": "about " + "9" * 60}, "employees", "about " + "9" * 34),
        ({"Company Name": "x" * 1000}, "name", "x" * 200),
        ({"Industry": "x" * 1000}, "industry", "x" * 100),
        ({"Estimate Revenue": "x" * 1000}, "revenue", "x" * 80),
        ({"Employee Count": 10**30}, "employees_from", None),
        ({"Website": "http://[::1"}, "domain", "person.test"),
    ],
)
def test_company_values_are_cut_to_fit(
    overrides: dict[str, Any], field: str, stored: str | None
) -> None:
    event = arrive(rb2b.person({"Business Email": "dana@person.test", **overrides}))
    assert (event.state, event.reason, event.attempts) == ("processed", "", 1)
    assert getattr(Company.objects.get(), field) == stored


@pytest.mark.parametrize(
    "url", ["x" * 3000, "https://oursite.test/" + "p" * 3000, "http://[::1", "not a url", ""]
)
def test_any_captured_url_makes_a_visit(url: str) -> None:
    assert arrive(rb2b.person({"Captured URL": url, "Referrer": url})).state == "processed"
    visit = Visit.objects.get()
    assert (visit.url, visit.referrer) == (url[:1000], url[:1000])
