"""The same refusal in every channel: desk, batch, admin, API by session and by key. Nothing
happens.
"""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from approvals.decisions import claims, judgement
from approvals.decisions.judgement import (
    Action,
    ApprovalEffect,
    BulkFacts,
    DecisionFacts,
    Refusal,
    approval_effect,
    find_bulk_refusal,
    find_refusal,
)
from approvals.desk import reading_proof
from approvals.models import Claim, Decision, Reading, SlackClick
from approvals.slack_decisions import click_work
from caio_project.lib.models import ApiKey
from outreach.choices import Phase, Status
from outreach.models import Message, Move
from outreach.review import review_actions
from tests import factories
from tests.conftest import person

Channel = Callable[[Client, Message, int], str]


def by_desk(client: Client, message: Message, version: int) -> str:
    page = client.get(f"/sales/queue/{message.public_id}").content.decode()
    shown = (re.search(r'name="shown" value="([^"]+)"', page) or ["", ""])[1]
    answer = client.post(
        f"/sales/queue/{message.public_id}/approve", {"version": version, "shown": shown}
    )
    return f"{answer.status_code} {answer.content.decode()}"


def by_batch(client: Client, message: Message, version: int) -> str:
    selected = [f"{message.public_id}.{version}"]
    answer = client.post(
        "/sales/queue/batch", {"action": "approve", "selected": selected}, follow=True
    )
    return answer.content.decode()


def by_admin(client: Client, message: Message, version: int) -> str:
    asked = {"action": "approve_emails", "_selected_action": [message.pk]}
    page = client.post("/admin/approvals/approval/", asked).content.decode()
    shown = (re.search(rf'name="shown_{message.pk}" value="([^"]+)"', page) or ["", ""])[1]
    sent = {**asked, "confirmed": "yes", f"shown_{message.pk}": shown}
    return client.post("/admin/approvals/approval/", sent, follow=True).content.decode()


def by_session_api(client: Client, message: Message, version: int) -> str:
    path = f"/api/emails/{message.public_id}/approve"
    answer = client.post(path, {"version": version}, content_type="application/json")
    return f"{answer.status_code} {answer.content.decode()}"


