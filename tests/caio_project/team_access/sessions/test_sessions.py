"""Where people are signed in: listed, ended one by one or together, refused at the next request."""

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, User
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.test import Client

from caio_project.lib.models import AccessEvent

pytestmark = pytest.mark.django_db
PAGE = "/sales/settings/sessions"
PASSWORD = "a-long-password"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"


def signed_in(name: str, agent: str = CHROME, address: str = "203.0.113.77") -> Client:
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    assert is_alive(client)
    return client


def is_alive(client: Client) -> bool:
    return client.get("/sales").status_code == 200


def ended() -> list[str]:
    return list(
        AccessEvent.objects.filter(kind="session_ended")
        .order_by("pk")
        .values_list("about", flat=True)
    )


def row_of(client: Client) -> UserSession:
    return UserSession.objects.get(session_key=client.session.session_key)


class TestList:
    def test_each_session_is_named_without_its_whole_address(self, viewer: User) -> None:
        here, there = signed_in("vera"), signed_in("vera", PHONE, "2001:db8:0:7::1")
        page = here.get(PAGE).content.decode()
        assert "Chrome on Windows" in page and "203.0.113.x" in page and "203.0.113.77" not in page
        assert "Safari on iPhone" in page and "2001:db8:0:…" in page
        assert page.count("This one") == 1
        assert '<button aria-label="Sign out there: Safari on iPhone, 2001:db8:0:…">' in page
        assert here.session.session_key not in page and there.session.session_key not in page

    def test_others_are_not_shown_but_counted_for_a_lead(
        self, viewer: User, lead_user: User
    ) -> None:
        vera, lena = signed_in("vera", PHONE), signed_in("lena")
        assert "Chrome" not in vera.get(PAGE).content.decode()
        page = lena.get(PAGE).content.decode()
        assert "vera" in page and "1 session" in page and "iPhone" not in page

    def test_last_seen_is_written_once_in_some_minutes(
        self, viewer: User, time_machine: Any
    ) -> None:
        client = signed_in("vera")
        before = row_of(client).last_seen_at
        client.get("/sales")
        assert row_of(client).last_seen_at == before
        caches["process"].clear()
        client.get("/sales")
        assert row_of(client).last_seen_at > before

    def test_a_dead_session_is_not_listed_and_goes_with_the_next_sign_in(
        self, viewer: User
    ) -> None:
        first, second = signed_in("vera", PHONE), signed_in("vera")
        Session.objects.filter(session_key=first.session.session_key).delete()
        assert "iPhone" not in second.get(PAGE).content.decode()
        signed_in("vera")
        assert UserSession.objects.count() == 2


class TestEnding:
    def test_one_of_ones_own(self, viewer: User) -> None:
        here, there = signed_in("vera"), signed_in("vera", PHONE)
        here.post(f"{PAGE}/{row_of(there).pk}/end")
        assert not is_alive(there) and is_alive(here)
        assert ended() == ["Safari on iPhone, 203.0.113.x: by themselves"]
        assert not UserSession.objects.filter(user_agent=PHONE).exists()

    def test_all_others(self, viewer: User, reviewer: User) -> None:
        here, there, third = signed_in("vera"), signed_in("vera"), signed_in("vera")
        strange = signed_in("rita")
        here.post(f"{PAGE}/end-others")
        assert [is_alive(one) for one in (here, there, third, strange)] == [
            True,
            False,
            False,
            True,
        ]
        assert len(ended()) == 2

    def test_this_one_is_left_to_signing_out(self, viewer: User) -> None:
        here = signed_in("vera")
        here.post(f"{PAGE}/{row_of(here).pk}/end")
        assert is_alive(here) and ended() == []

    def test_not_that_of_somebody_else(self, viewer: User, reviewer: User) -> None:
        mine, theirs = signed_in("vera"), signed_in("rita")
        assert mine.post(f"{PAGE}/{row_of(theirs).pk}/end").status_code == 404
        assert mine.post(f"{PAGE}/people/{reviewer.pk}/end").status_code == 403
        assert is_alive(theirs) and ended() == []

    def test_a_lead_ends_all_of_somebody_and_both_are_named(
        self, viewer: User, lead_user: User
    ) -> None:
        boss, one, two = signed_in("lena"), signed_in("vera"), signed_in("vera", PHONE)
        boss.post(f"{PAGE}/people/{viewer.pk}/end")
        assert [is_alive(who) for who in (boss, one, two)] == [True, False, False]
        event = AccessEvent.objects.filter(kind="session_ended").latest("pk")
        assert (event.user, event.by) == (viewer, lead_user)

    def test_an_ended_one_is_not_revived_by_a_request_under_way(self, viewer: User) -> None:
        here, there = signed_in("vera"), signed_in("vera")
        under_way = there.session
        assert under_way["_auth_user_id"]
        here.post(f"{PAGE}/end-others")
        under_way["basket"] = "x"
        with pytest.raises(UpdateError):
            under_way.save()
        assert not is_alive(there)


class TestChangesOfAnAccount:
    def test_a_new_password_ends_all_but_where_it_was_changed(self, viewer: User) -> None:
        here, there = signed_in("vera"), signed_in("vera", PHONE)
        new = "another-long-one"
        body = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        here.post("/accounts/password/change/", body)
        assert is_alive(here) and not is_alive(there)
        assert ended() == ["Safari on iPhone, 203.0.113.x: password changed"]

    def test_a_deactivated_account_does_not_come_back_signed_in(self, viewer: User) -> None:
        client = signed_in("vera")
        viewer.is_active = False
        viewer.save()
        viewer.is_active = True
        viewer.save()
        assert not is_alive(client)
        assert ended() == ["Chrome on Windows, 203.0.113.x: deactivated"]

    @pytest.mark.parametrize("way", ["of the user", "of the group", "all", "set"])
    def test_a_role_taken_away_ends_what_is_open(self, viewer: User, way: str) -> None:
        client, group = signed_in("vera"), Group.objects.get(name="Viewer")
        if way == "of the user":
            viewer.groups.remove(group)
        elif way == "of the group":
            group.user_set.remove(viewer)
        elif way == "all":
            viewer.groups.clear()
        else:
            viewer.groups.set([Group.objects.get(name="Reviewer")])
        assert client.get("/sales").status_code == 302
        assert ended() == ["Chrome on Windows, 203.0.113.x: role taken away"]

    def test_a_role_given_or_a_name_changed_ends_nothing(self, viewer: User) -> None:
        client = signed_in("vera")
        viewer.groups.add(Group.objects.get(name="Reviewer"))
        viewer.first_name = "Vera"
        viewer.save()
        assert is_alive(client) and ended() == []
