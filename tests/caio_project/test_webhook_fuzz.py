"""Any body at every webhook with the right token or signature: no 500, nothing over two seconds,
and what was accepted is worked off at the first try.

A few run with the other tests; `make fuzz` makes many. tests/leads/inbound/test_any_body.py says
more of RB2B and Clay.
"""

import json
import os
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.models import SlackClick
from approvals.slack_decisions import click_work
from leads.inbound import events
from leads.models import InboundEvent
from outreach.feedback import webhook_inbox
from tests import factories
from tests.caio_project.fuzz_tally import Stopwatch, note_requests
from tests.conftest import TOKEN
from tests.fakes import slack as slack_module
from tests.fakes.ghl import webhooks as ghl_bodies
from tests.leads.conftest import through_wsgi
from tests.leads.inbound.test_any_body import BODIES, CONTENT_TYPES, JSON, encoded

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.usefixtures("ghl", "slack", "loose"),
]

EXAMPLES = int(os.environ.get("CAIO_FUZZ_EXAMPLES", "8"))
SECRET = "fuzz-secret-0123456789"
SIGNER = ghl_bodies.WebhookSigner()
Headers = Callable[[bytes], dict[str, str]]

GHL_KINDS = st.sampled_from(
    [
        ghl_bodies.inbound_message(),
        ghl_bodies.outbound_message(),
        ghl_bodies.email_stats("failed"),
        ghl_bodies.email_stats("complained"),
        ghl_bodies.contact_dnd_update({"id": "cnt_1", "email": "dana@northline.test", "dnd": True}),
    ]
)
GHL_FIELDS = st.sampled_from(
    [
        *("type", "locationId", "timestamp", "webhookId", "contactId", "conversationId", "email"),
        *(
            "messageId",
            "emailMessageId",
            "body",
            "subject",
            "dateAdded",
            "direction",
            "messageType",
        ),
        *("dnd", "dndSettings", "id", "event", "attachments", "threadId", "from", "to", "status"),
    ]
)
GHL_BODIES = st.builds(
    lambda body, wrong: encoded(body | wrong, "utf-8", True),
    GHL_KINDS,
    st.dictionaries(GHL_FIELDS, JSON, max_size=4),
)
CLICK = slack_module.block_actions("approve", "11111111-1111-4111-8111-111111111111.1")
CLICK_FIELDS = st.sampled_from(
    ["type", "user", "actions", "channel", "message", "container", "trigger_id", "view", "team"]
)


def wrong_click(changes: dict[str, Any]) -> bytes:
    return slack_module.form(json.loads(parse_qs(CLICK)["payload"][0]) | changes).encode()


SLACK_BODIES = st.builds(wrong_click, st.dictionaries(CLICK_FIELDS, JSON, max_size=3))


def ghl_signed(body: bytes) -> dict[str, str]:
    return {ghl_bodies.SIGNATURE_HEADER: SIGNER.sign(body)}


def slack_signed(body: bytes) -> dict[str, str]:
    signed = slack_module.signed_headers(body, SECRET, int(timezone.now().timestamp()))
    return {name: value for name, value in signed.items() if name != "Content-Type"}


WEBHOOKS: dict[str, tuple[Headers, st.SearchStrategy[bytes]]] = {
    f"/webhooks/rb2b/{TOKEN}": (lambda _: {}, BODIES),
    f"/webhooks/rb2b?token={TOKEN}": (lambda _: {}, BODIES),
    "/webhooks/clay": (lambda _: {"Authorization": f"Bearer {SECRET}"}, BODIES),
    "/webhooks/ghl": (ghl_signed, BODIES | GHL_BODIES),
    "/webhooks/ghl/workflow": (
        lambda _: {"Authorization": f"Bearer {SECRET}"},
        BODIES | GHL_BODIES,
    ),
    "/webhooks/slack": (slack_signed, BODIES | SLACK_BODIES),
}


@pytest.fixture(autouse=True)
def secrets(settings: Any) -> None:
    settings.CLAY_CALLBACK_TOKEN = settings.GHL_WORKFLOW_TOKEN = SECRET
    settings.SLACK_SIGNING_SECRET = SECRET
    settings.GHL_WEBHOOK_PUBLIC_KEY = SIGNER.public_key_b64


def work_off() -> None:
    events.process_due()
    events.process_due()  # of a list, the parts that the first round made events of
    webhook_inbox.process_inbox()
    click_work.work_off_clicks()


def tried_again() -> list[str]:
    """Why something that was accepted needs another try: a fault of ours."""
    waiting = InboundEvent.objects.exclude(state__in=("processed", "parked"))
    return [*waiting.values_list("reason", flat=True)]


@pytest.mark.parametrize("path", WEBHOOKS)
def test_no_body_ends_in_an_error_or_has_to_be_worked_off_twice(client: Client, path: str) -> None:
    factories.held_email()
    through_wsgi(client)
    headers, bodies = WEBHOOKS[path]
    asked: Counter[int] = Counter()

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(bodies, CONTENT_TYPES)
    def post(body: bytes, content_type: str) -> None:
        watch = Stopwatch()
        answer = client.generic("POST", path, body, content_type, headers=headers(body))
        is_late, took = watch.is_late(), watch.own_seconds()
        assert answer.status_code < 500 and not is_late, (answer.content, took)
        assert answer.status_code not in (401, 403, 404)
        asked[answer.status_code] += 1
        work_off()
        assert tried_again() == []

    post()
    print(path.partition("?")[0].replace(TOKEN, "…"), dict(asked))
    note_requests("webhooks", asked)
    assert asked.total() >= EXAMPLES
    assert not SlackClick.objects.filter(outcome="").exists()
