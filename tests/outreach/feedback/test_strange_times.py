"""A time that no page could show never reaches the database: all pages stay readable."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.integrations.ghl_contact_data import parse_contact
from outreach.feedback import apply_feedback
from outreach.integrations.ghl import conversation_api, ghl_facts
from outreach.models import EmailEvent, Meeting, Message, Opportunity, Reply
from tests.fakes.ghl import FakeGhl
from tests.outreach.back import make_sent_email, receive_webhooks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

STRANGE = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "1970-01-01", 0, 10**18, "", None]
ANY_TIME = st.one_of(
    st.datetimes().map(lambda at: at.isoformat() + "Z"),
    st.datetimes().map(datetime.isoformat),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.none(),
)
ROWS = (
    (Meeting, ("booked_at", "starts_at")),
    (Opportunity, ("opened_at",)),
    (Reply, ("received_at",)),
    (EmailEvent, ("at",)),
)


def tell_all(ghl: FakeGhl, message: Message, at: Any) -> None:
    contact = {"contactId": message.ghl_contact_id}
    receive_webhooks(
        ghl.opportunity_update(**contact, dateAdded=at, createdAt=at, updatedAt=at, timestamp=at),
        ghl.appointment_create(**contact, dateAdded=at, dateUpdated=at),
        ghl.receive_reply(message.ghl_contact_id) | {"dateAdded": at, "timestamp": at},
        ghl.email_stats("opened", message.ghl_email_message_id, message.to_address, timestamp=at),
    )


def times_stored() -> list[datetime]:
    rows = [model.objects.values_list(*names) for model, names in ROWS]
    return [at for found in rows for row in found for at in row]


@pytest.mark.postgres_is_enough
@pytest.mark.parametrize("at", STRANGE)
def test_pages_show_what_came_with_a_strange_time(
    ghl: FakeGhl, client: Client, lead_user: User, at: Any
) -> None:
    message = make_sent_email(ghl)
    tell_all(ghl, message, at)
    assert Meeting.objects.count() == Opportunity.objects.count() == Reply.objects.count() == 1
    client.force_login(lead_user)
    pages = (f"/sales/leads/{message.lead.public_id}", "/sales", "/sales/sent")
    assert [client.get(page).status_code for page in pages] == [200] * 3


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(at=ANY_TIME)
def test_whatever_is_stored_can_be_read_back(ghl: FakeGhl, at: Any) -> None:
    message = Message.objects.filter(status="sent").first() or make_sent_email(ghl)
    tell_all(ghl, message, at)
    stored = times_stored()
    assert len(stored) >= 4
    assert all(2000 <= one.year < 2100 and one.isoformat() for one in stored)


def test_an_appointment_without_a_readable_start_is_no_meeting(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    for start in ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"):
        raw = ghl.appointment_create(contactId=message.ghl_contact_id, startTime=start)
        assert ghl_facts.appointment_fact(raw["appointment"], datetime.now(UTC)) is None


@pytest.mark.parametrize("at", STRANGE)
def test_contacts_and_conversations_have_no_strange_time(at: Any) -> None:
    assert parse_contact({"id": "cnt_1", "dateAdded": at}).added_at is None
    assert conversation_api._parse_row({"id": "msg_1", "dateAdded": at}).at is None


def test_a_fact_that_was_kept_with_a_strange_time_still_takes_effect(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    raw = ghl.opportunity_update(contactId=message.ghl_contact_id)
    fact = ghl_facts.opportunity_fact(raw, datetime(1, 1, 1, tzinfo=UTC))
    assert fact is not None
    kept = ghl_facts.dump_fact(fact)
    apply_feedback.apply_fact(ghl_facts.load_fact(kept), "webhook")
    assert all(one.year >= 2000 for one in times_stored())
