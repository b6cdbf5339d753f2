"""RB2B disconnects for good on anything but 200: a right token gets 200 whatever the body, and
nothing is lost.
"""

import hashlib
import io
import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from gunicorn.http.errors import InvalidChunkSize

from leads.inbound import events
from leads.models import Company, InboundEvent, Lead, Visit
from tests.conftest import TOKEN
from tests.fakes import rb2b
from tests.leads.conftest import arrive, counts, post, through_wsgi

pytestmark = pytest.mark.django_db

NEXT_TOKEN = "next-token-0123456789"
UNAUTHORIZED = {
    "type": "about:blank",
    "title": "Unauthorized",
    "status": 401,
    "detail": "token: it is missing or wrong.",
}


# The token


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
        "/webhooks/rb2b/%00",
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


# Bodies


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
    "wrong type": (rb2b.to_body(rb2b.person({"Title": ["VP"]})), "Title is a list, not text."),
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
        ({"First Name": "Zoë 🚀"}, "first_name", "Zoë 🚀"),
        ({"Title": "x" * 1000}, "title", "x" * 200),
        ({"First Name": "x" * 1000}, "first_name", "x" * 100),
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


# Again and again


def test_same_body_again_counts_as_a_delivery(client: Client) -> None:
    body = rb2b.to_body(rb2b.person())
    first = post(client, body).json()
    events.process_due()
    again = post(client, body, f"/webhooks/rb2b/{NEXT_TOKEN}").json()
    events.process_due()
    event = InboundEvent.objects.get()
    assert first == again == {"status": "stored", "id": str(event.public_id)}
    assert (event.deliveries, event.state, event.attempts) == (2, "processed", 1)
    assert counts() == (1, 1, 1)


def test_relayed_visit_is_one_visit(client: Client) -> None:
    payload = rb2b.person()
    for body in (payload, rb2b.relay_envelope(payload), rb2b.queue_wrapper(payload, as_text=True)):
        post(client, body)
    events.process_due()
    assert list(InboundEvent.objects.values_list("state", flat=True)) == ["processed"] * 3
    assert counts() == (1, 1, 1)


def test_later_visit_is_another_visit(client: Client) -> None:
    payload = rb2b.person()
    post(client, payload)
    post(client, rb2b.repeat_visit(payload))
    events.process_due()
    assert counts() == (1, 2, 1)
    assert sorted(Visit.objects.values_list("is_repeat", flat=True)) == [False, True]


def test_rb2b_test_event_becomes_no_lead(client: Client) -> None:
    assert post(client, rb2b.test_event()).status_code == 200
    events.process_due()
    assert InboundEvent.objects.get().state == "processed"
    assert counts() == (0, 0, 0)
    assert not Company.objects.exists()


def test_a_company_alone_is_a_visit_of_nobody() -> None:
    arrive(rb2b.company_only())
    assert counts() == (0, 1, 0)
    assert Visit.objects.get().company == Company.objects.get()


@pytest.mark.parametrize(
    ("seen_at", "shift"),
    [
        ("future", timedelta(hours=1)),
        ("soon", timedelta(minutes=2)),
        ("past", timedelta(days=-3)),
        ("unreadable", None),
    ],
)
def test_implausible_time_becomes_the_time_of_receipt(
    seen_at: str, shift: timedelta | None
) -> None:
    said = timezone.now() + shift if shift is not None else None
    event = arrive(rb2b.person({"Seen At": said.isoformat() if said else seen_at}))
    believed = seen_at in ("soon", "past")
    assert Visit.objects.get().seen_at == (said if believed else event.received_at)


# What fails for a reason of ours is tried again, and then shown


def in_the_way(payload: dict[str, Any]) -> tuple[InboundEvent, Visit]:
    """A stored event that cannot be processed: another visit holds the place of the one it would
    make.
    """
    stored = events.store_event("rb2b", rb2b.to_body(payload))
    event = InboundEvent.objects.get(public_id=stored.public_id)
    return event, Visit.objects.create(event=event, event_key="in the way", seen_at=timezone.now())


def due_again(event: InboundEvent) -> None:
    InboundEvent.objects.filter(pk=event.pk).update(
        not_before=timezone.now() - timedelta(seconds=1)
    )


def test_failed_event_is_postponed_without_traces() -> None:
    event, _ = in_the_way(rb2b.person())
    before = timezone.now()
    assert events.process_due() == 1
    event.refresh_from_db()
    assert (event.state, event.attempts, event.lease_until) == ("waiting", 1, None)
    assert event.reason.startswith("IntegrityError: ")
    assert event.not_before >= before + timedelta(seconds=2)
    assert counts() == (0, 1, 0)
    assert not Company.objects.exists()
    assert events.process_due() == 0


def test_event_is_parked_after_the_last_try() -> None:
    event, blocker = in_the_way(rb2b.person())
    for attempt in range(1, events.LAST_TRY + 1):
        event.refresh_from_db()
        assert (event.state, event.attempts) == ("waiting", attempt - 1)
        due_again(event)
        events.process_due()
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("parked", events.LAST_TRY)
    assert event.reason.startswith(f"Failed {events.LAST_TRY} times: IntegrityError: ")

    blocker.delete()
    InboundEvent.objects.filter(pk=event.pk).update(state="waiting", attempts=0)
    events.process_due()
    event.refresh_from_db()
    assert (event.state, event.reason) == ("processed", "")
    assert counts() == (1, 1, 1)


