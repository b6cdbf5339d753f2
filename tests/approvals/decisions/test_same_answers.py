"""Each refusal through desk, batch, admin, API, key and Slack: nothing happens, the same words."""

import html
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.decisions import claims, decisions, undo
from approvals.decisions.decisions import Decider
from approvals.decisions.judgement import Refusal
from approvals.desk import reading_proof
from approvals.models import Decision, SlackClick
from approvals.slack_decisions import click_work
from caio_project.lib.models import ApiKey
from leads.models import Suppression
from leads.suppression import suppression
from outreach.choices import MoveCode, Phase
from outreach.control import phase
from outreach.drafting import drafts
from outreach.models import Message, Move
from outreach.review import review_actions
from tests import factories
from tests.conftest import person

pytestmark = pytest.mark.django_db
REASON = "The first line is about us, not about them."
ADMIN = "/admin/approvals/approval/"


@dataclass(frozen=True)
class Asked:
    """Who approves an email, the text that was on their screen, and whether it was read."""

    client: Client
    user: User
    message: Message
    version: int
    is_read: bool = True

    @property
    def proof(self) -> str:
        """Signed when the page of that version was opened."""
        seen = Message(pk=self.message.pk, version=self.version)
        seen.critical_reason = Message.objects.get(pk=self.message.pk).critical_reason
        ago = 3600 if self.is_read else 0
        return reading_proof.sign_proof(seen, self.user, at=time.time() - ago)


def by_desk(asked: Asked) -> str:
    path = f"/sales/queue/{asked.message.public_id}/approve"
    sent = {"version": asked.version, "shown": asked.proof}
    return read_page(asked.client.post(path, sent, follow=True))


def by_batch(asked: Asked) -> str:
    path, selected = "/sales/queue/batch", f"{asked.message.public_id}.{asked.version}"
    sent = {"action": "approve", "selected": [selected]}
    return read_page(asked.client.post(path, sent, follow=True))


def by_admin(asked: Asked) -> str:
    """From a list that shows only what waits, as it opens."""
    pk = asked.message.pk
    sent = {"action": "approve_emails", "_selected_action": [pk], "confirmed": "1"}
    sent[f"shown_{pk}"] = asked.proof
    return read_page(asked.client.post(f"{ADMIN}?status__exact=held", sent, follow=True))


def by_api(asked: Asked) -> str:
    return read_problem(post_api(asked, asked.client))


def by_key(asked: Asked) -> str:
    name = f"of {asked.message.pk}"
    scopes = ["approvals:decide"]
    _, key = ApiKey.objects.create_key(name=name, scopes=scopes, user=asked.user)
    return read_problem(post_api(asked, Client(), Authorization=f"Bearer {key}"))


def post_api(asked: Asked, client: Client, **headers: str) -> Any:
    path, sent = f"/api/emails/{asked.message.public_id}/approve", {"version": asked.version}
    return client.post(path, sent, content_type="application/json", headers=headers)


def by_slack(asked: Asked) -> str:
    click = SlackClick.objects.create(
        key=f"click {asked.message.pk}", what="approve", slack_user_id="U0RITA",
        message=asked.message, version=asked.version,
    )  # fmt: skip
    return click_work.judge_click(click).answer


def read_page(answer: Any) -> str:
    return " ".join(html.unescape(answer.content.decode()).split())


def read_problem(answer: Any) -> str:
    said = answer.json()
    return f"{said.get('detail', '')} [{said.get('refusal', answer.status_code)}]"


CHANNELS: dict[str, Callable[[Asked], str]] = {
    "desk": by_desk,
    "batch": by_batch,
    "admin": by_admin,
    "api": by_api,
    "key": by_key,
    "slack": by_slack,
}
ALL = tuple(CHANNELS)
API = ("api", "key")


@pytest.fixture
def sam() -> User:
    return person("sam", "Lead")


@pytest.fixture
def rita(reviewer: User, settings: Any) -> User:
    settings.SLACK_SIGNING_SECRET = "slack-secret-0123456789abcdef"
    factories.TeamMemberFactory(name="Rita", user=reviewer, slack_user_id="U0RITA")
    return reviewer


def claim(message: Message, sam: User) -> None:
    claims.claim_message(message, sam)


def change(message: Message, sam: User) -> None:
    text = message.text
    assert text is not None
    body = f"{text.body}\n\nOne more line."
    review_actions.edit_text(message, message.version, subject=text.subject, body=body, by=sam)


