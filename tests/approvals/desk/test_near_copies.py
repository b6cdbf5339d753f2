"""Near copies in the queue: which are found, what is said of them, and that reading them there
decides nothing.
"""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from approvals.desk.near_copies import MOST_SHOWN, find_copies
from approvals.models import Claim, Reading
from outreach.choices import Status
from outreach.content.fingerprints import BAND_MASKS
from outreach.content.seller_fields import OWN_WORDS
from outreach.models import Message
from outreach.review import review_actions
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]


def held(first_name: str, company: str, **more: Any) -> Message:
    """A held email to this person; the company's industry is the same for all."""
    named = factories.CompanyFactory(name=company)
    lead = factories.LeadFactory(first_name=first_name, company=named)
    return Message.objects.get(pk=factories.held_email(lead, **more).pk)


def copies_of(message: Message) -> Any:
    return find_copies(message, message.text)


def changed(message: Message, word: str) -> str:
    return message.text.body.replace(word, "gladly")


def shares_a_band(one: Message, other: Message) -> bool:
    return any(one.fingerprint & mask == other.fingerprint & mask for mask in BAND_MASKS)


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


def test_emails_of_one_template_are_near_copies() -> None:
    one, other = held("Dana", "Kite Freight"), held("Sam", "Bluefield")
    elsewhere = held("Lee", "Redfield", topic="", angle="general")
    group = copies_of(one)
    assert [copy.message for copy in group.copies] == [other]
    assert group.words == ("Dana", "Kite", "Freight")
    assert group.sentence == (
        "Same text as 1 other in the queue; these 3 words differ: Dana, Kite, Freight."
    )
    assert copies_of(elsewhere).copies == ()


@pytest.mark.parametrize("status", [Status.BLOCKED, Status.CLEARED, Status.REJECTED])
def test_only_waiting_emails_are_copies(status: str) -> None:
    one, other = held("Dana", "Kite"), held("Sam", "Bluefield")
    Message.objects.filter(pk=other.pk).update(status=status)
    assert copies_of(one).copies == ()
    other.refresh_from_db()
    assert copies_of(other).copies == ()


def test_an_edited_email_is_compared_as_it_stands(reviewer: User) -> None:
    one, other = held("Dana", "Kite"), held("Sam", "Bluefield")
    word = next(word for word in other.text.body.split()[4:] if word.isalpha() and len(word) > 4)
    body = changed(other, word)
    review_actions.edit_text(other, 1, subject=other.text.subject, body=body, by=reviewer)
    group = copies_of(one)
    assert [copy.message.version for copy in group.copies] == [2]
    assert word in group.words
    new = f"Hi Sam,\n\nBluefield is a wholly other matter, and {'so on and on ' * 20}. Is it?"
    review_actions.edit_text(
        Message.objects.get(pk=other.pk), 2, subject="Bluefield", body=new, by=reviewer
    )
    assert copies_of(one).copies == ()


def test_a_changed_word_of_what_we_sell_leaves_a_band_in_common(reviewer: User) -> None:
    """Our own sentence stays in the fingerprint, whole or changed."""
    one, other = held("Dana", "Kite"), held("Sam", "Bluefield")
    sentences = [p["text"] for p in other.text.phrases if p["field"] in OWN_WORDS]
    words = {word for sentence in sentences for word in sentence.split() if word.isalpha()}
    found = []
    for word in sorted(words):
        body = one.text.body.replace("Dana", "Sam").replace("Kite", "Bluefield")
        body = body.replace(f" {word} ", " gladly ")
        message = Message.objects.get(pk=other.pk)
        review_actions.edit_text(message, message.version, subject="", body=body, by=reviewer)
        found.append(shares_a_band(one, Message.objects.get(pk=other.pk)))
    assert len(found) > 12 and sum(found) / len(found) > 0.9


def test_the_queue_of_many_takes_one_statement(django_assert_num_queries: Any) -> None:
    one = held("Dana", "Kite")
    for n in range(MOST_SHOWN + 2):
        held("Sam", f"Bluefield {n}")
    text = one.text
    with django_assert_num_queries(1):
        group = find_copies(one, text)
    assert (len(group.copies), group.has_more) == (MOST_SHOWN, True)
    assert group.sentence.startswith("Same text as at least 20 others in the queue; these")


def test_an_email_from_before_the_fingerprint_has_none() -> None:
    one, other = held("Dana", "Kite"), held("Sam", "Bluefield")
    Message.objects.filter(pk__in=[one.pk, other.pk]).update(fingerprint=0)
    one.refresh_from_db()
    assert copies_of(one).copies == ()


def test_the_desk_says_so_and_the_page_shows_them(desk: Client) -> None:
    one, other = held("Dana", "Kite & Sons"), held("Sam", "<b>Bluefield</b>")
    page = desk.get(f"/sales/queue/{one.public_id}").content.decode()
    assert "Same text as 1 other in the queue" in page
    assert f"/sales/queue/{one.public_id}/copies" in page
    found = desk.get(f"/sales/queue/{one.public_id}/copies")
    text = found.content.decode()
    assert found.status_code == 200 and f'href="/sales/queue/{other.public_id}"' in text
    assert "<del>Dana" in text and "<ins>Sam" in text and "<b>Bluefield</b>" not in text
    assert "Kite &amp; Sons" in text


def test_reading_copies_counts_as_no_reading(desk: Client) -> None:
    one, other = held("Dana", "Kite"), held("Sam", "Bluefield")
    desk.get(f"/sales/queue/{one.public_id}/copies")
    assert not Reading.objects.exists() and not Claim.objects.exists()
    for message in (one, other):
        message.refresh_from_db()
        assert (message.status, message.opened_at) == ("held", None)


def test_the_page_of_an_only_email_says_so(desk: Client) -> None:
    one = held("Dana", "Kite")
    page = desk.get(f"/sales/queue/{one.public_id}/copies").content.decode()
    assert "No other email in the queue has nearly this text." in page
    assert "Same text as" not in desk.get(f"/sales/queue/{one.public_id}").content.decode()


def test_nobody_else_sees_the_copies(client: Client) -> None:
    one = held("Dana", "Kite")
    answer = client.get(f"/sales/queue/{one.public_id}/copies")
    assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]
