"""The pages that merge two leads, keep them apart and undo a merge."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads.identity import merging
from leads.models import Company, Lead, Merge
from leads.suppression import suppression
from tests import factories

pytestmark = pytest.mark.django_db

WHY = "Same person: she told us so on the phone."


@pytest.fixture
def lena(client: Client, lead_user: User) -> Client:
    client.force_login(lead_user)
    return client


def pair(**other: Any) -> tuple[Lead, Lead]:
    one = factories.LeadFactory(first_name="Dana", last_name="Okafor", title="", linkedin_key=None)
    named = {
        "first_name": "Dana",
        "last_name": "Okafor",
        "title": "CEO",
        "no_address": True,
        "linkedin_key": None,
    }
    named |= other
    return one, factories.LeadFactory(company=one.company, **named)


def between(one: Lead, other: Lead) -> str:
    return f"/sales/leads/{one.public_id}/merge/{other.public_id}"


def mark(page: str) -> str:
    found = re.search(r'name="shown" value="(\w+)"', page)
    assert found
    return found[1]


def decide(
    client: Client, path: str, *, do: str = "merge", reason: str = WHY, shown: str = ""
) -> Any:
    shown = shown or mark(client.get(path).content.decode())
    return client.post(path, {"do": do, "reason": reason, "shown": shown})


def test_the_page_compares_both_and_changes_nothing(lena: Client) -> None:
    one, other = pair()
    page = lena.get(between(one, other)).content.decode()
    for there in (
        "They have the same name: Dana Okafor.",
        "CEO",
        "Only the other lead knew it.",
        "Merge into one lead",
    ):
        assert there in page
    assert "Keep apart" not in page  # nothing proposes it
    assert not Merge.objects.exists()


def test_a_merge_by_hand_keeps_user_and_reason(lena: Client, lead_user: User) -> None:
    one, other = pair()
    answer = decide(lena, between(other, one))
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/sales/leads/{one.public_id}",
    )
    row = Merge.objects.get()
    assert (row.merged_by, row.reason, row.source) == (lead_user, WHY, "person")
    page = lena.get(f"/sales/leads/{one.public_id}").content.decode()
    for there in ("is this person", WHY, "What became of each field", "Undo the merge…"):
        assert there in page
    moved = lena.get(f"/sales/leads/{other.public_id}")
    assert (moved.status_code, moved.headers["Location"]) == (302, f"/sales/leads/{one.public_id}")


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reason_is_required(lena: Client, reason: str) -> None:
    one, other = pair()
    answer = decide(lena, between(one, other), reason=reason)
    assert answer.status_code == 422
    assert "Say why, in a few words." in answer.content.decode()
    assert Lead.objects.count() == 2


def test_an_outdated_page_is_not_decided(lena: Client) -> None:
    one, other = pair()
    seen = mark(lena.get(between(one, other)).content.decode())
    Lead.objects.filter(pk=other.pk).update(title="CFO")
    answer = decide(lena, between(one, other), shown=seen)
    assert answer.status_code == 409
    assert merging.CHANGED_SINCE_PREVIEW in answer.content.decode()
    assert WHY in answer.content.decode()
    assert not Merge.objects.exists()


def test_an_impossible_merge_says_why_without_button(lena: Client) -> None:
    one, other = pair(example=True)
    page = lena.get(between(one, other)).content.decode()
    assert "A made-up person and a real one are never merged." in page
    assert "Merge into one lead" not in page
    answer = decide(lena, between(one, other), shown="x")
    assert (answer.status_code, Merge.objects.count()) == (409, 0)


def test_a_lead_cannot_merge_with_itself(lena: Client) -> None:
    one, _ = pair()
    assert "They are one lead already." in lena.get(between(one, one)).content.decode()
    assert decide(lena, between(one, one), shown="x").status_code == 409


class TestProposals:
    @pytest.fixture
    def proposed(self) -> tuple[Lead, Lead]:
        one, other = pair(first_name="Ben", linkedin_key="in/ben")
        assert merging.propose_merge(
            one, other, "clay", "Their names differ: Dana Okafor, Ben Okafor."
        )
        return one, other

    def test_proposals_are_compared_on_both_pages(
        self, lena: Client, proposed: tuple[Lead, Lead]
    ) -> None:
        for lead, other in (proposed, proposed[::-1]):
            page = lena.get(f"/sales/leads/{lead.public_id}").content.decode()
            assert f"May be the same person as {other}" in page
            assert "Their names differ: Dana Okafor, Ben Okafor." in page
            assert between(lead, other) in page

    def test_proposals_are_declined_with_a_reason(
        self, lena: Client, lead_user: User, proposed: tuple[Lead, Lead]
    ) -> None:
        assert decide(lena, between(*proposed), do="apart").status_code == 303
        row = Merge.objects.get()
        assert (row.state, row.ended_by, row.ended_reason) == ("declined", lead_user, WHY)
        assert Lead.objects.count() == 2
        again = decide(lena, between(*proposed), do="apart")
        assert again.status_code == 409
        assert "Nothing proposes" in again.content.decode()

    def test_proposals_are_accepted(self, lena: Client, proposed: tuple[Lead, Lead]) -> None:
        assert decide(lena, between(*proposed)).status_code == 303
        assert Merge.objects.get().state == "merged"


class TestUndo:
    @pytest.fixture
    def merged(self) -> Merge:
        one, other = pair()
        factories.VisitFactory(lead=other)
        row = merging.merge_leads(one, other, source="rb2b")
        factories.VisitFactory(lead=one)
        suppression.suppress(one.email or "", "unsubscribed", "link", one)
        return row

    def test_undo_is_explained_before(self, lena: Client, merged: Merge) -> None:
        page = " ".join(lena.get(f"/sales/merges/{merged.pk}/undo").content.decode().split())
        for there in (
            "Back to Dana Okafor (lead ",
            "): 1 visit.",
            "1 visit.",
            "hold for both",
            "CEO",
        ):
            assert there in page
        assert Merge.objects.get().state == "merged"

    def test_undo_separates_them_with_a_reason(
        self, lena: Client, lead_user: User, merged: Merge
    ) -> None:
        assert decide(lena, f"/sales/merges/{merged.pk}/undo").status_code == 303
        merged.refresh_from_db()
        assert (merged.state, merged.ended_by, merged.ended_reason) == ("undone", lead_user, WHY)
        assert Lead.objects.count() == 2

    def test_undo_of_changed_leads_is_refused(self, lena: Client, merged: Merge) -> None:
        path = f"/sales/merges/{merged.pk}/undo"
        seen = mark(lena.get(path).content.decode())
        Lead.objects.filter(pk=merged.survivor_id).update(title="Chair")
        assert decide(lena, path, shown=seen).status_code == 409
        assert Lead.objects.count() == 1

    def test_impossible_undo_says_why(self, lena: Client, merged: Merge) -> None:
        merging.merge_leads(merged.survivor, factories.LeadFactory(), source="person")
        page = lena.get(f"/sales/merges/{merged.pk}/undo").content.decode()
        assert "Another lead became part of this one since. Undo that merge first." in page
        answer = decide(lena, f"/sales/merges/{merged.pk}/undo", shown="x")
        assert (answer.status_code, Lead.objects.count()) == (409, 1)


@pytest.mark.parametrize("who", ["viewer", "reviewer"])
def test_other_roles_read_and_are_refused(
    client: Client, request: pytest.FixtureRequest, who: str
) -> None:
    client.force_login(request.getfixturevalue(who))
    one, other = pair()
    row = merging.merge_leads(*pair(), source="rb2b")
    for path in (between(one, other), f"/sales/merges/{row.pk}/undo"):
        page = client.get(path).content.decode()
        assert "A Lead" in page or "a Lead" in page
        assert "<textarea" not in page
        assert decide(client, path, shown="x").status_code == 403
    row.refresh_from_db()
    assert (row.state, Merge.objects.count()) == ("merged", 1)


def test_the_search_finds_by_name_company_and_address(lena: Client) -> None:
    one, other = pair()
    stranger = factories.LeadFactory(
        first_name="Quentin", last_name="Zed", linkedin_key="in/quentin-zed"
    )
    path = f"/sales/leads/{one.public_id}/merge"
    for words in (
        "quentin",
        stranger.company.name,
        stranger.email,
        "https://www.linkedin.com/in/Quentin-Zed/",
    ):
        page = lena.get(path, {"search": words}).content.decode()
        assert between(one, stranger) in page, words
        assert between(one, one) not in page
    assert between(one, other) not in lena.get(path, {"search": "quentin"}).content.decode()
    assert "Nobody else fits" in lena.get(path, {"search": "nobody-at-all"}).content.decode()


def test_companies_and_owners_are_named_without_ids(lena: Client) -> None:
    one, other = pair()
    elsewhere = Company.objects.create(
        name="Elsewhere Ltd", name_key="elsewhere", domain="elsewhere.test"
    )
    Lead.objects.filter(pk=other.pk).update(
        company=elsewhere, owner=factories.TeamMemberFactory(name="Olga Owner")
    )
    page = lena.get(between(one, other)).content.decode()
    assert "Elsewhere Ltd" in page
    assert "Olga Owner" in page
    assert "They are at different companies" in page