def be_approved(message: Message, sam: User) -> None:
    decisions.approve(message, message.version, Decider(sam, "desk"))


def be_rejected(message: Message, sam: User) -> None:
    decisions.reject(message, message.version, Decider(sam, "desk"), tag="other", reason=REASON)


def be_put_back(message: Message, sam: User) -> None:
    be_rejected(message, sam)
    undo.undo(Message.objects.get(pk=message.pk), message.version, Decider(sam, "desk"))


def be_approved_by_the_machine(message: Message, sam: User) -> None:
    Message.objects.filter(pk=message.pk).update(opened_at=None)
    review_actions.approve_email(message, message.version, by=None, why=MoveCode.MACHINE)


def expire(message: Message, sam: User) -> None:
    Message.objects.filter(pk=message.pk).update(expires_at=timezone.now())
    review_actions.expire_due()


def withdraw(message: Message, sam: User) -> None:
    review_actions.withdraw_email(message, by=sam)


def be_approved_and_withdrawn(message: Message, sam: User) -> None:
    be_approved(message, sam)
    withdraw(Message.objects.get(pk=message.pk), sam)


def be_approved_and_expire(message: Message, sam: User) -> None:
    be_approved(message, sam)
    approved = Message.objects.get(pk=message.pk)
    drafts.hold_for_review(approved, MoveCode.MORE_KNOWN, error="There is an open deal.")
    expire(message, sam)


def block(message: Message, sam: User) -> None:
    Message.objects.filter(pk=message.pk).update(status="blocked", error="A fact has no source.")


def suppress(message: Message, sam: User) -> None:
    suppression.suppress(message.to_address, Suppression.Reason.UNSUBSCRIBED, "test", message.lead)


def nothing(message: Message, sam: User) -> None:
    pass


@dataclass(frozen=True)
class Case:
    happens: Callable[[Message, User], None]
    refusal: Refusal
    words: str
    version: int = 1


CASES = {
    "claimed": Case(claim, Refusal.CLAIMED, "sam has this email until"),
    "changed": Case(change, Refusal.CHANGED, "sam changed this email"),
    "put back": Case(be_put_back, Refusal.CHANGED, "sam put it back into the queue"),
    "approved": Case(be_approved, Refusal.NOT_WAITING, "sam approved this email"),
    "rejected": Case(be_rejected, Refusal.NOT_WAITING, "sam rejected this email"),
    "machine": Case(
        be_approved_by_the_machine, Refusal.NOT_WAITING, "The machine approved this email"
    ),
    "expired": Case(expire, Refusal.NOT_WAITING, "this does not count as a rejection."),
    "withdrawn": Case(withdraw, Refusal.NOT_WAITING, "It is no longer waiting. Withdrawn."),
    "withdrawn after an approval": Case(
        be_approved_and_withdrawn, Refusal.NOT_WAITING, "It is no longer waiting. Withdrawn."
    ),
    "expired after an approval": Case(
        be_approved_and_expire, Refusal.NOT_WAITING, "this does not count as a rejection."
    ),
    "blocked": Case(block, Refusal.BLOCKED, "It can't be approved: A fact has no source."),
    "suppressed": Case(suppress, Refusal.NOT_ALLOWED, "Do not contact:"),
    "no such version": Case(nothing, Refusal.NO_SUCH_VERSION, "There is no such version", 7),
}


def state_of(message: Message) -> tuple[Any, ...]:
    now = Message.objects.get(pk=message.pk)
    of_it = {"message": now}
    decided = Decision.objects.filter(**of_it).count()
    return now.status, now.version, decided, Move.objects.filter(**of_it).count()


def ask_everywhere(
    client: Client, rita: User, arrange: Callable[[Message], None], version: int = 1, **asked: Any
) -> dict[str, tuple[str, Message]]:
    """What each channel answers, each about an email of its own; nothing has happened to any."""
    client.force_login(rita)
    found = {}
    for name, channel in CHANNELS.items():
        message = factories.held_email()
        if asked.get("is_read", True):
            claims.record_reading(message, rita)
        arrange(message)
        before = state_of(message)
        answer = channel(Asked(client, rita, message, version, **asked))
        assert state_of(message) == before, f"{name}: {answer[-300:]}"
        found[name] = (answer, message)
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_is_the_same_in_every_channel(
    client: Client, rita: User, sam: User, name: str
) -> None:
    case = CASES[name]
    answers = ask_everywhere(client, rita, lambda message: case.happens(message, sam), case.version)
    for channel, (answer, _) in answers.items():
        assert case.words in answer, f"{channel}: {answer[-600:]}"
        assert channel not in API or answer.endswith(f"[{case.refusal}]"), answer


