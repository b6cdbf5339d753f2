"""Events in the vault, and what must never be shown of them."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads.inbound import events as inbound_events
from leads.models import InboundEvent
from tests.fakes import rb2b

LIST = "/admin/leads/inboundevent/"
PERSON = {
    "First Name": "Quentin", "Last Name": "Zephyrine", "Business Email": "quentin@zephyr.test",
    "LinkedIn URL": "https://www.linkedin.com/in/quentin-zephyrine",
    "Company Name": "Zephyr Freight",
    "Website": "https://zephyr.test", "Title": "VP Sales", "City": "Wollongong",
}  # fmt: skip
SECRETS = ("Quentin", "Zephyrine", "quentin", "Wollongong")
MASKED_ROLES = ("viewer", "reviewer")


def page_of(event: InboundEvent, what: str = "change") -> str:
    return f"{LIST}{event.pk}/{what}/"


def stored(body: bytes, source: str = "rb2b", *, then: bool = True) -> InboundEvent:
    event = inbound_events.store_event(source, body)
    if then:
        inbound_events.process_due()
    return InboundEvent.objects.get(public_id=event.public_id)


@pytest.fixture
def visit() -> InboundEvent:
    return stored(rb2b.to_body(rb2b.person(PERSON)))


@pytest.fixture
def waiting_to_be_replayed() -> InboundEvent:
    """Parked by a fault that is mended by now."""
    event = stored(rb2b.to_body(rb2b.person(PERSON)), then=False)
    InboundEvent.objects.filter(pk=event.pk).update(
        state="parked",
        reason="Failed 8 times: IntegrityError: Key (email)=(quentin@zephyr.test) already exists.",
    )
    event.refresh_from_db()
    return event


@pytest.fixture
def user(request: pytest.FixtureRequest, client: Client) -> User:
    found: User = request.getfixturevalue(request.param)
    client.force_login(found)
    return found


def shows(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]
