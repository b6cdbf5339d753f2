"""Slack's webhook: proved by its signature, stored once, answered in time, worked off by row."""

import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from approvals.integrations import slack_signature
from approvals.models import Decision, SlackClick
from approvals.slack_decisions import click_payloads, clicks
from approvals.slack_decisions.click_payloads import MalformedPayload
from outreach.models import Message
from tests import factories
from tests.approvals.slack_decisions.conftest import FORM, PATH, SECRET, send, work_off
from tests.fakes import slack as slack_module
from tests.fakes.slack import FakeSlack

pytestmark = pytest.mark.django_db
EMAIL = "11111111-1111-4111-8111-111111111111.1"
ABOUT = json.dumps({"email": EMAIL})


@pytest.fixture
def body(rita: Any) -> str:
    """A press of Approve on an email that waits."""
    message = factories.held_email()
    return slack_module.block_actions(
        "approve", f"{message.public_id}.{message.version}", user="U0RITA"
    )


def nothing_happened() -> bool:
    work_off()
    is_held = set(Message.objects.values_list("status", flat=True)) <= {"held"}
    return not SlackClick.objects.exists() and not Decision.objects.exists() and is_held


def post(client: Client, body: str | bytes, headers: dict[str, str]) -> Any:
    kept = {name: value for name, value in headers.items() if name != "Content-Type"}
    return client.post(PATH, body, content_type=FORM, headers=kept)


def signed(body: str, secret: str = SECRET, moved: int = 0) -> dict[str, str]:
    return slack_module.signed_headers(body, secret, int(timezone.now().timestamp()) + moved)


class TestSignature:
    def test_by_slacks_own_example(self) -> None:
        secret = "8f742231b10e8888abcd99yyyzzz85a5"
        body = (
            b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&"
            b"channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&"
            b"command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2F"
            b"commands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id="
            b"398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
        )
        headers = {
            "X-Slack-Request-Timestamp": "1531420618",
            "X-Slack-Signature": (
                "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
            ),
        }
        assert slack_signature.find_fault(body, headers, [secret], 1531420618) is None
        assert slack_signature.find_fault(body + b" ", headers, [secret], 1531420618)

    def test_a_genuine_one_is_stored_and_not_yet_decided(self, client: Client, body: str) -> None:
        response = post(client, body, signed(body))
        assert (response.status_code, response.content) == (200, b"")
        click = SlackClick.objects.get()
        assert (click.what, click.slack_user_id, click.version) == ("approve", "U0RITA", 1)
        assert (click.outcome, Decision.objects.count()) == ("", 0)

    def test_the_next_secret_is_taken_while_one_is_rotated(
        self, client: Client, body: str, settings: Any
    ) -> None:
        settings.SLACK_SIGNING_SECRET = f"the-next-secret-0123456789, {SECRET}"
        assert post(client, body, signed(body)).status_code == 200

    @pytest.mark.parametrize("moved", [-301, 301, -86_400, 10**9])
    def test_one_outside_five_minutes_is_refused(
        self, client: Client, body: str, moved: int, clock: Any
    ) -> None:
        response = post(client, body, signed(body, moved=moved))
        assert response.status_code == 401
        assert response.json()["detail"] == (
            "X-Slack-Request-Timestamp: it is more than 5 minutes from now."
        )
        assert nothing_happened()

    def test_a_replay_after_five_minutes_is_refused(
        self, client: Client, body: str, clock: Any
    ) -> None:
        headers = signed(body)
        clock.shift(timedelta(seconds=302))
        assert post(client, body, headers).status_code == 401
        assert nothing_happened()

    @pytest.mark.parametrize(
        ("headers", "detail"),
        [
            ({"X-Slack-Signature": ""}, "X-Slack-Signature: it is missing."),
            ({"X-Slack-Request-Timestamp": ""}, "X-Slack-Request-Timestamp: it is missing."),
            ({"X-Slack-Request-Timestamp": "now"}, "it is not a number of seconds."),
            ({"X-Slack-Request-Timestamp": "-1"}, "it is not a number of seconds."),
            ({"X-Slack-Request-Timestamp": "9" * 400}, "it is not a number of seconds."),
            ({"X-Slack-Request-Timestamp": "١٢٣"}, "it is not a number of seconds."),
            ({"X-Slack-Signature": "v0=" + "0" * 64}, "it is not Slack's for this body."),
            ({"X-Slack-Signature": "v0=é"}, "it is not Slack's for this body."),
        ],
    )
    def test_a_wrong_header_is_named(
        self, client: Client, body: str, headers: dict[str, str], detail: str
    ) -> None:
        response = post(client, body, signed(body) | headers)
        assert response.status_code == 401 and detail in response.json()["detail"]
        assert nothing_happened()

    def test_another_body_or_secret_is_refused(self, client: Client, body: str) -> None:
        assert post(client, body + "&x=1", signed(body)).status_code == 401
        forged = signed(body, secret="another-secret-0123456789")
        assert post(client, body, forged).status_code == 401
        assert nothing_happened()

    def test_an_empty_secret_signs_nothing(self, client: Client, body: str, settings: Any) -> None:
        settings.SLACK_SIGNING_SECRET = " , "
        empty = hmac.new(b"", b"", hashlib.sha256).hexdigest()
        headers = signed(body) | {"X-Slack-Signature": f"v0={empty}"}
        response = post(client, body, headers)
        assert response.status_code == 503
        assert "SLACK_SIGNING_SECRET is not set" in response.json()["detail"]
        assert nothing_happened()

    def test_only_a_post_is_taken(self, client: Client) -> None:
        assert client.get(PATH).status_code == 405


