"""RB2B's webhook: repeated deliveries, retries, health and malformed requests."""

import io
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
from tests.leads.conftest import NEXT_TOKEN, arrive, counts, post, through_wsgi

pytestmark = pytest.mark.django_db


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


def test_parked_event_stores_code_and_arguments(client: Client) -> None:
    post(client, b"[1]")

    events.process_due()

    event = InboundEvent.objects.get()
    assert (event.reason_code, event.reason_args) == ("body_not_object", {"json_type": "list"})
    assert event.reason == "The body is a JSON list, not an object."


@pytest.mark.parametrize("code", ["", "no_token"])
def test_untokened_rows_with_and_without_code_are_released(
    client: Client, settings: Any, code: str
) -> None:
    settings.RB2B_ALLOW_UNTOKENED_UNTIL = "2099-01-01"
    body = rb2b.to_body(rb2b.person())
    client.post("/webhooks/rb2b", body, content_type="application/json")
    InboundEvent.objects.update(reason_code=code)

    client.post(f"/webhooks/rb2b?token={TOKEN}", body, content_type="application/json")

    event = InboundEvent.objects.get()
    assert (event.state, event.reason, event.reason_code) == ("waiting", "", "")
