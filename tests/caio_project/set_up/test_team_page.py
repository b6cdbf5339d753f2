"""The team on a page: one default sender, who may change it, and what is refused."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from caio_project.set_up import team_page
from leads.models import TeamMember
from leads.scoring import assess
from tests.caio_project.set_up.test_set_up_page import state_of, text_of
from tests.conftest import person
from tests.factories import TeamMemberFactory

pytestmark = pytest.mark.django_db
TEAM = "/sales/settings/team"
ALEX = {
    "name": " Alex  Moreno ", "title": "Partner", "email": "alex@ours.example.com",
    "booking_url": "https://cal.example.com/alex", "active": "on", "default": "on",
}  # fmt: skip


def typed(member: TeamMember, **changed: str) -> dict[str, str]:
    names = ("name", "title", "email", "booking_url")
    before = {name: getattr(member, name) for name in names}
    flags = {"active": "on"} | ({"default": "on"} if member.is_default_sender else {})
    return {name: one for name, one in {**before, **flags, **changed}.items() if one}


def change(page: Client, member: TeamMember, **changed: str) -> Any:
    return page.post(f"{TEAM}/{member.pk}", typed(member, **changed), follow=True)


def test_a_sender_and_booking_link_without_the_admin(page: Client, lead_user: User) -> None:
    assert "a default sender" in [one.what for one in state_of("team").missing]
    shown = text_of(page.post(TEAM, ALEX, follow=True))

    assert "Alex Moreno is in the team." in shown and "Default sender" in shown
    member = TeamMember.objects.get()
    assert (member.name, member.booking_url, member.is_default_sender) == (
        "Alex Moreno", "https://cal.example.com/alex", True,
    )  # fmt: skip
    assert [one.what for one in state_of("team").missing] == ["past employers"]
    change(page, member, booking_url="https://cal.example.com/other")
    member.refresh_from_db()
    assert member.booking_url == "https://cal.example.com/other"
    rows = LogEntry.objects.order_by("pk").values_list("user__username", "change_message")
    assert list(rows) == [("lena", ""), ("lena", "On the team's page: booking_url.")]


def test_the_default_moves_and_is_never_nobody(page: Client) -> None:
    alex = TeamMemberFactory(name="Alex", is_default_sender=True)
    bea = TeamMemberFactory(name="Bea")
    for away in ({"default": ""}, {"active": ""}, {"active": "", "default": ""}):
        assert "Make another person the default sender first" in text_of(change(page, alex, **away))
    alex.refresh_from_db()
    assert alex.is_default_sender and alex.active

    change(page, bea, default="on")
    assert [one.name for one in TeamMember.objects.filter(is_default_sender=True)] == ["Bea"]
    assert "cannot be the default" in text_of(change(page, alex, active="", default="on"))
    change(page, alex, active="", default="")
    alex.refresh_from_db()
    assert not alex.active


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"name": ""}, "Type the name as it stands in the signature."),
        ({"name": "bea  BEA"}, "“bea BEA” is in the team already."),
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"booking_url": "cal.example.com"}, "Type the whole address, with https://."),
        ({"booking_url": "javascript:alert(1)"}, "Type the whole address, with https://."),
        ({"ghl_user_id": "ghl-bea"}, "Bea Bea has this GoHighLevel user id already."),
        ({"slack_user_id": "bea"}, "is no Slack user id"),
        ({"slack_user_id": "U012AB3CD"}, "Choose their login above first"),
        ({"user": "987654"}, "That choice is not one of the available choices."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    page: Client, changed: dict[str, str], says: str
) -> None:
    TeamMemberFactory(name="Bea Bea", ghl_user_id="ghl-bea")
    alex = TeamMemberFactory(name="Alex")
    before = list(TeamMember.objects.values())
    for path in (TEAM, f"{TEAM}/{alex.pk}"):
        answer = page.post(path, {**ALEX, **changed})
        assert answer.status_code == 422 and says in text_of(answer).replace("&quot;", '"')
    assert list(TeamMember.objects.values()) == before and not LogEntry.objects.exists()


def test_a_login_belongs_to_one_member(page: Client, lead_user: User) -> None:
    rita = person("rita", "Reviewer")
    TeamMemberFactory(name="Rita", user=rita)
    gone = User.objects.create_user("gone", is_active=False)
    for user in (rita, gone):
        assert page.post(TEAM, {**ALEX, "user": user.pk}).status_code == 422
    assert TeamMember.objects.count() == 1
    page.post(TEAM, {**ALEX, "user": lead_user.pk, "slack_user_id": "u012ab3cd"})
    found = TeamMember.objects.get(user=lead_user)
    assert found.slack_user_id == "U012AB3CD"


def test_leads_are_scored_anew_when_somebody_leaves(
    page: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    marked: list[int] = []
    monkeypatch.setattr(assess, "mark_recently_seen", lambda: marked.append(1))
    bea = TeamMemberFactory(name="Bea")
    with django_capture_on_commit_callbacks(execute=True):
        change(page, bea, title="Partner")
        assert marked == []
        change(page, bea, active="")
    assert marked == [1]


def test_two_leads_at_one_moment_are_told(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    TeamMemberFactory(name="Alex", is_default_sender=True)
    bea = TeamMemberFactory(name="Bea")
    nobody = TeamMember.objects.none()  # as the one who looks before the other has committed
    monkeypatch.setattr(team_page, "_default_senders", lambda: nobody)
    for path, sent in ((TEAM, ALEX | {"name": "Cleo"}), (f"{TEAM}/{bea.pk}", typed(bea))):
        answer = page.post(path, sent | {"default": "on"})
        assert answer.status_code == 409 and "Somebody else changed the team" in answer.text
    assert [one.name for one in TeamMember.objects.filter(is_default_sender=True)] == ["Alex"]
    assert TeamMember.objects.count() == 2 and not LogEntry.objects.exists()


def test_nothing_different_is_no_change(page: Client) -> None:
    bea = TeamMemberFactory(name="Bea")
    assert "Nothing was different" in text_of(change(page, bea))
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("role", ["Viewer", "Reviewer"])
def test_others_see_the_team_and_change_nothing(client: Client, role: str) -> None:
    bea = TeamMemberFactory(name="Bea")
    client.force_login(person("pat", role))
    shown = client.get(TEAM)
    assert "Bea" in shown.text and "Add somebody" not in shown.text
    before = list(TeamMember.objects.values())
    assert client.get(f"{TEAM}/{bea.pk}").status_code == 403
    assert client.post(TEAM, ALEX).status_code == 403
    assert client.post(f"{TEAM}/{bea.pk}", ALEX).status_code == 403
    assert list(TeamMember.objects.values()) == before
