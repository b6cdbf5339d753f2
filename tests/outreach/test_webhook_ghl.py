"""GoHighLevel's webhooks: proved, stored once, answered, and worked off by row."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from django.utils import timezone

from leads.inbound import events
from leads.models import InboundEvent, Lead, Suppression
from leads.suppression import suppression
from outreach.feedback import webhook_inbox
from outreach.integrations.ghl import webhook_bodies
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.fakes.ghl.webhooks import WebhookSigner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

PATH = "/webhooks/ghl"
JSON = "application/json"
TOKEN = "workflow-token-0123456789"


def post(client: Client, raw: bytes, headers: dict[str, str], path: str = PATH) -> Any:
    return client.post(
        path,
        raw,
        content_type=JSON,
        headers={k: v for k, v in headers.items() if k != "Content-Type"},
    )


def told(client: Client, ghl: FakeGhl, payload: dict[str, Any]) -> Any:
    return post(client, *ghl.signed(payload))


@pytest.fixture(autouse=True)
def key(ghl: FakeGhl, settings: Any) -> None:
    settings.GHL_WEBHOOK_PUBLIC_KEY = ghl.public_key_b64


@pytest.fixture
def blocked(ghl: FakeGhl) -> dict[str, Any]:
    """A body that would stop somebody, were it believed."""
    return ghl.contact_dnd_update(
        {"id": "cnt_1", "email": "dana@northline.test", "dnd": False, "dndSettings": {}}
    )


def nothing_happened() -> bool:
    return (
        not webhook_inbox.process_inbox()
        and not InboundEvent.objects.exists()
        and not Suppression.objects.exists()
    )


class TestSignature:
    def test_a_genuine_body_is_stored_answered_and_worked_off_afterwards(
        self, client: Client, ghl: FakeGhl, blocked: dict[str, Any]
    ) -> None:
        response = told(client, ghl, blocked)
        event = InboundEvent.objects.get()
        assert (response.status_code, response.json()) == (
            200,
            {"status": "stored", "id": str(event.public_id)},
        )
        assert (event.source, event.state, json.loads(bytes(event.body))) == (
            "ghl",
            "waiting",
            blocked,
        )
        assert not Suppression.objects.exists()
        assert webhook_inbox.process_inbox() == 1
        assert suppression.find_stop("dana@northline.test").reason == "unsubscribed"

    @pytest.mark.parametrize(
        "signature",
        [None, "", "N/A", "n/a", " ", "AAAA", "%%%", "é", "A" * 86 + "==", "A" * 10_000],
    )
    def test_without_a_right_signature_nothing_is_stored(
        self, client: Client, ghl: FakeGhl, blocked: dict[str, Any], signature: str | None
    ) -> None:
        raw, _ = ghl.signed(blocked)
        response = post(client, raw, {} if signature is None else {"X-GHL-Signature": signature})
        assert response.status_code == 401
        assert response.json()["detail"] == (
            "X-GHL-Signature: it is missing, or not GoHighLevel's signature of this body."
        )
        assert nothing_happened()

    def test_another_key_another_body_and_another_header_are_refused(
        self, client: Client, ghl: FakeGhl, blocked: dict[str, Any]
    ) -> None:
        raw, headers = ghl.signed(blocked)
        strangers = WebhookSigner().signed(blocked)
        moved = {"X-WH-Signature": headers["X-GHL-Signature"]}
        for body, given in (
            strangers,
            (raw + b" ", headers),
            (raw.replace(b"dana", b"anna"), headers),
            (raw, moved),
        ):
            assert post(client, body, given).status_code == 401
        assert nothing_happened()

    @pytest.mark.parametrize("key", ["", "not base64", "AAAA", "MCowBQYDK2VwAyEA"])
    def test_a_broken_key_trusts_nobody(
        self, client: Client, ghl: FakeGhl, blocked: dict[str, Any], settings: Any, key: str
    ) -> None:
        settings.GHL_WEBHOOK_PUBLIC_KEY = key
        assert told(client, ghl, blocked).status_code == 401
        assert nothing_happened()

    def test_legacy_signature_counts_only_with_its_key(
        self, client: Client, ghl: FakeGhl, blocked: dict[str, Any], settings: Any
    ) -> None:
        key = rsa.generate_private_key(65537, 2048)
        raw, headers = ghl.signed(blocked)
        old = {
            "X-WH-Signature": base64.b64encode(key.sign(raw, padding.PKCS1v15(), SHA256())).decode()
        }
        assert post(client, raw, old).status_code == 401
        assert nothing_happened()
        der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        settings.GHL_WEBHOOK_LEGACY_PUBLIC_KEY = base64.b64encode(der).decode()
        wrong = {**old, "X-GHL-Signature": headers["X-GHL-Signature"][:-4] + "AAA="}
        assert post(client, raw, wrong).status_code == 401, (
            "a wrong new signature is not healed by an old one"
        )
        assert post(client, raw + b" ", old).status_code == 401
        assert post(client, raw, old).status_code == 200

    def test_only_a_post_is_answered(self, client: Client) -> None:
        assert client.get(PATH).status_code == 405

    def test_a_body_larger_than_we_keep_is_refused_by_size(
        self, client: Client, ghl: FakeGhl
    ) -> None:
        response = told(client, ghl, ghl.inbound_message(body="x" * (events.LARGEST_BODY + 1)))
        assert response.status_code == 413
        assert nothing_happened()


class TestOnce:
    def test_redelivered_webhook_is_one_event(
        self, client: Client, ghl: FakeGhl, blocked: dict[str, Any]
    ) -> None:
        first = told(client, ghl, blocked).json()["id"]
        again = told(client, ghl, blocked).json()["id"]
        spaced = json.dumps({**blocked, "attempt": 2}, indent=2).encode()
        other = post(client, spaced, {"X-GHL-Signature": ghl.sign(spaced)}).json()["id"]
        assert first == again == other
        assert InboundEvent.objects.get().deliveries == 3

    def test_without_an_id_the_body_is_its_name(
        self, client: Client, ghl: FakeGhl, blocked: dict[str, Any]
    ) -> None:
        del blocked["webhookId"]
        told(client, ghl, blocked)
        told(client, ghl, blocked)
        told(client, ghl, {**blocked, "timestamp": "2026-03-03T16:00:00Z"})
        assert sorted(InboundEvent.objects.values_list("deliveries", flat=True)) == [1, 2]

    def test_one_id_on_two_kinds_of_event_is_two_events(self, client: Client, ghl: FakeGhl) -> None:
        for payload in (ghl.appointment_create(), ghl.opportunity_update()):
            told(client, ghl, {**payload, "webhookId": "the-same"})
        assert InboundEvent.objects.count() == 2


class TestWorkedOff:
    @pytest.mark.parametrize("location", ["loc-other", "", None])
    def test_another_location_is_parked_and_not_applied(
        self, client: Client, ghl: FakeGhl, blocked: dict[str, Any], location: str | None
    ) -> None:
        assert told(client, ghl, {**blocked, "locationId": location}).status_code == 200
        assert webhook_inbox.process_inbox() == 1
        event = InboundEvent.objects.get()
        assert (event.state, event.reason) == (
            "parked",
            f"It is about another location: {location or 'it names none'}.",
        )
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000]
    )
    def test_a_genuine_body_that_cannot_be_read_is_parked(
        self, client: Client, ghl: FakeGhl, body: bytes
    ) -> None:
        assert post(client, body, {"X-GHL-Signature": ghl.sign(body)}).status_code == 200
        assert webhook_inbox.process_inbox() == 1
        assert InboundEvent.objects.get().state == "parked"

    def test_unused_and_strangers_bodies_are_erased(self, client: Client, ghl: FakeGhl) -> None:
        for payload in (
            {**ghl.contact_dnd_update(), "type": "ContactCreate"},
            ghl.appointment_create(),
        ):
            told(client, ghl, payload)
        webhook_inbox.process_inbox()
        rows = InboundEvent.objects.values_list("state", "body", "about")
        assert [(state, bytes(body), about) for state, body, about in rows] == [
            ("processed", b"", None)
        ] * 2

    def test_erasure_finds_bodies_about_a_lead(
        self, client: Client, ghl: FakeGhl, blocked: dict[str, Any]
    ) -> None:
        lead = factories.LeadFactory(email="dana@northline.test")
        told(client, ghl, blocked)
        webhook_inbox.process_inbox()
        event = InboundEvent.objects.get()
        assert (event.about, bytes(event.body) != b"") == (lead, True)

    def test_of_an_erased_person_nothing_is_kept(
        self, client: Client, ghl: FakeGhl, blocked: dict[str, Any]
    ) -> None:
        lead = factories.LeadFactory(email=None, address="no_address")
        factories.draft_email(lead)
        lead.messages.update(ghl_contact_id="cnt_1", to_address="")
        mark = suppression.erased_hash("dana@northline.test")
        Suppression.objects.create(
            scope="person", value=str(lead.pk), reason="erased", source="test"
        )
        Suppression.objects.create(scope="address_hash", value=mark, reason="erased", source="test")
        told(client, ghl, blocked)
        webhook_inbox.process_inbox()
        assert bytes(InboundEvent.objects.get().body) == b""
        assert not Suppression.objects.filter(value__contains="@").exists()

    def test_fields_of_any_type_break_nothing(self, client: Client, ghl: FakeGhl) -> None:
        """Each field in turn is null, a list, a number, a deep mapping and unstorable text."""
        lead = factories.LeadFactory(email="dana.okafor@northline.test")
        odd: list[Any] = [None, [], [1], 0, True, {"x": {}}, "\x00\ud800", "x" * 5000]
        kinds = [
            ghl.email_stats("failed"),
            ghl.contact_dnd_update(),
            ghl.appointment_create(),
            ghl.opportunity_update(),
        ]
        for payload in kinds:
            for name in payload.keys() - {"locationId", "type"}:
                for value in odd:
                    _read({**payload, name: value})
            for nest in ("webhookPayload", "appointment"):
                for name in payload.get(nest, {}):
                    for value in odd:
                        _read({**payload, nest: {**payload[nest], name: value}})
        assert Lead.objects.get() == lead


def _read(payload: dict[str, Any]) -> None:
    webhook_bodies.read_webhook(json.dumps(payload).encode(), "loc-test", timezone.now())


class TestWorkflow:
    path = "/webhooks/ghl/workflow"

    @pytest.fixture(autouse=True)
    def token(self, settings: Any) -> None:
        settings.GHL_WORKFLOW_TOKEN, settings.GHL_LOCATION_ID = TOKEN, "loc-test"

    def post(self, client: Client, body: Any, authorization: str | None = f"Bearer {TOKEN}") -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return post(
            client,
            raw,
            {"Authorization": authorization} if authorization is not None else {},
            self.path,
        )

    @pytest.mark.parametrize(
        "header",
        [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer é"],
    )
    def test_a_wrong_secret_gets_401_and_nothing_is_stored(
        self, client: Client, header: str | None
    ) -> None:
        response = self.post(client, {"event": "stop", "email": "dana@northline.test"}, header)
        assert (response.status_code, response.json()["detail"]) == (
            401,
            "Authorization: it is missing or wrong.",
        )
        assert nothing_happened()

    def test_without_a_secret_of_ours_nobody_is_trusted(
        self, client: Client, settings: Any
    ) -> None:
        settings.GHL_WORKFLOW_TOKEN = ""
        assert (
            self.post(
                client, {"event": "stop", "email": "dana@northline.test"}, "Bearer "
            ).status_code
            == 503
        )
        assert nothing_happened()

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
    def test_non_object_body_gets_400_and_is_not_stored(self, client: Client, body: bytes) -> None:
        response = self.post(client, body)
        assert (response.status_code, response.json()["detail"]) == (
            400,
            "body: it is not a JSON object.",
        )
        assert nothing_happened()

    @pytest.mark.parametrize(
        "body",
        [
            {"event": "unsubscribed", "email": "Dana@Northline.test"},
            {"id": "cnt_1", "email": "dana@northline.test", "customData": {"event": "DND"}},
            {"contact_id": "cnt_1", "event": "Opt Out"},
            {
                "contact": {"id": "cnt_1"},
                "customData": {"event": "stop"},
                "location": {"id": "loc-test"},
            },
        ],
    )
    def test_a_stop_takes_effect_however_it_is_mapped(
        self, client: Client, body: dict[str, Any]
    ) -> None:
        message = factories.cleared_email(factories.LeadFactory(email="dana@northline.test"))
        type(message).objects.filter(pk=message.pk).update(ghl_contact_id="cnt_1")
        assert self.post(client, body).status_code == 200
        assert webhook_inbox.process_inbox() == 1
        message.refresh_from_db()
        assert (message.status, message.moves.last().why) == ("withdrawn", "unsubscribed")
        assert suppression.find_stop("dana@northline.test").reason == "unsubscribed"

    def test_anything_else_is_left_to_polling(self, client: Client) -> None:
        message = factories.cleared_email(factories.LeadFactory(email="dana@northline.test"))
        for body in (
            {"event": "reply", "email": "dana@northline.test", "body": "Stop"},
            {"email": message.to_address},
        ):
            assert self.post(client, body).status_code == 200
        assert webhook_inbox.process_inbox() == 2
        message.refresh_from_db()
        assert (message.status, Suppression.objects.count()) == ("cleared", 0)

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            (
                {"event": "stop", "email": "a@b.test", "location": {"id": "loc-9"}},
                "It is about another location: loc-9.",
            ),
            (
                {"event": "stop"},
                "The event is 'stop', and it names neither id nor email of a contact.",
            ),
        ],
    )
    def test_what_cannot_be_applied_is_parked(
        self, client: Client, body: dict[str, Any], why: str
    ) -> None:
        assert self.post(client, body).status_code == 200
        webhook_inbox.process_inbox()
        event = InboundEvent.objects.get()
        assert (event.state, event.reason, Suppression.objects.count()) == ("parked", why, 0)

    def test_the_same_body_on_another_day_says_it_again(self, client: Client, clock: Any) -> None:
        for _ in range(2):
            self.post(client, {"event": "stop", "email": "dana@northline.test"})
        clock.shift(timedelta(days=1))
        self.post(client, {"event": "stop", "email": "dana@northline.test"})
        assert sorted(InboundEvent.objects.values_list("deliveries", flat=True)) == [1, 2]