def by_key(client: Client, message: Message, version: int) -> str:
    _, key = ApiKey.objects.create_key(name="integration", scopes=["approvals:decide"])
    answer = Client().post(
        f"/api/emails/{message.public_id}/approve",
        {"version": version},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    return f"{answer.status_code} {answer.content.decode()}"


def by_slack(client: Client, message: Message, version: int) -> str:
    """Press Approve as whoever is signed in; what they are told there."""
    user = User.objects.get(pk=client.session["_auth_user_id"])
    factories.TeamMemberFactory(name=user.username, user=user, slack_user_id="U0SOMEBODY")
    fields = {"what": "approve", "slack_user_id": "U0SOMEBODY", "message": message}
    click = SlackClick.objects.create(key="click", version=version, **fields)
    with override_settings(SLACK_SIGNING_SECRET="slack-secret-0123456789"):
        return click_work.judge_click(click).answer


CHANNELS = [by_desk, by_batch, by_admin, by_session_api, by_key, by_slack]


def assert_nothing_happened(message: Message) -> None:
    status, moves = message.status, Move.objects.filter(message=message).count()
    fresh = Message.objects.get(pk=message.pk)

    assert (fresh.status, Move.objects.filter(message=fresh).count()) == (status, moves)
    assert not Decision.objects.filter(message=message).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_colleagues_claim_refuses_in_every_channel(
    client: Client, reviewer: User, channel: Channel
) -> None:
    message = factories.held_email()
    claims.claim_message(message, person("sam", "Reviewer"))
    client.force_login(reviewer)

    answer = channel(client, message, 1)

    assert "sam has this email until" in answer
    assert_nothing_happened(message)


@pytest.mark.django_db
@pytest.mark.parametrize("channel", [by_desk, by_batch, by_session_api, by_key, by_slack])
def test_an_older_version_is_refused_in_every_channel(
    client: Client, reviewer: User, channel: Channel
) -> None:
    message = factories.held_email()
    body = message.text.body + "\n\nBest"
    message = review_actions.edit_text(message, 1, subject="New", body=body, by=None)
    client.force_login(reviewer)

    answer = channel(client, message, 1)

    assert "changed" in answer
    assert_nothing_happened(message)


@pytest.mark.django_db
@pytest.mark.parametrize("channel", [by_desk, by_batch, by_admin, by_session_api, by_slack])
def test_nobody_decides_without_the_permission(
    client: Client, viewer: User, channel: Channel
) -> None:
    message = factories.held_email()
    client.force_login(viewer)

    channel(client, message, 1)

    assert_nothing_happened(message)


@pytest.mark.django_db
def test_a_key_of_a_person_who_lost_the_permission_decides_nothing(reviewer: User) -> None:
    message = factories.held_email()
    _, key = ApiKey.objects.create_key(name="hers", scopes=["approvals:decide"], user=reviewer)
    reviewer.groups.clear()

    answer = Client().post(
        f"/api/emails/{message.public_id}/approve",
        {"version": 1},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )

    assert answer.status_code == 403
    assert_nothing_happened(message)


FACTS = DecisionFacts(
    may_decide=True,
    is_named=True,
    is_claimed=False,
    is_critical=False,
    status=Status.HELD,
    current_version=2,
    version=2,
)


def facts(**more: Any) -> DecisionFacts:
    return DecisionFacts(**{**FACTS.__dict__, **more})


@pytest.mark.parametrize(
    ("action", "given", "refusal"),
    [
        (Action.APPROVE, {}, None),
        (Action.APPROVE, {"may_decide": False}, Refusal.NO_PERMISSION),
        (Action.APPROVE, {"is_claimed": True}, Refusal.CLAIMED),
        (Action.APPROVE, {"is_critical": True}, None),
        (Action.APPROVE, {"is_critical": True, "is_named": False}, Refusal.NEEDS_NAMED_PERSON),
        (Action.REJECT, {"is_critical": True, "is_named": False}, None),
        (Action.APPROVE, {"version": 1}, Refusal.CHANGED),
        (Action.APPROVE, {"version": 3}, Refusal.NO_SUCH_VERSION),
        (Action.APPROVE, {"status": Status.BLOCKED}, Refusal.BLOCKED),
        (Action.REJECT, {"status": Status.BLOCKED}, None),
        (Action.EDIT, {"status": Status.CLEARED}, None),
        (Action.EDIT, {"status": Status.SENT}, Refusal.NOT_WAITING),
        (Action.APPROVE, {"status": Status.CLEARED}, Refusal.NOT_WAITING),
        (Action.APPROVE, {"is_read": False}, Refusal.NOT_READ),
        (Action.APPROVE, {"is_read": False, "version": 1}, Refusal.CHANGED),
        (Action.REJECT, {"is_read": False}, None),
    ],
)
def test_judgement_of_one_decision(
    action: Action, given: dict[str, Any], refusal: Refusal | None
) -> None:
    assert find_refusal(action, facts(**given)) == refusal


@pytest.mark.parametrize(
    ("action", "given", "bulk", "refusal"),
    [
        (Action.APPROVE, {}, BulkFacts(True, False), None),
        (Action.APPROVE, {}, BulkFacts(False, False), Refusal.NOT_READ),
        (Action.REJECT, {}, BulkFacts(False, False), None),
        (Action.APPROVE, {"is_critical": True}, BulkFacts(True, True), None),
        (Action.APPROVE, {"is_critical": True}, BulkFacts(True, False), Refusal.CRITICAL_IN_BULK),
        (Action.APPROVE, {"version": 1}, BulkFacts(True, False), Refusal.CHANGED),
    ],
)
def test_the_one_bulk_rule(
    action: Action, given: dict[str, Any], bulk: BulkFacts, refusal: Refusal | None
) -> None:
    assert find_bulk_refusal(action, facts(**given), bulk) == refusal


@pytest.mark.parametrize(
    ("phase", "halted", "training", "effect"),
    [
        (Phase.SHADOW, True, True, ApprovalEffect.RECORDED_ONLY),
        (Phase.PARALLEL, True, True, ApprovalEffect.TRAINING),
        (Phase.PARALLEL, True, False, ApprovalEffect.HELD_WHILE_HALTED),
        (Phase.ASSISTED, False, False, ApprovalEffect.SENDS),
    ],
)
def test_what_an_approval_does(
    phase: Phase, halted: bool, training: bool, effect: ApprovalEffect
) -> None:
    assert approval_effect(phase, halted=halted, training=training) == effect


def test_every_refusal_has_a_sentence() -> None:
    from approvals.decisions import refusal_words

    described = {Refusal.CLAIMED, Refusal.NO_SUCH_VERSION}
    described |= {Refusal.NOT_WAITING, Refusal.BLOCKED, Refusal.CHANGED}
    described |= {Refusal.NOT_ALLOWED}  # the rule that refuses has the sentence
    described |= set(refusal_words.UNDO_CONFLICTS) | {Refusal.NOT_A_LEAD, Refusal.FOR_PRACTICE}
    described |= set(refusal_words.REOPEN_CONFLICTS)

    assert set(refusal_words.FIXED) | described == set(judgement.Refusal)


def decide_by_api(client: Client, message: Message, what: str = "approve", **headers: str) -> Any:
    reason = "The first line is about us, not about them."
    body = {"version": message.version, "tag": "weak_subject", "reason": reason}
    path = f"/api/emails/{message.public_id}/{what}"
    return client.post(path, body, content_type="application/json", headers=headers)


def proof(message: Message, user: User, seconds: float = 60) -> str:
    return reading_proof.sign_proof(message, user, at=time.time() - seconds)


@pytest.mark.django_db
class TestOnTheScreen:
    @pytest.mark.parametrize("mark", ["none", "empty", "junk", "another's", "too fresh"])
    def test_no_reading_without_a_persons_own_mark(
        self, client: Client, reviewer: User, mark: str
    ) -> None:
        message, sam = factories.held_email(), person("sam", "Reviewer")
        marks = {
            "empty": "",
            "junk": "x:y:z",
            "another's": proof(message, sam),
            "too fresh": proof(message, reviewer, 0),
        }
        client.force_login(reviewer)
        body = {"version": 1, **({"shown": marks[mark]} if mark in marks else {})}
        answer = client.post(f"/sales/queue/{message.public_id}/read", body)
        assert answer.status_code == 422
        assert not Reading.objects.exists() and not Claim.objects.exists()
        assert "read this version to the end first" in by_batch(client, message, 1)
        assert_nothing_happened(message)

    def test_of_another_email_or_version_it_is_none(self, client: Client, reviewer: User) -> None:
        message, other = factories.held_email(), factories.held_email()
        old = proof(message, reviewer)
        body = message.text.body + "\n\nBest"
        message = review_actions.edit_text(message, 1, subject="New", body=body, by=None)
        client.force_login(reviewer)
        for mark in (old, proof(other, reviewer)):
            path = f"/sales/queue/{message.public_id}/read"
            assert client.post(path, {"version": 2, "shown": mark}).status_code == 422
        assert not Reading.objects.exists()

    def test_another_persons_mark_approves_nothing(self, client: Client, reviewer: User) -> None:
        message, sam = factories.held_email(), person("sam", "Reviewer")
        client.force_login(reviewer)
        sent = {"version": 1, "shown": proof(message, sam)}
        answer = client.post(f"/sales/queue/{message.public_id}/approve", sent)
        assert answer.status_code == 422
        asked = {"action": "approve_emails", "_selected_action": [message.pk], "confirmed": "1"}
        sent = {**asked, f"shown_{message.pk}": proof(message, sam)}
        client.post("/admin/approvals/approval/", sent, follow=True)
        assert_nothing_happened(message)

    def test_opening_the_admins_page_is_no_reading(self, client: Client, reviewer: User) -> None:
        message = factories.held_email()
        client.force_login(reviewer)
        asked = {"action": "approve_emails", "_selected_action": [message.pk]}
        client.post("/admin/approvals/approval/", asked)
        assert not Reading.objects.exists()
        assert "read this version to the end first" in by_batch(client, message, 1)
        assert_nothing_happened(message)

    def test_read_on_the_desk_a_batch_approves_it(self, client: Client, reviewer: User) -> None:
        message = factories.held_email()
        client.force_login(reviewer)
        sent = {"version": 1, "shown": proof(message, reviewer), "end": "1"}
        assert client.post(f"/sales/queue/{message.public_id}/read", sent).status_code == 204
        by_batch(client, message, 1)
        assert Message.objects.get(pk=message.pk).status == Status.CLEARED


@pytest.mark.django_db
class TestApi:
    def test_a_session_approves_only_what_it_has_read(self, client: Client, reviewer: User) -> None:
        message = factories.held_email()
        client.force_login(reviewer)
        refused = decide_by_api(client, message)
        assert (
            refused.status_code == 400
            and "read this version to the end first" in refused.json()["detail"]
        )
        assert_nothing_happened(message)
        claims.record_reading(message, reviewer)
        assert decide_by_api(client, message).status_code == 200
        assert Message.objects.get(pk=message.pk).status == Status.CLEARED

    def test_a_colleagues_reading_is_not_ones_own(self, client: Client, reviewer: User) -> None:
        message = factories.held_email()
        claims.record_reading(message, person("sam", "Reviewer"))
        client.force_login(reviewer)
        assert decide_by_api(client, message).status_code == 400
        assert_nothing_happened(message)

    def test_a_reading_of_an_older_text_is_none(self, client: Client, reviewer: User) -> None:
        message = factories.held_email()
        claims.record_reading(message, reviewer)
        body = message.text.body + "\n\nBest"
        message = review_actions.edit_text(message, 1, subject="New", body=body, by=None)
        client.force_login(reviewer)
        assert decide_by_api(client, message).status_code == 400
        assert_nothing_happened(message)

    @pytest.mark.parametrize("what", ["approve", "reject"])
    @pytest.mark.parametrize(("is_read", "is_evidence"), [(False, False), (True, True)])
    def test_a_keys_decision_is_evidence_where_its_person_has_read_it(
        self, client: Client, reviewer: User, settings: Any, what: str, is_read: bool,
        is_evidence: bool,
    ) -> None:  # fmt: skip
        settings.SANDBOXED = []
        message = factories.held_email()
        if is_read:
            claims.record_reading(message, reviewer)
        _, key = ApiKey.objects.create_key(name="k", scopes=["approvals:decide"], user=reviewer)
        answer = decide_by_api(client, message, what, Authorization=f"Bearer {key}")
        assert answer.status_code == 200
        made = Decision.objects.get()
        assert (made.by, made.is_evidence) == (reviewer, is_evidence)

    def test_a_key_for_nobody_is_no_evidence(self, client: Client, settings: Any) -> None:
        settings.SANDBOXED = []
        message = factories.held_email()
        assert by_key(client, message, 1).startswith("200")
        assert not Decision.objects.get().is_evidence