class TestBodies:
    def test_a_larger_body_is_refused_before_it_is_read_and_after(
        self, client: Client, body: str
    ) -> None:
        large = body + "&x=" + "y" * (256 * 1024)
        response = post(client, large, signed(large))
        assert response.status_code == 413
        undeclared = client.post(
            PATH, large, content_type=FORM, headers=signed(large), CONTENT_LENGTH=""
        )
        assert undeclared.status_code in (401, 413)
        assert nothing_happened()

    @pytest.mark.parametrize(
        ("body", "detail"),
        [
            (b"", "payload: it is there 0 times"),
            (b"\xff\xfe=1", "body: it is not a form"),
            (b"%", "body: it is not a form"),
            (b"x=1", "payload: it is there 0 times"),
            (b"payload=1&payload=2", "payload: it is there 2 times"),
            (b"payload=%7B", "payload: it is not JSON."),
            (b"payload=" + b"[" * 50_000, "payload: it is not JSON."),
            (b"payload=[]", "payload: it is not a JSON object."),
            (b"payload={}", "type: it is missing"),
            (slack_module.form({"type": 7}), "type: it is not a text"),
            (slack_module.form({"type": "block_actions"}), "actions: there is no action"),
            (slack_module.form({"type": "block_actions", "actions": [7]}), "actions: there"),
            (slack_module.block_actions("approve", EMAIL, user=""), "user.id: it is missing"),
            (slack_module.block_actions("approve", ""), "actions[0].value: it is missing"),
            (slack_module.block_actions("approve", "4711:v3"), "names no version"),
            (slack_module.block_actions("approve", "4711.3"), "names no email"),
            (slack_module.block_actions("approve", f"{EMAIL[:-1]}x"), "names no version"),
            (slack_module.block_actions("approve", f"{EMAIL}99999999999"), "names no version"),
            (slack_module.block_actions("approve", EMAIL, user="U" * 41), "at most 40"),
            (
                slack_module.block_actions("approve", EMAIL, response_url="x" * 501),
                "response_url: it is not a text of at most 500",
            ),
            (slack_module.form({"type": "view_submission"}), "view: it is missing"),
            (
                slack_module.view_submission(callback_id="reject_email", private_metadata="{"),
                "view.private_metadata: it is not JSON.",
            ),
            (
                slack_module.view_submission(callback_id="reject_email", private_metadata=ABOUT),
                "view.state.values.tag: it is missing.",
            ),
        ],
    )
    def test_a_malformed_one_is_refused_by_name(
        self, client: Client, body: str | bytes, detail: str
    ) -> None:
        response = send(client, body)
        assert response.status_code == 400
        assert detail in response.json()["detail"]
        assert nothing_happened()

    @pytest.mark.parametrize(
        "body",
        [
            slack_module.block_actions("open", EMAIL),
            slack_module.block_actions("of_another_app", "x"),
            slack_module.view_submission(callback_id="of_another_app"),
            slack_module.form({"type": "view_closed"}),
            slack_module.form({"type": "shortcut"}),
        ],
    )
    def test_what_means_nothing_here_is_acknowledged(self, client: Client, body: str) -> None:
        response = send(client, body)
        assert (response.status_code, response.content) == (200, b"")
        assert nothing_happened()

    def test_a_text_that_postgresql_cannot_store_is_cleaned(self) -> None:
        body = slack_module.block_actions("approve", EMAIL, user="U\x00\ud800A")
        pressed = click_payloads.read_body(body.encode())
        assert isinstance(pressed, click_payloads.Pressed) and pressed.user == "U?A"

    def test_a_reason_that_is_too_long_is_refused(self) -> None:
        values = {"tag": {"tag": {"selected_option": None}}, "reason": {"reason": "x" * 3001}}
        body = slack_module.view_submission(
            values, callback_id="reject_email", private_metadata=ABOUT
        )
        with pytest.raises(MalformedPayload, match="reason: it is not a text of at most 3000"):
            click_payloads.read_body(body.encode())

    def test_the_key_tells_presses_apart_and_repeats_together(self) -> None:
        one = slack_module.block_actions("approve", EMAIL)
        again, other = one, slack_module.block_actions("approve", EMAIL)
        keys = [click_payloads.read_body(body.encode()).key for body in (one, again, other)]  # type: ignore[union-attr]
        assert keys[0] == keys[1] != keys[2]


def test_while_the_database_is_away_slack_is_told_so(
    client: Client, body: str, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(clicks, "take_pressed", away)
    response = post(client, body, signed(body))
    assert response.status_code == 503
    assert response.json()["detail"] == "The database is away. Nothing was decided; press again."
    assert "the database cannot store a click of Slack: OperationalError" in caplog.text


def test_an_acknowledgement_takes_a_part_of_slacks_three_seconds(client: Client, body: str) -> None:
    taken = []
    for _ in range(5):  # the best of them: a busy machine is no fault of the code
        began = time.monotonic()
        assert post(client, body, signed(body)).status_code == 200
        taken.append(time.monotonic() - began)
    assert min(taken) < 0.5


@pytest.mark.django_db(transaction=True)
def test_a_real_server_takes_what_slack_delivers_and_its_retries(
    committed: None, live_server: Any, slack: FakeSlack, clock: Any
) -> None:
    message = factories.held_email(factories.LeadFactory())
    body = slack_module.block_actions("approve", f"{message.public_id}.1", user="U0RITA")
    answer = slack.deliver(live_server.url + PATH, body, SECRET, retries=2)
    assert (answer["status"], answer["response"]) == (200, "")
    assert answer["seconds"] < slack_module.ACKNOWLEDGE_SECONDS
    assert SlackClick.objects.get().retries == 2
