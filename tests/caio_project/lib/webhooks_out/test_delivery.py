"""Events reach a real receiver, signed, at least once; what goes wrong is retried and told."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from caio_project.lib.webhooks_out import delivery, endpoints, outbox, public_http
from caio_project.lib.webhooks_out.endpoints import EndpointRefused, EndpointWish, Manager
from caio_project.lib.webhooks_out.event_types import SCOPE_OF_EVENT, SUBSCRIBABLE, EventType
from caio_project.lib.webhooks_out.models import (
    WebhookAttempt,
    WebhookChange,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from caio_project.lib.webhooks_out.public_http import PostCode, PostOutcome
from caio_project.webhook_pages import webhook_alarms
from leads.models import Alarm
from leads.suppression import suppression
from outreach.choices import MoveCode, Phase, Status
from outreach.control import phase
from outreach.lifecycle.moves import move_message
from tests import factories
from tests.fakes.receiver import FakeReceiver

pytestmark = pytest.mark.django_db

LENA = Manager(None, "Lena", frozenset(SCOPE_OF_EVENT.values()))


@pytest.fixture
def receiver(settings: Any) -> Any:
    settings.WEBHOOKS_OUT_LOOPBACK = True
    with FakeReceiver() as fake:
        yield fake


def add(receiver: FakeReceiver, name: str = "caio", **wish: Any) -> WebhookEndpoint:
    wanted = {"events": SUBSCRIBABLE, **wish}
    endpoint, receiver.secret = endpoints.add_endpoint(
        EndpointWish(receiver.address(name), **wanted), LENA
    )
    return endpoint


def emit(**data: Any) -> WebhookEvent:
    outbox.emit(EventType.PHASE_CHANGED, lambda: data)
    return WebhookEvent.objects.latest("pk")


def make_due(**later: Any) -> None:
    WebhookDelivery.objects.update(not_before=timezone.now(), **later)
    WebhookEndpoint.objects.update(rests_until=None)


def test_an_event_arrives_signed_with_its_id_and_is_logged(receiver: FakeReceiver) -> None:
    add(receiver)
    event = emit(to="assisted")

    assert delivery.deliver_due() == 1

    ((given_id, body),) = receiver.accepted
    assert given_id == event.event_id
    assert (body["type"], body["data"]) == ("phase.changed", {"to": "assisted"})
    assert body["timestamp"] == event.at.isoformat()
    row = WebhookDelivery.objects.get()
    (tried,) = row.tries.all()
    assert (row.state, row.attempts, tried.status) == ("delivered", 1, 200)
    assert tried.response == '{"ok": true}'
    assert delivery.deliver_due() == 0 and len(receiver.requests()) == 1


def test_without_an_endpoint_nothing_is_stored_and_no_statement_made(
    django_assert_num_queries: Any,
) -> None:
    with django_assert_num_queries(0):
        outbox.emit(EventType.PHASE_CHANGED, dict)

    assert not WebhookEvent.objects.exists()


def test_what_is_rolled_back_is_never_told(receiver: FakeReceiver) -> None:
    add(receiver)
    with pytest.raises(RuntimeError), transaction.atomic():
        emit(to="assisted")
        raise RuntimeError

    assert delivery.deliver_due() == 0 and receiver.requests() == []


def test_an_endpoint_gets_only_what_it_chose(receiver: FakeReceiver) -> None:
    add(receiver, events=("message.sent",))

    outbox.emit(EventType.PHASE_CHANGED, dict)

    assert not WebhookEvent.objects.exists()


def test_moves_replies_of_people_and_the_phase_are_told(receiver: FakeReceiver) -> None:
    endpoint = add(receiver)
    message = factories.held_email()
    move_message(message, Status.CLEARED, MoveCode.APPROVED)
    suppression.suppress("", suppression.Reason.UNSUBSCRIBED, "test", message.lead)
    suppression.suppress("", suppression.Reason.UNSUBSCRIBED, "test", message.lead)
    phase.change_phase(Phase.ASSISTED, by="Lena", reason="Numbers hold.")
    delivery.deliver_due()

    told = [(body["type"], body["data"]) for _, body in receiver.accepted]
    assert [name for name, _ in told] == [
        "message.held", "message.decided", "lead.opted_out", "phase.changed",
    ]  # fmt: skip
    assert told[1][1]["decision"] == "approved" and told[1][1]["message"] == str(message.public_id)
    assert told[2][1]["lead"] == str(message.lead.public_id)
    assert (told[3][1]["from"], told[3][1]["to"]) == ("parallel", "assisted")
    assert message.to_address not in str(list(WebhookEvent.objects.values_list("data")))
    assert endpoint.deliveries.count() == 4


def test_a_persons_details_are_read_when_sent_and_gone_once_erased(receiver: FakeReceiver) -> None:
    add(receiver, with_person=True)
    lead = factories.held_email().lead
    delivery.deliver_due()
    suppression.suppress("", suppression.Reason.ERASED, "test", lead)
    WebhookDelivery.objects.update(state="waiting")
    delivery.deliver_due()

    before, after = (body["data"]["person"] for _, body in receiver.accepted)
    assert before["email"] == lead.email and before["id"] == str(lead.public_id)
    assert after is None


def test_an_erasure_empties_what_waits_and_what_was_answered(receiver: FakeReceiver) -> None:
    add(receiver)
    told, waits = factories.held_email(), None
    delivery.deliver_due()
    move_message(told, Status.CLEARED, MoveCode.APPROVED)
    waits = WebhookDelivery.objects.get(state="waiting")

    assert endpoints.erase_person([told.lead.public_id]) == 2
    assert delivery.deliver_due() == 0 and len(receiver.accepted) == 1
    waits.refresh_from_db()
    assert (waits.state, waits.end_code) == ("failed", "erased")
    assert not WebhookAttempt.objects.exclude(response="").exists()
    assert not WebhookEvent.objects.exclude(data={"erased": True}).exists()
    with pytest.raises(EndpointRefused):
        endpoints.replay_delivery(waits)


def test_a_worker_killed_after_the_post_delivers_again_with_the_same_id(
    receiver: FakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(receiver)
    event = emit()

    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(delivery, "_record", die)
        with pytest.raises(Killed):
            delivery.deliver_due()
    assert delivery.deliver_due() == 0  # its lease still stands
    WebhookDelivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert delivery.deliver_due() == 1

    assert [given for given, _ in receiver.accepted] == [event.event_id] * 2
    assert WebhookDelivery.objects.get().state == "delivered"


def test_a_refusal_is_tried_again_later_and_the_endpoint_rests(receiver: FakeReceiver) -> None:
    endpoint = add(receiver)
    receiver.on("POST /hooks/caio").status(503, "busy", {"Retry-After": "120"}, times=1)
    emit()
    emit()

    assert delivery.deliver_due() == 1  # the second waits for the endpoint's rest to end
    first, second = WebhookDelivery.objects.order_by("pk")
    endpoint.refresh_from_db()
    assert first.not_before > timezone.now() + timedelta(seconds=100)
    assert second.attempts == 0 and endpoint.failures == 1
    assert endpoint.rests_until and endpoint.rests_until > timezone.now()
    make_due()
    assert delivery.deliver_due() == 2 and len(receiver.accepted) == 2
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.rests_until) == (0, None)


def test_a_dead_endpoint_delays_no_other(
    receiver: FakeReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(receiver, "dead")
    add(receiver, "caio")
    order: list[str] = []
    real = public_http.post

    def post(url: str, body: bytes, headers: dict[str, str]) -> PostOutcome:
        if url.endswith("dead"):
            receiver.wait_for(lambda: len(receiver.accepted) == 3, timeout=10)
            order.append("dead")
            return PostOutcome(PostCode.TIMED_OUT)
        order.append("caio")
        return real(url, body, headers)

    monkeypatch.setattr(public_http, "post", post)
    monkeypatch.setattr(delivery, "LOOK_AGAIN_SECONDS", 0.05)
    for _ in range(3):
        emit()

    assert delivery.deliver_due() == 4
    assert order == ["caio"] * 3 + ["dead"]


def test_a_day_of_refusals_disables_the_endpoint_and_leads_are_told_once(
    receiver: FakeReceiver,
) -> None:
    endpoint = add(receiver)
    receiver.on("POST /hooks/caio").status(500)
    emit()
    emit()
    make_due(started_at=timezone.now() - timedelta(hours=20), attempts=8)

    assert delivery.deliver_due() == 1
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.end_code) == (False, "exhausted")
    states = WebhookDelivery.objects.order_by("pk").values_list("state", "end_code")
    assert list(states) == [("failed", "refused_for_a_day"), ("failed", "endpoint_disabled")]
    assert [webhook_alarms.tell_of_disabled() for _ in range(2)] == [1, 0]
    assert "Nothing was accepted for a day" in Alarm.objects.get().text
    outbox.emit(EventType.PHASE_CHANGED, dict)
    assert WebhookEvent.objects.count() == 2


def test_one_event_refused_for_a_day_does_not_end_an_endpoint_that_takes_others(
    receiver: FakeReceiver,
) -> None:
    endpoint = add(receiver)
    receiver.on("POST /hooks/caio", containing="poison").status(400)
    emit(what="poison")
    make_due(started_at=timezone.now() - timedelta(hours=20), attempts=8)
    emit(what="fine")
    WebhookEndpoint.objects.update(last_ok_at=timezone.now())

    delivery.deliver_due()

    endpoint.refresh_from_db()
    assert endpoint.is_active and len(receiver.accepted) == 1
    assert WebhookDelivery.objects.get(state="failed").end_code == "refused_for_a_day"


def test_gone_disables_at_once_and_replay_after_enabling_keeps_the_id(
    receiver: FakeReceiver,
) -> None:
    endpoint = add(receiver)
    receiver.on("POST /hooks/caio").status(410, times=1)
    event = emit()
    delivery.deliver_due()
    row = WebhookDelivery.objects.get()

    with pytest.raises(EndpointRefused):
        endpoints.replay_delivery(row)
    assert endpoints.enable_endpoint(WebhookEndpoint.objects.get(), LENA)
    receiver.secret = endpoints.exchange_secret(endpoint, LENA)
    WebhookEndpoint.objects.update(old_secret_until=timezone.now())
    row.refresh_from_db()
    endpoints.replay_delivery(WebhookDelivery.objects.get())
    delivery.deliver_due()

    assert [given for given, _ in receiver.accepted] == [event.event_id]  # by today's secret
    whats = WebhookChange.objects.order_by("pk").values_list("what", flat=True)
    assert list(whats) == ["added", "enabled", "rotated"]


def test_both_secrets_sign_for_a_day_and_then_the_new_one_alone(receiver: FakeReceiver) -> None:
    endpoint = add(receiver)
    old = receiver.secret
    new = endpoints.exchange_secret(endpoint, LENA)
    for secret in (old, new):
        receiver.secret = secret
        emit()
        delivery.deliver_due()
    assert len(receiver.accepted) == 2
    assert old not in str(WebhookEndpoint.objects.values()) and new != old

    WebhookEndpoint.objects.update(old_secret_until=timezone.now())
    receiver.secret = old
    emit()
    delivery.deliver_due()

    assert len(receiver.accepted) == 2
    assert WebhookAttempt.objects.latest("pk").status == 401


def test_a_secret_under_another_key_disables_without_a_post(
    receiver: FakeReceiver, settings: Any
) -> None:
    endpoint = add(receiver)
    emit()
    settings.SECRET_KEY = "another-" + "y" * 50

    assert delivery.deliver_due() == 0
    endpoint.refresh_from_db()
    assert endpoint.end_code == "secret_unreadable" and receiver.requests() == []


REFUSED = [
    ({"url": "https://10.0.0.8/x"}, "url"),
    ({"url": "http://hooks.example.com/x"}, "url"),
    ({"events": ()}, "events"),
    ({"events": ("message.read",)}, "events"),
    ({"description": "x" * 101}, "description"),
]


@pytest.mark.parametrize(("wish", "field"), REFUSED)
def test_a_wrong_wish_names_its_field_and_stores_nothing(wish: Any, field: str) -> None:
    full = {"url": "https://hooks.example.com/x", "events": ("message.sent",), **wish}

    with pytest.raises(EndpointRefused) as refused:
        endpoints.add_endpoint(EndpointWish(**full), LENA)

    assert refused.value.field == field and not WebhookEndpoint.objects.exists()


def test_nobody_subscribes_to_more_than_they_may_read() -> None:
    reader = Manager(None, "key", frozenset({"metrics:read"}))
    for wish in (
        EndpointWish("https://hooks.example.com/x", ("message.sent",)),
        EndpointWish("https://hooks.example.com/x", ("phase.changed",), with_person=True),
    ):
        with pytest.raises(EndpointRefused, match="needs the scope"):
            endpoints.add_endpoint(wish, reader)

    assert not WebhookEndpoint.objects.exists()


def test_old_events_are_deleted_with_their_log_unless_they_wait(receiver: FakeReceiver) -> None:
    add(receiver)
    emit()
    delivery.deliver_due()
    emit()
    WebhookEvent.objects.update(at=timezone.now() - timedelta(days=31))

    assert delivery.purge_old(timezone.now()) == 1
    assert WebhookDelivery.objects.get().state == "waiting" and not WebhookAttempt.objects.exists()