def test_event_that_kills_its_process_is_parked() -> None:
    event, _ = in_the_way(rb2b.person())
    InboundEvent.objects.update(
        attempts=events.LAST_TRY, lease_until=timezone.now() - timedelta(seconds=1)
    )
    events.process_due()
    event.refresh_from_db()
    assert (event.state, event.lease_until) == ("parked", None)
    assert event.reason == f"The process ended in each of {events.LAST_TRY} tries."
    assert Lead.objects.count() == 0


# Health


def test_health_says_when_the_last_visitor_came(client: Client) -> None:
    assert client.get("/webhooks/rb2b/health").json() == {
        "status": "healthy",
        "tokens": 2,
        "database": "there",
        "spool": "writable",
        "spooled": 0,
        "spooled_since": None,
        "set_aside": 0,
        "last_event_at": None,
        "seconds_since": None,
    }
    post(client, rb2b.person())
    at = timezone.now() - timedelta(seconds=90)
    InboundEvent.objects.update(received_at=at)
    events.store_event("clay", b"{}")
    body = client.get("/webhooks/rb2b/health").json()
    assert body.pop("seconds_since") in (90, 91, 92)
    assert body == {
        "status": "healthy",
        "tokens": 2,
        "database": "there",
        "spool": "writable",
        "spooled": 0,
        "spooled_since": None,
        "set_aside": 0,
        "last_event_at": at.isoformat(timespec="milliseconds")[:-6] + "Z",
    }


def test_health_says_that_no_visitor_could_arrive(client: Client, settings: Any) -> None:
    settings.RB2B_WEBHOOK_TOKENS = []
    assert client.get("/webhooks/rb2b/health").json()["status"] == "unconfigured"


def test_health_shows_no_token_and_takes_no_post(client: Client) -> None:
    assert TOKEN not in client.get("/webhooks/rb2b/health").text
    assert client.post("/webhooks/rb2b/health").status_code == 405
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    ("until", "allowed"), [("", False), ("2026-11-22", False), ("2026-11-23", True)]
)
def test_untokened_post_is_parked_only_during_cutover(
    client: Client, settings: Any, until: str, allowed: bool
) -> None:
    settings.RB2B_ALLOW_UNTOKENED_UNTIL = until
    with time_machine.travel("2026-11-24T04:59:00+00:00"):  # 23 November, 23:59 in New York
        answer = client.post(
            "/webhooks/rb2b", rb2b.to_body(rb2b.person()), content_type="application/json"
        )
    events.process_due()
    if not allowed:
        assert (answer.status_code, InboundEvent.objects.count()) == (401, 0)
        return
    event = InboundEvent.objects.get()
    assert (answer.status_code, event.state, Visit.objects.count()) == (200, "parked", 0)
    assert "without a token" in event.reason


def test_untokened_body_is_processed_once_tokened(client: Client, settings: Any) -> None:
    settings.RB2B_ALLOW_UNTOKENED_UNTIL = "2099-01-01"
    body = rb2b.to_body(rb2b.person())

    def deliver(path: str) -> tuple[str, int]:
        assert client.post(path, body, content_type="application/json").status_code == 200
        events.process_due()
        return InboundEvent.objects.get().state, Visit.objects.count()

    assert deliver("/webhooks/rb2b") == ("parked", 0)
    assert deliver("/webhooks/rb2b?token=") == ("parked", 0)
    assert deliver(f"/webhooks/rb2b?token={TOKEN}") == ("processed", 1)
    assert deliver("/webhooks/rb2b") == ("processed", 1)
    event = InboundEvent.objects.get()
    assert (event.deliveries, event.reason, event.attempts) == (4, "", 1)


def test_repeated_delivery_does_not_unpark_other_reasons(client: Client) -> None:
    for _ in range(2):
        post(client, b"{")
        events.process_due()
    event = InboundEvent.objects.get()
    assert (event.state, event.deliveries, event.attempts) == ("parked", 2, 1)


# A request of which nothing is as it should be


@pytest.mark.parametrize(
    "charset", ["zlib", "bz2", "base64", "hex", "rot13", "utf-16", "utf-7", "idna", "nonsense"]
)
def test_no_charset_hides_the_token(client: Client, charset: str) -> None:
    body = rb2b.to_body(rb2b.person())
    content_type = f"application/json; charset={charset}"
    through_wsgi(client)
    answer = client.generic("POST", f"/webhooks/rb2b?x=%ff&token={TOKEN}", body, content_type)
    assert answer.status_code == 200
    assert bytes(InboundEvent.objects.get().body) == body


class BrokenOff(io.BytesIO):
    """What the web server hands on where the sender ends in the middle, or breaks the rules of
    chunks.
    """

    def __init__(self, error: type[Exception]):
        super().__init__()
        self._error = error

    def read(self, size: int | None = -1) -> bytes:
        raise self._error("broken")


@pytest.mark.parametrize("error", [OSError, ConnectionResetError, InvalidChunkSize])
def test_incomplete_body_is_not_acknowledged(client: Client, error: type[Exception]) -> None:
    answer = client.generic(
        "POST",
        f"/webhooks/rb2b?token={TOKEN}",
        **{"wsgi.input": BrokenOff(error), "CONTENT_LENGTH": "100"},
    )
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "body: it did not come to its end.",
    )
    assert not InboundEvent.objects.exists()


def test_wrong_token_is_refused_during_cutover(client: Client, settings: Any) -> None:
    settings.RB2B_ALLOW_UNTOKENED_UNTIL = "2099-01-01"
    body = rb2b.to_body(rb2b.person())
    assert (
        client.post("/webhooks/rb2b?token=wrong", body, content_type="application/json").status_code
        == 401
    )
    assert not InboundEvent.objects.exists()
