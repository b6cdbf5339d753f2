"""The page of the second look: blind, one email at a time, with refusals that store nothing."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.decisions import claims
from approvals.models import Rereading, RereadingItem
from approvals.rereading import reading
from outreach.choices import MoveCode
from outreach.drafting import drafts
from outreach.models import Message, MessageText
from tests.approvals.rereading.reread_steps import (
    REASON,
    approved,
    chance_items,
    give,
    next_morning,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("assisted")]
PAGE = "/sales/rereading"


@pytest.fixture
def items(settings: Any, clock: Any) -> list[RereadingItem]:
    settings.REREADING_ONE_IN = 1
    approved(6)
    next_morning(clock)
    return chance_items()


@pytest.fixture
def reader(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


def main_of(response: Any) -> str:
    page: str = response.content.decode()
    return page[page.index("<main") : page.index("</main>")]


def post(reader: Client, item: RereadingItem, judgement: str, **typed: str) -> Any:
    body = {"item": str(item.public_id), "judgement": judgement, **typed}
    return reader.post(f"{PAGE}/judge", body)


def test_a_person_takes_reads_and_judges(items: list[Any], reader: Client, reviewer: User) -> None:
    assert "Show me an email" in main_of(reader.get(PAGE))
    assert reading.current_item(reviewer) is None  # a look takes nothing
    assert reader.post(f"{PAGE}/next").status_code == 303
    item = reading.current_item(reviewer)
    assert item is not None
    page = main_of(reader.get(PAGE))
    assert item.message.lead.first_name in page and "SECOND LOOK" in page

    assert post(reader, give(item, reviewer), "approve").status_code == 303

    assert Rereading.objects.get().item == item
    assert reading.current_item(reviewer) not in (None, item)


@pytest.mark.parametrize(("judgement", "words"), [("reject", "I would reject"), ("edit", "first")])
def test_a_no_asks_for_tag_and_reason(
    judgement: str, words: str, items: list[Any], reader: Client, reviewer: User
) -> None:
    item = give(items[0], reviewer)
    assert words in main_of(reader.get(PAGE, {"say": judgement}))
    refused = post(reader, item, judgement, tag="", reason="too short")
    assert refused.status_code == 422 and "Choose why." in main_of(refused)
    assert "too short" in main_of(refused) and not Rereading.objects.exists()
    assert post(reader, item, judgement, tag="weak_cta", reason=REASON).status_code == 303
    assert Rereading.objects.get().judgement == judgement


def test_three_a_day_and_one_more(items: list[Any], reader: Client, reviewer: User) -> None:
    for item in items[:3]:
        RereadingItem.objects.update(reader=None)
        post(reader, give(item, reviewer), "approve")
    assert Rereading.objects.count() == 3
    page = main_of(reader.get(PAGE))
    assert "You have re-read 3 today" in page and "One more" in page
    reader.post(f"{PAGE}/next")
    assert reading.current_item(reviewer) is None
    reader.post(f"{PAGE}/next", {"more": "1"})
    assert reading.current_item(reviewer) is not None


def test_judged_too_soon_stores_nothing(items: list[Any], reader: Client, reviewer: User) -> None:
    reader.post(f"{PAGE}/next")
    item = reading.current_item(reviewer)
    assert item is not None
    answer = post(reader, item, "approve")
    assert answer.status_code == 422 and "Read it to the end first" in main_of(answer)
    assert not Rereading.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"item": "x"}, {"judgement": "approve"}, {"item": "OTHER", "judgement": "approve"}]
)
def test_another_email_than_the_one_shown_is_not_judged(
    body: dict[str, str], items: list[Any], reader: Client, reviewer: User
) -> None:
    give(items[0], reviewer)
    if body.get("item") == "OTHER":
        body = {**body, "item": str(items[1].public_id)}
    assert reader.post(f"{PAGE}/judge", body).status_code == 303
    assert "not stored" in reader.get(PAGE).content.decode()
    assert not Rereading.objects.exists()


def test_a_judgement_that_is_none_is_refused(
    items: list[Any], reader: Client, reviewer: User
) -> None:
    answer = post(reader, give(items[0], reviewer), "maybe")
    assert answer.status_code == 422 and "Choose one of" in main_of(answer)
    assert not Rereading.objects.exists()


def test_a_test_is_told_after_the_answer(items: list[Any], reader: Client, reviewer: User) -> None:
    RereadingItem.objects.filter(pk=items[0].pk).update(fault="no_footer")
    item = give(items[0], reviewer)
    assert "Unsubscribe" not in main_of(reader.get(PAGE))
    post(reader, item, "reject", tag="compliance", reason=REASON)
    page = reader.get(PAGE).content.decode()
    assert "Address and unsubscribe line are missing. You found it." in page


def test_viewers_do_not_re_read(items: list[Any], client: Client, viewer: User) -> None:
    client.force_login(viewer)
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}/next").status_code == 403
    assert post(client, items[0], "approve").status_code == 403
    assert not Rereading.objects.exists()


@pytest.mark.parametrize("happens", ["it waits again", "it was read on the desk"])
def test_what_is_no_more_blind_or_waits_again_is_not_judged(
    items: list[Any], reader: Client, reviewer: User, happens: str
) -> None:
    item = give(items[0], reviewer)
    if happens == "it waits again":
        drafts.hold_for_review(item.message, MoveCode.MORE_KNOWN)
    else:
        claims.record_reading(item.message, reviewer)
    assert "SECOND LOOK" not in main_of(reader.get(PAGE))
    answer = reader.post(
        f"{PAGE}/judge", {"item": str(item.public_id), "judgement": "approve"}, follow=True
    )
    assert "Your answer was not stored." in answer.content.decode()
    assert not Rereading.objects.exists()


class TestBlind:
    def test_no_link_leads_to_what_is_hidden(
        self, items: list[Any], reader: Client, reviewer: User
    ) -> None:
        item = give(items[0], reviewer)
        page = reader.get(PAGE).content.decode()
        for told in (
            str(item.message.public_id),
            str(item.message.lead.public_id),
            f"/sales/companies/{item.message.lead.company_id}",
        ):
            assert told not in page
        links = set(re.findall(r'href="([^"]+)"', main_of(reader.get(PAGE))))
        assert {link for link in links if not link.startswith("#fact-")} == {
            f"{PAGE}?say=edit",
            f"{PAGE}?say=reject",
        }

    def test_band_score_verdict_and_fate_are_not_shown(
        self, items: list[Any], reader: Client, reviewer: User
    ) -> None:
        """The page is the same whatever they are."""
        item = give(items[0], reviewer)
        before = page_of(reader)
        Message.objects.filter(pk=item.message_id).update(
            status="sent", band="warm", intent=61, tier="tier_2", by_machine=False,
            critical_reason="They answered.", verdicts={}, transport="ghl",
        )  # fmt: skip
        RereadingItem.objects.filter(pk=item.pk).update(
            machine=False, draw=None, triggers=["bad_answer"]
        )
        assert page_of(reader) == before

    def test_a_person_s_email_is_shown_as_the_draft_was(
        self, items: list[Any], reader: Client, reviewer: User, lead_user: User
    ) -> None:
        item = give(items[0], reviewer)
        text = item.message.text
        type(text).objects.create(
            message=item.message, version=2, subject="Edited", body="By a colleague.",
            footer=text.footer, sha256="x", author=lead_user,
        )  # fmt: skip
        Message.objects.filter(pk=item.message_id).update(version=2)
        page = main_of(reader.get(PAGE))
        assert "By a colleague." not in page and "Edited" not in page
        assert item.message.lead.first_name in page

    def test_a_follow_up_stands_below_what_it_follows_without_its_fate(
        self, items: list[Any], reader: Client, reviewer: User
    ) -> None:
        item, first, second = give(items[0], reviewer), items[1].message, items[2].message
        fate = {"status": "sent", "band": "warm", "sent_at": timezone.now()}
        Message.objects.filter(pk=first.pk).update(**fate)
        Message.objects.filter(pk=second.pk).update(**fate, step=2, follows=first)
        Message.objects.filter(pk=item.message_id).update(step=3, follows=first)
        for number, one in enumerate((first, second), 1):
            one.texts.update(body=f"Body of email {number}.")
        page = main_of(reader.get(PAGE))
        assert "Follow-up 2 of 2. Show what was sent before" in page
        assert page.index("Body of email 1.") < page.index("Body of email 2.")
        before = page_of(reader)
        changed = {"band": "low", "sent_at": None, "by_machine": False}
        Message.objects.filter(pk__in=(first.pk, second.pk)).update(**changed)
        assert page_of(reader) == before
        first.texts.update(body="")  # erased
        assert "Body of email 1." not in main_of(reader.get(PAGE))


def page_of(reader: Client) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", main_of(reader.get(PAGE)))


def erase_text(item: RereadingItem) -> None:
    MessageText.objects.filter(message=item.message).update(subject="", body="", footer="")


def test_an_erased_email_makes_way_for_the_next(
    items: list[Any], reader: Client, reviewer: User
) -> None:
    reader.post(f"{PAGE}/next")
    erased = reading.current_item(reviewer)
    assert erased is not None
    erase_text(erased)
    assert "Show me an email" in main_of(reader.get(PAGE))

    reader.post(f"{PAGE}/next")

    assert reading.current_item(reviewer) not in (None, erased)
    assert "I would approve" in main_of(reader.get(PAGE))
    assert RereadingItem.objects.get(pk=erased.pk).reader is None


def test_a_test_that_no_longer_shows_makes_way(
    items: list[Any], reader: Client, reviewer: User
) -> None:
    RereadingItem.objects.exclude(pk__in=[items[0].pk, items[1].pk]).delete()
    give(items[0], reviewer)
    RereadingItem.objects.filter(pk=items[0].pk).update(fault="wrong_name")
    lead = items[0].message.lead
    lead.first_name = "Danielle"  # which stands nowhere in the text
    lead.save()

    reader.post(f"{PAGE}/next")

    assert reading.current_item(reviewer) == items[1]


def test_what_cannot_be_shown_is_not_offered(
    items: list[Any], reader: Client, reviewer: User
) -> None:
    for item in RereadingItem.objects.all():
        erase_text(item)

    page = main_of(reader.get(PAGE))

    assert "Show me an email" not in page
