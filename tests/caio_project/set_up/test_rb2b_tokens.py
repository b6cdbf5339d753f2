"""RB2B's tokens by the page: shown once, two at once, and known while the database is away."""

import logging
import re
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client

from caio_project.lib.models import Rb2bToken, SetUpChange
from caio_project.lib.vendor_access import access, rb2b_tokens
from caio_project.set_up import made_tokens
from leads.models import InboundEvent
from tests.caio_project.set_up.conftest import PATH, Act
from tests.caio_project.set_up.test_set_up_page import state_of, text_of

pytestmark = pytest.mark.django_db
BODY = '{"LinkedIn URL": "https://www.linkedin.com/in/a", "First Name": "%s"}'


@pytest.fixture(autouse=True)
def nothing_noted(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(rb2b_tokens, "_noted", {})
    settings.RB2B_WEBHOOK_TOKENS = []


def made(page: Client) -> str:
    text = text_of(page.post(PATH, {"act": "make_token"}))
    [token] = re.findall(r"webhooks/rb2b\?token=([\w-]{32})\"", text)
    return token


def post(token: str, name: str = "A") -> int:
    answer = Client().post(
        f"/webhooks/rb2b?token={token}", BODY % name, content_type="application/json"
    )
    return answer.status_code


def away(execute: Any, sql: str, *rest: Any) -> Any:
    raise OperationalError("the database is away")


def test_a_made_token_is_shown_once_and_takes_visitors(
    page: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert state_of("rb2b").missing[0].what == "a token"
    token = made(page)

    assert post(token) == 200 and post(f"{token}x") == 401
    assert InboundEvent.objects.count() == 1
    assert "a token" not in [one.what for one in state_of("rb2b").missing]
    shown = text_of(page.get(PATH))
    assert token not in shown and f"Begins with {token[:4]}…" in shown
    assert "Last used" in shown
    rows = [*Rb2bToken.objects.values(), *SetUpChange.objects.values()]
    assert token not in str(rows) and token not in caplog.text


def test_two_are_live_while_rb2b_is_given_the_new_one(page: Client, act: Act) -> None:
    old, new = made(page), made(page)
    assert post(old) == post(new) == 200

    refused = text_of(page.post(PATH, {"act": "make_token"}, follow=True))
    assert f"{made_tokens.TOO_MANY} Nothing was changed." in refused
    assert Rb2bToken.objects.count() == 2

    first = Rb2bToken.objects.order_by("pk")[0]
    assert "Revoked" in text_of(act("revoke_token", str(first.pk)))
    assert (post(old, "B"), post(new, "C")) == (401, 200)
    assert "There is no such token. Nothing was changed." in text_of(
        act("revoke_token", str(first.pk))
    )
    assert post(made(page), "D") == 200


def test_who_made_and_revoked_one_is_recorded(page: Client, act: Act) -> None:
    token = made(page)
    act("revoke_token", str(Rb2bToken.objects.get().pk))
    rows = SetUpChange.objects.values_list("what", "about", "by__username")
    about = f"RB2B token {token[:4]}…"
    assert list(rows) == [("removed", about, "lena"), ("entered", about, "lena")]


@pytest.mark.parametrize("pk", ["", "x", "-1", "9" * 30, "987654"])
def test_no_other_token_is_revoked(page: Client, act: Act, pk: str) -> None:
    token = made(page)
    assert "There is no such token." in text_of(act("revoke_token", pk))
    assert post(token) == 200 and SetUpChange.objects.count() == 1


@pytest.mark.parametrize("act_name", ["make_token", "revoke_token"])
def test_a_reviewer_makes_and_revokes_none(
    client: Client, reviewer: User, lead_user: User, act_name: str
) -> None:
    made_tokens.make_token(lead_user)
    client.force_login(reviewer)
    row = Rb2bToken.objects.get()

    assert client.post(PATH, {"act": act_name, "about": row.pk}).status_code == 403
    assert Rb2bToken.objects.filter(revoked_at=None).count() == SetUpChange.objects.count() == 1
    shown = client.get(PATH).content.decode()
    assert "Begins with" not in shown and "make_token" not in shown


def test_those_of_the_environment_hold_beside_them(page: Client, settings: Any) -> None:
    token = made(page)
    settings.RB2B_WEBHOOK_TOKENS = ["of-the-environment-0123"]
    assert post("of-the-environment-0123") == post(token, "B") == 200
    health = Client().get("/webhooks/rb2b/health").json()
    assert (health["status"], health["tokens"]) == ("healthy", 2)
    shown = text_of(page.get(PATH))
    assert "From the environment: 1." in shown and token not in shown


def test_health_without_any_token(settings: Any) -> None:
    assert Client().get("/webhooks/rb2b/health").json()["status"] == "unconfigured"


def test_a_token_of_the_environment_asks_no_database(
    settings: Any, django_assert_num_queries: Any
) -> None:
    settings.RB2B_WEBHOOK_TOKENS = ["of-the-environment-0123"]
    with django_assert_num_queries(0):
        assert rb2b_tokens.is_right_token("of-the-environment-0123")


def test_use_is_noted_once_a_minute(page: Client) -> None:
    token = made(page)
    assert Rb2bToken.objects.get().last_used_at is None
    post(token)
    first = Rb2bToken.objects.get().last_used_at
    post(token, "B")
    assert first and Rb2bToken.objects.get().last_used_at == first


def test_another_process_knows_within_seconds(page: Client) -> None:
    assert post("made-by-another-process") == 401
    mark = rb2b_tokens.hash_token("made-by-another-process")
    row = Rb2bToken.objects.create(sha256=mark, slot=1, prefix="made", made_by_name="lena")
    time.sleep(access.FRESH_SECONDS)
    assert post("made-by-another-process") == 200
    row.delete()
    time.sleep(access.FRESH_SECONDS)
    assert post("made-by-another-process") == 401


# While the database is away


def test_a_note_of_a_use_that_fails_refuses_nobody(page: Client) -> None:
    token = made(page)
    post(token)
    rb2b_tokens._noted.clear()
    with connection.execute_wrapper(away):
        rb2b_tokens.note_use(token)
    assert post(token, "B") == 200


@pytest.mark.parametrize("knows", ["what it read", "the copy"])
def test_a_visitor_is_kept_with_a_made_token(page: Client, knows: str) -> None:
    token = made(page)
    if knows == "the copy":
        access.forget_rows()  # as a process that has just started
    with connection.execute_wrapper(away):
        assert post(token) == 200
        assert post("another-0123456789-0123456789") == 401


def test_a_revoked_token_is_refused_then_too(page: Client, act: Act) -> None:
    token = made(page)
    act("revoke_token", str(Rb2bToken.objects.get().pk))
    access.forget_rows()
    with connection.execute_wrapper(away):
        assert post(token) == 401


def test_where_nobody_can_say_it_is_no_refusal(page: Client, settings: Any, tmp_path: Any) -> None:
    token = made(page)
    access.forget_rows()
    settings.SPOOL_DIR = tmp_path / "empty"
    with connection.execute_wrapper(away):
        assert post(token) == 503
    assert post(token) == 200


def test_the_copy_is_for_its_owner_alone(page: Client, settings: Any) -> None:
    token = made(page)
    path = settings.SPOOL_DIR / rb2b_tokens.COPY
    assert token not in path.read_text() and path.stat().st_mode & 0o777 == 0o600
