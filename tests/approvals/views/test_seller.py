"""The page "What we sell": one page by which a team that sells something else gets its words."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from approvals.views.seller import SAVED_MEANWHILE
from outreach.content import roles
from outreach.drafting import drafts
from outreach.models import SellerVersion
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
PAGE = "/sales/settings/seller"


def typed(**changes: str) -> dict[str, str]:
    """What a freight insurer types."""
    words = {
        "version": "0", "company": "Northwind Insurance", "customers": "freight brokers",
        "offer": "We insure single loads and settle claims in a week.", "start": "", "result": "",
        "booking_url": "https://book.northwind.example/team",
        "proofs": "logistics: A broker in Ohio settled 40 claims in one month.",
    }  # fmt: skip
    for role in roles.ROLES:
        words |= {
            f"topic_{role.key}": "Open claims",
            f"pain_{role.key}": f"Claims stay open for weeks, and the {role.key} hears of it last.",
            f"question_{role.key}": "How many claims are open right now?",
        }
    return {**words, **changes}


@pytest.fixture
def lead(client: Client, lead_user: User) -> Client:
    client.force_login(lead_user)
    return client


def test_a_team_that_sells_something_else_gets_there_by_one_page(lead: Client) -> None:
    assert lead.post(PAGE, typed()).status_code == 303
    message = factories.held_email(factories.LeadFactory(title="CFO"), topic="what we build")
    text = message.text
    for words in (
        "and the cfo hears of it last.",
        "We insure single loads",
        "40 claims",
        "open right now?",
    ):
        assert words in text.body
    assert "Northwind Insurance" in text.footer
    assert "chief AI officer" not in text.body and "ChiefAIOfficer" not in text.footer
    assert {phrase["source"] for phrase in text.phrases if phrase["field"] == "seller_offer"} == {
        "What we sell, version 1"
    }


def test_each_save_is_a_version_with_who_and_what(lead: Client, lead_user: User) -> None:
    lead.post(PAGE, typed())
    lead.post(PAGE, typed(version="1", company="Northwind"))
    rows = SellerVersion.objects.order_by("version")
    assert [(row.version, row.by, row.words["company"]) for row in rows] == [
        (1, lead_user, "Northwind Insurance"),
        (2, lead_user, "Northwind"),
    ]
    page = lead.get(PAGE).content.decode()
    assert "company name</li>" in page and "first version</li>" in page


def test_saving_the_same_again_stores_nothing(lead: Client) -> None:
    lead.post(PAGE, typed())
    assert lead.post(PAGE, typed(version="1")).status_code == 303
    assert SellerVersion.objects.count() == 1


def test_two_people_at_once_overwrite_nothing(lead: Client) -> None:
    lead.post(PAGE, typed())
    answer = lead.post(PAGE, typed(company="Mine"))
    assert answer.status_code == 409 and SAVED_MEANWHILE in answer.content.decode()
    assert 'value="Mine"' in answer.content.decode()
    assert SellerVersion.objects.get().words["company"] == "Northwind Insurance"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"company": ""}, "Type the company name."),
        ({"offer": "We insure loads"}, "ends with a period"),
        ({"pain_cfo": "word " * 19 + "end."}, "20 words; at most 18"),
        ({"question_cfo": "Which? And why?"}, "one question mark"),
        ({"proofs": "logistics: We are the best"}, "ends with a period"),
        ({"booking_url": "book.example"}, "Type the whole address"),
        ({"booking_url": "javascript:alert(1)"}, "Type the whole address"),
        ({"version": "x"}, "Enter a whole number."),
    ],
)
def test_unfit_words_are_refused_at_their_field(
    lead: Client, changes: dict[str, str], said: str
) -> None:
    answer = lead.post(PAGE, typed(**changes))
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not SellerVersion.objects.exists()


@pytest.mark.parametrize("who", ["viewer", "reviewer"])
def test_only_a_lead_changes_it(client: Client, who: str, request: Any) -> None:
    client.force_login(request.getfixturevalue(who))
    page = client.get(PAGE)
    assert page.status_code == 200 and "Ask a Lead" in page.content.decode()
    assert client.post(PAGE, typed()).status_code == 403
    assert not SellerVersion.objects.exists()


def test_blocked_drafts_are_looked_at_again(lead: Client, settings: Any) -> None:
    settings.POSTAL_ADDRESS = ""
    message = drafts.write_draft(factories.draft_email())
    before = message.not_before
    lead.post(PAGE, typed())
    message.refresh_from_db()
    assert message.status == "blocked" and message.not_before > before
