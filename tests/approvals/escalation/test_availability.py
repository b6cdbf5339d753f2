"""Absences and delegates: who may set them, what is refused, and that nothing happened then."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.escalation import availability, ladder_rows
from approvals.escalation.availability import AvailabilityRefused
from approvals.models import Absence, Delegate
from leads.models import TeamMember
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
OWN, OF_MEMBER = "/sales/settings/me/available", "/sales/settings/escalation/away"
DAY = timedelta(days=1)


@pytest.fixture
def team(sender: TeamMember) -> list[TeamMember]:
    others = [factories.TeamMemberFactory(name=f"P{n}", notice_order=n) for n in range(2, 6)]
    return [sender, *others]


def days(first: int = 0, last: int = 1) -> tuple[date, date]:
    today = timezone.localdate()
    return today + first * DAY, today + last * DAY


def typed(when: Any) -> str:
    return timezone.localtime(when).strftime("%Y-%m-%dT%H:%M")


def on() -> list[tuple[str, str, bool]]:
    plan = ladder_rows.load_plan()
    found = availability.who_is_on(plan.people, timezone.now())
    return [
        (one.person.name, one.stand_in.name if one.stand_in else "", one.is_there) for one in found
    ]


def said(response: Any) -> str:
    return " ".join(response.content.decode().split())


# Oneself


def test_somebody_is_not_available_until_and_back_early(
    client: Client, reviewer: User, team: list[TeamMember]
) -> None:
    TeamMember.objects.filter(pk=team[1].pk).update(user=reviewer)
    client.force_login(reviewer)
    until = timezone.now() + 3 * DAY
    page = client.post(OWN, {"do": "away", "until": typed(until)}, follow=True)
    assert "P2 is not available until" in said(page)
    assert Absence.objects.get().by == reviewer
    assert on()[1] == ("P2", "", False)
    assert "I am available again" in said(page)
    client.post(OWN, {"do": "back"})
    assert on()[1] == ("P2", "", True)
    assert "P2 is available already" in said(client.post(OWN, {"do": "back"}, follow=True))


def test_a_new_time_takes_the_place_of_the_old_one(team: list[TeamMember]) -> None:
    availability.set_absence(team[0], timezone.now() + 5 * DAY, None)
    availability.set_absence(team[0], timezone.now() + DAY, None)
    until = availability.away_until(team[0])
    assert until and until < timezone.now() + 2 * DAY


def test_somebody_names_a_delegate_and_ends_it(
    client: Client, reviewer: User, team: list[TeamMember]
) -> None:
    TeamMember.objects.filter(pk=team[1].pk).update(user=reviewer)
    client.force_login(reviewer)
    first, last = days()
    form = {"do": "delegate", "delegate": team[2].pk, "first_day": first, "last_day": last}
    assert "P3 stands in for P2" in said(client.post(OWN, form, follow=True))
    assert on()[1] == ("P2", "P3", False)
    row = Delegate.objects.get()
    client.post(OWN, {"do": "end", "delegate": row.pk})
    assert on()[1] == ("P2", "", True)
    again = client.post(OWN, {"do": "end", "delegate": row.pk}, follow=True)
    assert "stands in no more" in said(again)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"do": "away", "until": ""}, "Not available until: choose a day"),
        ({"do": "away", "until": "soon"}, "Not available until: choose a day"),
        ({"do": "away", "until": "2020-01-01T10:00"}, "Choose a time that is still to come"),
        ({"do": "away", "until": "2099-01-01T10:00"}, "at most 366 days ahead"),
        ({"do": "delegate"}, "Who stands in: choose somebody"),
        ({"do": "delegate", "delegate": "x"}, "Who stands in: this person is not on the team"),
        ({"do": "end", "delegate": "999"}, "stands in no more"),
        ({"do": "fly"}, "Choose what to do"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(
    client: Client, reviewer: User, sender: TeamMember, form: dict[str, str], words: str
) -> None:
    TeamMember.objects.filter(pk=sender.pk).update(user=reviewer)
    client.force_login(reviewer)
    assert words in said(client.post(OWN, form, follow=True))
    assert not Absence.objects.exists() and not Delegate.objects.exists()


def test_who_is_not_on_the_team_is_told_so(client: Client, reviewer: User) -> None:
    client.force_login(reviewer)
    until = typed(timezone.now() + DAY)
    page = client.post(OWN, {"do": "away", "until": until}, follow=True)
    assert "You are not on the team list" in said(page)
    assert not Absence.objects.exists()


# A Lead, for anybody


def test_a_lead_sets_it_for_anybody(
    client: Client, lead_user: User, team: list[TeamMember]
) -> None:
    client.force_login(lead_user)
    until = typed(timezone.now() + DAY)
    client.post(OF_MEMBER, {"member": team[0].pk, "do": "away", "until": until})
    assert Absence.objects.get().member == team[0]
    assert Absence.objects.get().by == lead_user


def test_a_reviewer_sets_it_for_nobody_else(
    client: Client, reviewer: User, team: list[TeamMember]
) -> None:
    client.force_login(reviewer)
    until = typed(timezone.now() + DAY)
    response = client.post(OF_MEMBER, {"member": team[0].pk, "do": "away", "until": until})
    assert response.status_code == 403
    assert not Absence.objects.exists()


@pytest.mark.parametrize("member", ["", "x", "999999", "9" * 30])
def test_a_member_that_is_not_there_is_refused(
    client: Client, lead_user: User, member: str
) -> None:
    client.force_login(lead_user)
    response = client.post(OF_MEMBER, {"member": member, "do": "back"})
    assert response.status_code == 422 and "is not on the team any more" in said(response)


def test_a_refusal_names_the_person(
    client: Client, lead_user: User, team: list[TeamMember]
) -> None:
    client.force_login(lead_user)
    form = {"member": team[0].pk, "do": "away", "until": "2020-01-01T10:00"}
    response = client.post(OF_MEMBER, form)
    assert response.status_code == 422
    assert "Nothing was changed for Alex Moreno." in said(response)


# Delegates


@pytest.mark.parametrize(
    ("pair", "span", "field"),
    [((0, 0), (0, 1), "delegate"), ((0, 1), (2, 1), "last_day"), ((0, 1), (-3, -1), "last_day"),
     ((0, 1), (0, 400), "last_day")],
)  # fmt: skip
def test_an_impossible_delegate_is_refused(
    team: list[TeamMember], pair: tuple[int, int], span: tuple[int, int], field: str
) -> None:
    with pytest.raises(AvailabilityRefused) as refused:
        availability.set_delegate(team[pair[0]], team[pair[1]], days(*span), None)
    assert refused.value.field == field
    assert not Delegate.objects.exists()


def test_a_circle_is_refused_on_the_days_that_overlap(team: list[TeamMember]) -> None:
    alex, sam, kim = team[:3]
    availability.set_delegate(alex, sam, days(0, 3), None)
    availability.set_delegate(sam, kim, days(2, 6), None)
    with pytest.raises(AvailabilityRefused, match="circle"):
        availability.set_delegate(kim, alex, days(3, 8), None)
    assert Delegate.objects.count() == 2
    availability.set_delegate(kim, alex, days(4, 8), None)


def test_a_chain_of_four_delegates_is_refused_wherever_it_is_closed(team: list[TeamMember]) -> None:
    for one, after in ((0, 1), (1, 2), (3, 4)):
        availability.set_delegate(team[one], team[after], days(), None)
    with pytest.raises(AvailabilityRefused, match="More than three"):
        availability.set_delegate(team[2], team[3], days(), None)
    assert Delegate.objects.count() == 3
