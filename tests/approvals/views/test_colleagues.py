"""The desk shows who waits behind an email, and writes to them instead."""

import html
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from approvals.decisions import claims
from outreach.choices import Status
from outreach.drafting import drafts
from outreach.models import Message
from tests import factories
from tests.conftest import person

pytestmark = pytest.mark.django_db
BUTTON = "Write to Dana instead"


@pytest.fixture
def pair() -> tuple[Message, Message]:
    company = factories.CompanyFactory(name="Northline")
    leads = [
        factories.LeadFactory(
            company=company,
            score=score,
            first_name=name,
            last_name="Voss",
            email=f"{name.lower()}@northline.example",
            linkedin_key=None,
        )
        for name, score in (("Sam", 77), ("Dana", 60))
    ]
    held, on_hold = (drafts.write_draft(factories.draft_email(lead)) for lead in leads)
    return held, on_hold


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


def page(client: Client, message: Message) -> str:
    found = client.get(f"/sales/queue/{message.public_id}")
    return html.unescape(" ".join(found.content.decode().split()))


def choose(client: Client, pair: tuple[Message, Message], **more: Any) -> Any:
    typed = {"version": pair[0].version, "colleague": pair[1].public_id, **more}
    return client.post(f"/sales/queue/{pair[0].public_id}/instead", typed)


@pytest.mark.parametrize("which", [0, 1])
def test_both_desks_offer_the_colleague(
    desk: Client, pair: tuple[Message, Message], which: int
) -> None:
    said = page(desk, pair[which])
    assert BUTTON in said
    assert f'action="/sales/queue/{pair[0].public_id}/instead"' in said


def test_choice_leads_to_the_colleagues_desk(desk: Client, pair: tuple[Message, Message]) -> None:
    found = choose(desk, pair)
    assert (found.status_code, found.url) == (303, f"/sales/queue/{pair[1].public_id}")
    said = page(desk, pair[1])
    assert "Dana Voss is in the queue now. The email to Sam Voss is on hold." in said
    assert "Write to Sam instead" in said


def test_nothing_is_offered_without_a_colleague(desk: Client) -> None:
    assert "instead</button>" not in page(desk, factories.held_email())


def test_nothing_is_offered_while_approved(desk: Client, pair: tuple[Message, Message]) -> None:
    Message.objects.filter(pk=pair[0].pk).update(status="cleared", transport="ghl")
    said = page(desk, pair[1])
    assert BUTTON not in said and "Sam Voss is being emailed first" in said


def test_viewer_sees_colleagues_without_buttons(
    client: Client, viewer: User, pair: tuple[Message, Message]
) -> None:
    client.force_login(viewer)
    assert BUTTON not in page(client, pair[0]) and "Dana Voss" in page(client, pair[0])
    assert choose(client, pair).status_code == 403
    assert Message.objects.get(pk=pair[0].pk).status == Status.HELD


def test_claimed_email_is_refused_with_who_has_it(
    desk: Client, pair: tuple[Message, Message]
) -> None:
    claims.take_for_review(pair[0], person("sam", "Reviewer"))
    assert BUTTON not in page(desk, pair[0])
    found = choose(desk, pair)
    assert found.status_code == 409
    assert "has this email until" in found.content.decode()
    assert Message.objects.get(pk=pair[1].pk).status == Status.BLOCKED


@pytest.mark.parametrize("wrong", [{"colleague": "nobody"}, {"version": ""}])
def test_incomplete_form_changes_nothing(
    desk: Client, pair: tuple[Message, Message], wrong: dict[str, str]
) -> None:
    found = choose(desk, pair, **wrong)
    assert found.status_code == 422 and "The form was incomplete." in found.content.decode()
    assert Message.objects.get(pk=pair[0].pk).status == Status.HELD


def test_unknown_colleague_is_not_found(desk: Client, pair: tuple[Message, Message]) -> None:
    found = choose(desk, pair, colleague="00000000-0000-0000-0000-000000000000")
    assert found.status_code == 404
    assert Message.objects.get(pk=pair[0].pk).status == Status.HELD


def test_only_a_post_chooses(desk: Client, pair: tuple[Message, Message]) -> None:
    found = desk.get(f"/sales/queue/{pair[0].public_id}/instead")
    assert found.status_code == 302
    assert Message.objects.get(pk=pair[0].pk).status == Status.HELD


def test_many_on_hold_are_cut(
    desk: Client, pair: tuple[Message, Message], django_assert_max_num_queries: Any
) -> None:
    page(desk, pair[0])
    with django_assert_max_num_queries(60) as few:
        page(desk, pair[0])
    company = pair[0].lead.company
    for n in range(7):
        lead = factories.LeadFactory(company=company, score=n, first_name="Max")
        drafts.write_draft(factories.draft_email(lead))
    with django_assert_max_num_queries(len(few)):
        said = page(desk, pair[0])
    assert said.count("instead</button>") == 5 and "More are on hold." in said