def test_without_the_permission(client: Client, rita: User) -> None:
    rita.groups.set([])
    rita.groups.add(person("vera", "Viewer").groups.get())
    rita.is_staff = True
    rita.save()
    answers = ask_everywhere(client, User.objects.get(pk=rita.pk), lambda message: None)
    for channel, (answer, _) in answers.items():
        if channel not in API:  # there the scope is refused before the email is looked for
            wanted = "You can read. Ask a Lead for the reviewer role to decide."
            assert wanted in answer, f"{channel}: {answer[-600:]}"
        else:
            assert answer.endswith("[403]")


def test_what_was_not_read_is_refused_where_no_whole_text_is_shown(
    client: Client, rita: User
) -> None:
    """Slack's card shows the whole text; a key's decision is then no evidence."""
    client.force_login(rita)
    for name in ("desk", "batch", "admin", "api"):
        message = factories.held_email()
        before = state_of(message)
        answer = CHANNELS[name](Asked(client, rita, message, 1, is_read=False))
        assert "read this version to the end first" in answer, f"{name}: {answer[-600:]}"
        assert name != "api" or answer.endswith(f"[{Refusal.NOT_READ}]")
        assert state_of(message) == before


def test_critical_is_decided_alone_with_its_whole_text_and_never_in_slack(
    client: Client, rita: User
) -> None:
    client.force_login(rita)
    wanted = {
        "batch": "is CRITICAL and needs its own look",
        "slack": "CRITICAL: They have answered. Open it to decide.",
    }
    for name, words in wanted.items():
        message = critical_email(rita)
        before = state_of(message)
        assert words in CHANNELS[name](Asked(client, rita, message, 1)), name
        assert state_of(message) == before
    for name in ("desk", "admin", "api", "key"):
        message = critical_email(rita)
        CHANNELS[name](Asked(client, rita, message, 1))
        assert Message.objects.get(pk=message.pk).status == "cleared", name


def critical_email(rita: User) -> Message:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(critical_reason="They have answered.")
    claims.record_reading(message, rita)
    return message


@pytest.mark.parametrize("case", ["shadow", "halted", "practice"])
def test_what_an_approval_does_is_the_same_in_every_channel(
    client: Client, rita: User, sam: User, case: str
) -> None:
    client.force_login(rita)
    if case == "shadow":
        phase.change_phase(Phase.SHADOW, by=None, reason="test")
    if case == "halted":
        phase.halt_sending(by=sam, reason="test")
    ends = {"shadow": "withdrawn", "halted": "cleared", "practice": "withdrawn"}[case]
    verdict = "approved" if case == "halted" else "would_approve"
    for name, channel in CHANNELS.items():
        message = factories.held_email()
        if case == "practice":
            Message.objects.filter(pk=message.pk).update(kind="training")
        claims.record_reading(message, rita)
        answer = channel(Asked(client, rita, message, 1))
        made = Decision.objects.get(message=message)
        assert (Message.objects.get(pk=message.pk).status, made.verdict) == (ends, verdict), name
        if case == "shadow" and name not in API:
            assert "Recorded" in answer, f"{name}: {answer[-600:]}"


def test_the_admin_asks_for_tag_and_reason_in_the_words_of_the_desk(
    client: Client, rita: User
) -> None:
    client.force_login(rita)
    message = factories.held_email()
    sent = {"tag": "", "reason": "too short"}
    before = state_of(message)
    named = {"action": "reject_emails", "_selected_action": [message.pk], "confirmed": "1"}
    in_admin = read_page(client.post(ADMIN, {**named, **sent}))
    path = f"/sales/queue/{message.public_id}/reject"
    on_desk = read_page(client.post(path, {"version": 1, **sent}))
    for words in ("Choose why.", "11 more characters: say what should be different.", "too short"):
        assert words in in_admin and words in on_desk
    assert state_of(message) == before


def test_the_admin_rejects_nothing_that_was_not_on_its_page(client: Client, rita: User) -> None:
    client.force_login(rita)
    message = factories.held_email()
    before = state_of(message)
    sent = {"tag": "other", "reason": REASON, "confirmed": "1", f"shown_{message.pk}": "x"}
    named = {"action": "reject_emails", "_selected_action": [message.pk]}
    answer = read_page(client.post(ADMIN, {**named, **sent}, follow=True))
    assert "read this version to the end first" in answer and state_of(message) == before
