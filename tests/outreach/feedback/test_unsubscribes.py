"""The unsubscribe link: a GET changes nothing, a POST stops everywhere, no link expires."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.identity import merging
from leads.models import Lead, Suppression
from leads.suppression import suppression
from outreach.contact_history import previous_emails
from outreach.models import EmailEvent, Message
from outreach.sending import send
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

ONE_CLICK = "List-Unsubscribe=One-Click"


def strict() -> Client:
    """Without cookies, as a mailbox provider posts."""
    return Client(enforce_csrf_checks=True)


def path(message: Message) -> str:
    return f"/u/{message.unsubscribe_token}"


def sent() -> Message:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(status="sent", sent_at=timezone.now())
    message.refresh_from_db()
    return message


def stopped(message: Message) -> bool:
    stop = suppression.find_stop(message.to_address, message.lead)
    return stop is not None and stop.reason == "unsubscribed"


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_get_changes_nothing_for_scanners_open_every_link(method: str) -> None:
    message = factories.cleared_email()
    response = getattr(strict(), method)(path(message) + "?List-Unsubscribe=One-Click")
    assert response.status_code == 200
    message.refresh_from_db()
    assert (message.status, Suppression.objects.count(), EmailEvent.objects.count()) == (
        "cleared",
        0,
        0,
    )


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_nothing_but_get_and_post_is_answered(method: str) -> None:
    assert getattr(strict(), method)(path(sent())).status_code == 405
    assert Suppression.objects.count() == 0


BODIES: dict[str, dict[str, Any]] = {
    "the button": {"data": {}},
    "one click, urlencoded": {
        "data": ONE_CLICK,
        "content_type": "application/x-www-form-urlencoded",
    },
    "one click, multipart": {"data": {"List-Unsubscribe": "One-Click"}},
    "nothing": {"data": b"", "content_type": "application/octet-stream"},
    "broken multipart": {"data": b"--x", "content_type": "multipart/form-data; boundary=x"},
    "json": {"data": "{", "content_type": "application/json"},
}


@pytest.mark.parametrize("body", BODIES)
def test_post_unsubscribes_without_cookies_or_redirect(body: str) -> None:
    first = sent()
    follow_up = factories.cleared_email(first.lead)
    response = strict().post(path(first), **BODIES[body])
    assert response.status_code == 200
    assert "Done" in response.content.decode()
    follow_up.refresh_from_db()
    assert (follow_up.status, follow_up.moves.last().why) == ("withdrawn", "unsubscribed")
    assert stopped(first) and stopped(follow_up)
    assert list(EmailEvent.objects.values_list("message", "kind", "source")) == [
        (first.pk, "unsubscribed", "unsubscribe page")
    ]


def test_every_address_of_the_person_is_stopped_and_nothing_leaves(ghl: Any) -> None:
    message = sent()
    other = factories.cleared_email(message.lead)
    Lead.objects.filter(pk=message.lead_id).update(
        email="dana@new.test", personal_email="dana@home.test"
    )
    strict().post(path(message))
    addresses = set(Suppression.objects.filter(scope="address").values_list("value", flat=True))
    assert addresses == {message.to_address, "dana@new.test", "dana@home.test"}
    assert send.send_due() == 0
    assert (ghl.requests(), Message.objects.get(pk=other.pk).status) == ([], "withdrawn")


def test_twice_is_once() -> None:
    message = sent()
    for _ in range(3):
        assert strict().post(path(message)).status_code == 200
    assert EmailEvent.objects.count() == 1
    assert Suppression.objects.count() == 2  # the address and the person


@pytest.mark.parametrize(
    "token", ["unknown", "x" * 500, "%F0%9F%99%82", "a b", "..", "%27%20OR%201=1"]
)
def test_an_unknown_token_looks_like_any_other(token: str) -> None:
    message = sent()
    for method in ("get", "post"):
        known, unknown = (getattr(strict(), method)(one) for one in (path(message), f"/u/{token}"))
        assert (unknown.status_code, unknown.content) == (known.status_code, known.content)
    assert Suppression.objects.count() == 2, "of the known one alone"


def test_a_token_never_expires(clock: Any) -> None:
    message = sent()
    clock.shift(timedelta(days=3650))
    assert strict().post(path(message)).status_code == 200
    assert stopped(message)


def test_the_link_of_somebody_merged_away_stops_the_person() -> None:
    one, message = factories.LeadFactory(), sent()
    waiting = factories.cleared_email(one)
    merging.merge_leads(one, message.lead, source="person")
    assert strict().post(path(message)).status_code == 200
    waiting.refresh_from_db()
    assert (waiting.status, stopped(message), stopped(waiting)) == ("withdrawn", True, True)
    assert previous_emails.emails_of(one).filter(status="cleared").count() == 0


def test_link_of_erased_lead_stores_no_address() -> None:
    message = sent()
    address = message.to_address
    Message.objects.filter(pk=message.pk).update(to_address="")
    Lead.objects.filter(pk=message.lead_id).update(email=None)
    Suppression.objects.create(
        scope="person", value=str(message.lead_id), reason="erased", source="test"
    )
    Suppression.objects.create(
        scope="address_hash", value=suppression.erased_hash(address), reason="erased", source="test"
    )
    assert strict().post(path(message)).status_code == 200
    assert not Suppression.objects.filter(value__contains="@").exists()
    assert suppression.find_stop(address).reason == "erased"


def test_page_is_uncached_unindexed_and_needs_one_click() -> None:
    response = strict().get(path(sent()))
    page = response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert 'content="noindex"' in page and page.count("<button") == 1 and "<input" not in page
