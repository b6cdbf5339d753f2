"""Clicks in Slack: decided once, by the desk's judgement, and each answered to whoever clicked."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from approvals.decisions import claims, decisions
from approvals.decisions.decisions import Decider
from approvals.models import Decision, DecisionUndo, SlackCard, SlackClick
from approvals.slack_decisions import card_updates, click_work
from leads.models import TeamMember
from outreach.choices import Phase
from outreach.control import phase
from outreach.models import Message
from outreach.review import review_actions
from tests import factories
from tests.approvals.slack_decisions.conftest import (
    REASON,
    answers,
    buttons_of,
    fill_in,
    post_of,
    press,
    pressed_body,
    send,
    words_of,
    work_off,
)
from tests.fakes.slack import FakeSlack

pytestmark = pytest.mark.django_db
Told = Callable[..., Message]


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def nothing_decided(message: Message) -> bool:
    return not Decision.objects.exists() and now_is(message).status == message.status


class TestApprove:
    def test_it_decides_as_the_members_user_and_says_so_on_the_card(
        self, client: Client, slack: FakeSlack, told: Told, rita: User
    ) -> None:
        message = told()
        click = press(client, slack, message, "approve")

        row = Decision.objects.get()
        assert (row.by, row.channel, row.verdict, row.version) == (rita, "slack", "approved", 1)
        assert now_is(message).status == "cleared"
        assert "rita approved this email in Slack at" in words_of(post_of(slack, message))
        assert set(buttons_of(post_of(slack, message))) == {"undo"}
        (said,) = answers(slack)
        assert said.startswith("Approved: Dana Whitfield") and "It leaves after" in said
        assert (click.outcome, click.answer, click.response_url) == ("approved", "", "")
        assert click.done_at is not None and click.answered_at is not None

    def test_the_card_says_approved_only_after_the_row_does(
        self, client: Client, slack: FakeSlack, told: Told
    ) -> None:
        message = told()
        assert send(client, pressed_body(slack, message, "approve")).status_code == 200
        card_updates.update_cards()
        assert "approve" in buttons_of(post_of(slack, message))
        assert (slack.updates(), now_is(message).status) == ([], "held")

    def test_the_email_stays_undoable_on_the_card_for_the_undo_wait(
        self, client: Client, slack: FakeSlack, told: Told, clock: Any
    ) -> None:
        message = told()
        press(client, slack, message, "approve")
        clock.shift(timedelta(seconds=31))
        card_updates.update_cards()
        assert buttons_of(post_of(slack, message)) == {}
        assert "rita approved this email" in words_of(post_of(slack, message))
        assert "Waits to be sent." in words_of(post_of(slack, message))

    def test_in_shadow_it_is_recorded_only(
        self, client: Client, slack: FakeSlack, told: Told
    ) -> None:
        message = told()
        phase.change_phase(Phase.SHADOW, by=None, reason="test")
        card_updates.update_cards()
        label = buttons_of(post_of(slack, message))["approve"]["text"]["text"]
        press(client, slack, message, "approve")
        assert label == "Approve (shadow: only recorded)"
        assert Decision.objects.get().verdict == "would_approve"
        assert answers(slack) == ["Recorded: you would approve. Nothing is sent."]
        assert "rita would approve this email (shadow)" in words_of(post_of(slack, message))

    def test_while_halted_button_and_answer_say_so(
        self, client: Client, slack: FakeSlack, told: Told, rita: User
    ) -> None:
        message = told()
        phase.halt_sending(by=rita, reason="test")
        card_updates.update_cards()
        label = buttons_of(post_of(slack, message))["approve"]["text"]["text"]
        press(client, slack, message, "approve")
        assert label == "Approve, hold while halted"
        assert "Sending is halted: it waits until somebody resumes it." in answers(slack)[0]


class TestUndo:
    def test_it_takes_the_approval_back_and_the_card_can_decide_again(
        self, client: Client, slack: FakeSlack, told: Told, rita: User
    ) -> None:
        message = told()
        press(client, slack, message, "approve")
        press(client, slack, message, "undo")
        assert now_is(message).status == "held"
        assert DecisionUndo.objects.get().channel == "slack"
        assert answers(slack)[-1].startswith("Undone: Dana Whitfield")
        assert {"approve", "reject", "open"} == set(buttons_of(post_of(slack, message)))

    def test_a_press_after_it_was_sent_is_told_that_it_is_too_late(
        self, client: Client, slack: FakeSlack, told: Told, clock: Any, loose: None, settings: Any
    ) -> None:
        from outreach.sending import send as sending

        settings.UNDO_SECONDS = 30
        message = told()
        press(client, slack, message, "approve")
        body = pressed_body(slack, message, "undo")
        clock.shift(timedelta(seconds=31))
        assert sending.send_due() == 1
        send(client, body)
        work_off()
        assert now_is(message).status == "sent"
        assert answers(slack)[-1].startswith("Too late to undo: it was sent at")
        assert buttons_of(post_of(slack, message)) == {}
        assert SlackCard.objects.get().ended_at is not None


class TestRefusals:
    def test_without_the_permission(
        self, client: Client, slack: FakeSlack, told: Told, rita: User
    ) -> None:
        message = told()
        rita.groups.set([Group.objects.get(name="Viewer")])
        click = press(client, slack, message, "approve")
        assert answers(slack) == ["You can read. Ask a Lead for the reviewer role to decide."]
        assert (click.outcome, nothing_decided(message)) == ("refused", True)

    def test_a_slack_user_whom_nobody_here_knows(
        self, client: Client, slack: FakeSlack, told: Told
    ) -> None:
        message = told()
        press(client, slack, message, "approve", user="U0STRANGER")
        (said,) = answers(slack)
        assert "No team member has your Slack user id" in said and "U0STRANGER" in said
        assert said.endswith("Nothing was decided.") and nothing_decided(message)

    def test_a_slack_user_id_of_two_members(
        self, client: Client, slack: FakeSlack, told: Told, lead_user: User
    ) -> None:
        message = told()
        factories.TeamMemberFactory(name="Zoe", slack_user_id="U0RITA", user=lead_user)
        press(client, slack, message, "approve")
        assert "More than one team member has your Slack user id: Rita, Zoe" in (answers(slack)[0])
        assert nothing_decided(message)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"user": None}, "Rita has no login here."),
            ({"active": False}, "Rita is not active as a team member any more."),
        ],
    )
    def test_a_member_without_login_or_gone(
        self, client: Client, slack: FakeSlack, told: Told, change: dict[str, Any], said: str
    ) -> None:
        message = told()
        TeamMember.objects.filter(slack_user_id="U0RITA").update(**change)
        press(client, slack, message, "approve")
        assert said in answers(slack)[0] and nothing_decided(message)

    def test_a_login_that_was_ended(
        self, client: Client, slack: FakeSlack, told: Told, rita: User
    ) -> None:
        message = told()
        User.objects.filter(pk=rita.pk).update(is_active=False)
        press(client, slack, message, "approve")
        assert "is not active any more" in answers(slack)[0] and nothing_decided(message)

    def test_a_text_that_changed_since(
        self, client: Client, slack: FakeSlack, told: Told, lead_user: User
    ) -> None:
        message = told()
        body = pressed_body(slack, message, "approve")
        text = message.text
        assert text is not None
        review_actions.edit_text(
            message, 1, subject=text.subject, body=text.body + "\n\nOne more line.", by=lead_user
        )
        send(client, body)
        work_off()
        assert answers(slack)[0].startswith("lena changed this email at")
        assert (Decision.objects.count(), now_is(message).status) == (0, "held")
        assert "One more line." in words_of(post_of(slack, message))
        assert buttons_of(post_of(slack, message))["approve"]["value"].endswith(".2")

    def test_somebody_else_was_first(
        self, client: Client, slack: FakeSlack, told: Told, lena: User
    ) -> None:
        message = told()
        body = pressed_body(slack, message, "approve")
        decisions.reject(message, 1, Decider(lena, "desk"), tag="other", reason=REASON)
        send(client, body)
        work_off()
        (said,) = answers(slack)
        assert said.startswith("lena rejected this email at")
        assert said.endswith("Your decision was not recorded.")
        assert Decision.objects.count() == 1

    def test_a_colleague_has_it_on_the_desk(
        self, client: Client, slack: FakeSlack, told: Told, lena: User
    ) -> None:
        message = told()
        claims.claim_message(message, lena)
        press(client, slack, message, "approve")
        assert answers(slack)[0].startswith("lena has this email until")
        assert nothing_decided(message)

    def test_one_that_has_expired_is_no_rejection(
        self, client: Client, slack: FakeSlack, told: Told
    ) -> None:
        message = told()
        body = pressed_body(slack, message, "approve")
        past = timezone.now() - timedelta(seconds=1)
        Message.objects.filter(pk=message.pk).update(expires_at=past)
        review_actions.expire_due()
        send(client, body)
        work_off()
        assert "Expired without a decision" in answers(slack)[0]
        assert "does not count as a rejection" in words_of(post_of(slack, message))
        assert buttons_of(post_of(slack, message)) == {}
        assert not Decision.objects.exists()

    def test_one_that_turned_critical_is_only_opened(
        self, client: Client, slack: FakeSlack, told: Told
    ) -> None:
        message = told()
        body = pressed_body(slack, message, "approve")
        Message.objects.filter(pk=message.pk).update(critical_reason="An open deal.")
        send(client, body)
        work_off()
        assert answers(slack)[0] == "Not approved. CRITICAL: An open deal. Open it to decide."
        assert nothing_decided(message)
        assert "approve" not in buttons_of(post_of(slack, message))

    def test_an_email_that_is_gone(self, client: Client, slack: FakeSlack, told: Told) -> None:
        body = pressed_body(slack, told(), "approve")
        gone = body.replace(
            str(Message.objects.get().public_id), "0" * 8 + "-0000" * 3 + "-" + "0" * 12
        )
        send(client, gone)
        work_off()
        assert answers(slack) == ["This email is not here any more. Nothing was decided."]
        assert not Decision.objects.exists()

    def test_the_second_press_of_the_same_person_is_told_so(
        self, client: Client, slack: FakeSlack, told: Told
    ) -> None:
        message = told()
        bodies = [pressed_body(slack, message, "approve") for _ in range(2)]
        for body in bodies:
            send(client, body)
        work_off()
        assert answers(slack)[1].startswith("You approved it already.")
        assert Decision.objects.count() == 1


class TestOnce:
    def test_a_click_that_comes_again_is_decided_and_answered_once(
        self, client: Client, slack: FakeSlack, told: Told
    ) -> None:
        message = told()
        body = pressed_body(slack, message, "approve")
        for number in range(3):
            retried = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "timeout"}
            assert send(client, body, **(retried if number else {})).status_code == 200
        work_off()
        assert send(client, body, **{"X-Slack-Retry-Num": "3"}).status_code == 200
        work_off()
        click = SlackClick.objects.get()
        assert (click.retries, Decision.objects.count(), len(answers(slack))) == (3, 1, 1)

    def test_a_process_that_dies_leaves_the_click_to_the_next_sweep(
        self, client: Client, slack: FakeSlack, told: Told, clock: Any, monkeypatch: Any
    ) -> None:
        message = told()
        send(client, pressed_body(slack, message, "approve"))

        def die(*_: Any) -> None:
            raise SystemExit

        with monkeypatch.context() as dying:
            dying.setattr(click_work, "_approved_words", die)
            with pytest.raises(SystemExit):
                work_off()
        assert nothing_decided(message), "decision and outcome are written together"
        work_off()
        assert nothing_decided(message), "the lease still stands"
        clock.shift(timedelta(seconds=61))
        work_off()
        assert (Decision.objects.count(), now_is(message).status) == (1, "cleared")
        assert answers(slack)[0].startswith("Approved: ")

    def test_a_process_that_dies_before_the_answer_answers_later_and_decides_once(
        self, client: Client, slack: FakeSlack, told: Told, clock: Any, monkeypatch: Any
    ) -> None:
        message = told()
        send(client, pressed_body(slack, message, "approve"))

        def die(*_: Any) -> None:
            raise SystemExit

        with monkeypatch.context() as dying:
            dying.setattr(click_work, "_answer", die)
            with pytest.raises(SystemExit):
                work_off()
        assert (Decision.objects.count(), answers(slack)) == (1, [])
        clock.shift(timedelta(seconds=61))
        work_off()
        assert Decision.objects.count() == 1
        assert answers(slack)[0].startswith("Approved: Dana")

    def test_what_fails_again_and_again_ends_with_an_answer(
        self, client: Client, slack: FakeSlack, told: Told, clock: Any, monkeypatch: Any
    ) -> None:
        message = told()
        send(client, pressed_body(slack, message, "approve"))

        def fail(*_: Any, **__: Any) -> None:
            raise RuntimeError("broken")

        with monkeypatch.context() as failing:
            failing.setattr(decisions, "approve", fail)
            for _ in range(click_work.MAX_ATTEMPTS + 1):
                work_off()
                clock.shift(timedelta(minutes=5))
        work_off()
        assert nothing_decided(message)
        assert answers(slack) == [click_work.FAILED_WORDS]
        assert SlackClick.objects.get().done_at is not None


class TestAnswers:
    def test_an_address_that_is_not_slacks_gets_nothing(
        self, client: Client, slack: FakeSlack, told: Told, settings: Any
    ) -> None:
        message = told()
        for url in ("https://evil.test/x", "https://hooks.slack.com.evil.test/x", "http://["):
            send(client, pressed_body(slack, message, "approve", response_url=url))
        work_off()
        assert slack.responses() == []
        assert len(slack.ephemerals("U0RITA")) == 3

    def test_an_address_that_is_used_up_is_replaced(
        self, client: Client, slack: FakeSlack, told: Told, clock: Any
    ) -> None:
        message = told()
        slack.on("POST /actions/{team}/{number}/{secret}").status(404, {"ok": False})
        press(client, slack, message, "approve")
        assert len(slack.ephemerals("U0RITA")) == 1
        assert slack.ephemerals()[0]["channel"] == post_of(slack, message)["channel_id"]

    def test_one_that_slack_will_not_show_is_given_up_and_the_decision_stays(
        self, client: Client, slack: FakeSlack, told: Told, clock: Any
    ) -> None:
        message, slack.members = told(), ()
        send(client, pressed_body(slack, message, "approve", response_url=""))
        for _ in range(click_work.MAX_ATTEMPTS + 1):
            work_off()
            clock.shift(timedelta(minutes=10))
        click = SlackClick.objects.get()
        assert (click.outcome, click.answered_at) == ("approved", None)
        assert click.done_at is not None and "user_not_in_channel" in click.error
        assert Decision.objects.count() == 1


class TestRejectForm:
    def test_it_asks_for_tag_and_reason_and_rejects(
        self, client: Client, slack: FakeSlack, told: Told, rita: User
    ) -> None:
        message = told()
        click = press(client, slack, message, "reject")
        (view,) = slack.views()
        assert (click.outcome, nothing_decided(message)) == ("form_opened", True)

        response = fill_in(client, view)
        assert (response.status_code, response.content) == (200, b"")
        work_off()
        row = Decision.objects.get()
        assert (row.by, row.channel, row.tag, row.reason.text) == (
            rita,
            "slack",
            "weak_subject",
            REASON,
        )
        assert now_is(message).status == "rejected"
        assert SlackClick.objects.latest("pk").reason == ""
        assert "rita rejected this email" in words_of(post_of(slack, message))
        assert set(buttons_of(post_of(slack, message))) == {"undo"}
        assert slack.ephemerals("U0RITA")[-1]["text"].startswith("Rejected: Dana")

    def test_what_is_missing_is_said_in_the_form(
        self, client: Client, slack: FakeSlack, told: Told
    ) -> None:
        message = told()
        press(client, slack, message, "reject")
        (view,) = slack.views()
        response = fill_in(client, view, tag=None, reason="too short")
        assert response.json() == {
            "response_action": "errors",
            "errors": {
                "tag": "Choose why.",
                "reason": "11 more characters: say what should be different.",
            },
        }
        assert nothing_decided(message)
        assert not SlackClick.objects.filter(what="reject").exists()

    def test_a_decision_meanwhile_is_said_in_the_form(
        self, client: Client, slack: FakeSlack, told: Told, lena: User
    ) -> None:
        message = told()
        press(client, slack, message, "reject")
        (view,) = slack.views()
        decisions.approve(message, 1, Decider(lena, "desk"))
        response = fill_in(client, view)
        assert response.json()["errors"]["reason"].startswith("lena approved this email at")
        work_off()
        assert Decision.objects.get().verdict == "approved"

    def test_a_form_that_comes_again_rejects_once(
        self, client: Client, slack: FakeSlack, told: Told
    ) -> None:
        message = told()
        press(client, slack, message, "reject")
        (view,) = slack.views()
        for _ in range(3):
            assert fill_in(client, view).content == b""
        work_off()
        assert fill_in(client, view).content == b""
        work_off()
        assert SlackClick.objects.filter(what="reject").get().retries == 3
        assert Decision.objects.count() == 1

    def test_who_may_not_reject_gets_no_form(
        self, client: Client, slack: FakeSlack, told: Told, rita: User
    ) -> None:
        message = told()
        rita.groups.clear()
        press(client, slack, message, "reject")
        assert slack.views() == []
        assert answers(slack) == ["You can read. Ask a Lead for the reviewer role to decide."]

    def test_a_press_that_is_too_old_is_told_to_press_again(
        self, client: Client, slack: FakeSlack, told: Told, clock: Any
    ) -> None:
        message = told()
        body = pressed_body(slack, message, "reject")
        clock.shift(timedelta(seconds=4))
        assert send(client, body).status_code == 200
        work_off()
        assert slack.views() == []
        assert answers(slack) == [
            "The form did not open, and nothing was decided. Press Reject again."
        ]
        assert SlackClick.objects.get().error == "expired_trigger_id"

    def test_slack_away_delays_the_acknowledgement_by_less_than_three_seconds(
        self, client: Client, slack: FakeSlack, told: Told
    ) -> None:
        message, taken = told(), []
        slack.on("POST /api/views.open").never()
        for _ in range(2):  # the better of them: a busy machine is no fault of the code
            body, began = pressed_body(slack, message, "reject"), time.monotonic()
            assert send(client, body).status_code == 200
            taken.append(time.monotonic() - began)
        assert 1 < min(taken) < 2.9
        slack.clear_behaviours()
        work_off()
        assert "Press Reject again" in answers(slack)[0]

    def test_one_that_comes_again_opens_no_second_form(
        self, client: Client, slack: FakeSlack, told: Told
    ) -> None:
        body = pressed_body(slack, told(), "reject")
        for _ in range(2):
            assert send(client, body).status_code == 200
        work_off()
        assert (len(slack.views()), answers(slack)) == (1, [])
