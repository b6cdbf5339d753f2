"""Cards: what they say, what visitors cannot do with them, and that they follow the email's row."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from approvals.decisions import decisions, undo
from approvals.decisions.decisions import Decider
from approvals.escalation import escalation, held_notices
from approvals.integrations import slack as slack_client
from approvals.models import Notice, SlackCard
from approvals.slack_decisions import card_blocks, card_updates, email_cards
from approvals.slack_decisions.card_blocks import Card, CardButton, CardText
from approvals.tasks import update_cards
from caio_project.lib.models import Heartbeat
from leads import normal
from leads.models import Alarm, Lead, RateWindow
from leads.suppression import suppression
from outreach.choices import MoveCode
from outreach.control import phase
from outreach.models import ApprovalRule, Control, GhlLook, Message, MessageText
from outreach.review import review_actions
from tests import factories
from tests.approvals.slack_decisions.conftest import (
    REASON,
    answers,
    buttons_of,
    post_of,
    press,
    send,
    words_of,
    work_off,
)
from tests.fakes import slack as slack_module
from tests.fakes.slack import FakeSlack, blocks_problems, message_refusal

Told = Callable[..., Message]
HOSTILE = [
    "<!channel> <!here> @channel @here",
    "<@U0BOSS> <#C01> <!subteam^S1>",
    "<https://evil.test|Approve>",
    "&lt;!channel&gt;",
    "*bold* _x_ `code` :tada:",
    "\u202egnp.exe \u2066x\u2069 \u061c\u200ea\u200f",
    "a\x00b\x07c\x1b[31m",
    "\ud800",
]


class TestBlocks:
    @pytest.mark.parametrize("typed", HOSTILE)
    def test_what_visitors_typed_is_no_markup(self, typed: str) -> None:
        text = CardText(f"To: {typed}", typed, typed, f"✓ {typed}")
        blocks = card_blocks.card_blocks(Card(typed, text, remark=typed, mention=typed))
        assert blocks_problems(blocks, 50) == []
        assert "mrkdwn" not in str(blocks) and "<" not in str(blocks)
        shown = "".join(block["text"]["text"] for block in blocks)
        assert not set(shown) & {*normal.TURNING, "\x00", "\x07", "\x1b", "\ud800"}

    @given(st.text(max_size=9000), st.text(max_size=400), st.text(max_size=2000))
    def test_any_text_fits_slacks_limits(self, body: str, head: str, checks: str) -> None:
        text = CardText(head, body, head, checks)
        buttons = (CardButton("approve", body or "Approve", "x" * 40, style="primary"),)
        card = Card(head, text, checks, buttons, "U0ALEX")
        blocks = card_blocks.card_blocks(card)
        assert message_refusal({"text": "x", "blocks": blocks}) is None

    @given(st.text(alphabet="ab <&>\n", max_size=9000))
    def test_cutting_loses_no_letter(self, typed: str) -> None:
        pieces = card_blocks.cut_pieces(typed)
        plain = "".join(pieces).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        assert plain.split() == typed.split() or "".join(plain.split()) == "".join(typed.split())
        assert all(len(piece) <= card_blocks.MAX_SECTION for piece in pieces)

    def test_what_is_too_long_or_has_unseen_letters_is_not_whole(self) -> None:
        assert card_blocks.is_shown_whole(CardText("To: x", "Hi\tthere\r\nyou", "y", "✓ z"))
        assert not card_blocks.is_shown_whole(CardText("To: x", "a " * 6000, "y", "✓ z"))
        assert not card_blocks.is_shown_whole(CardText("To: x", "&" * 3000, "y", "✓ z"))
        for typed in HOSTILE[5:]:
            assert not card_blocks.is_shown_whole(CardText("To: x", typed, "y", "✓ z"))


def _press_approve_all_the_same(client: Client, slack: FakeSlack, message: Message) -> None:
    post = post_of(slack, message)
    where = {"channel": post["channel_id"], "ts": post["ts"], "response_url": slack.response_url}
    value = email_cards.card_value(message)
    send(client, slack_module.block_actions("approve", value, user="U0RITA", **where))
    work_off()


def rewrite(message: Message, body: str) -> None:
    MessageText.objects.filter(message=message).update(body=body)


@pytest.mark.django_db
class TestCardOfAnEmail:
    def test_recipient_text_checks_and_mention_stand_on_it(
        self, slack: FakeSlack, told: Told
    ) -> None:
        message = told()
        post, text = post_of(slack, message), message.text
        assert text is not None
        said = words_of(post)
        assert message.to_address in said and f"Subject: {text.subject}" in said
        assert text.body in said and "1 Example Street" in said
        assert all(row["text"] in said for row in message.guards)
        block = next(block for block in post["blocks"] if block["type"] == "actions")
        assert block["elements"][0]["text"]["text"] == "Approve"
        assert set(buttons_of(post)) == {"approve", "reject", "open"}

    def test_before_gohighlevel_is_checked_it_cannot_be_approved(
        self, ghl: Any, slack: FakeSlack, told: Told, clock: Any, client: Client
    ) -> None:
        message = told()
        card = post_of(slack, message)
        assert email_cards.NOT_CHECKED in words_of(card)
        assert set(buttons_of(card)) == {"reject", "open"}
        _press_approve_all_the_same(client, slack, message)
        assert f"Not approved. {email_cards.NOT_CHECKED}" in answers(slack)[0]
        assert Message.objects.get(pk=message.pk).status == "held"
        clock.shift(timedelta(seconds=1))
        GhlLook.objects.update_or_create(
            message=message, defaults={"looked_at": timezone.now(), "contact_id": ""}
        )
        clock.shift(timedelta(seconds=1))
        assert card_updates.update_cards() == 1
        card = post_of(slack, message)
        assert "Checked at GoHighLevel: They are not known there." in words_of(card)
        assert "approve" in buttons_of(card)
        assert card_updates.update_cards() == 0, "it was compared since"

    def test_the_rules_that_leave_it_to_a_person_stand_on_it(
        self, slack: FakeSlack, told: Told
    ) -> None:
        for name, codes in (("Ours", ["US"]), ("<!channel> rule", []), ("Not these", ["DE"])):
            ApprovalRule.objects.create(name=name, countries=codes, created_by="lena")
        assert "rule" not in words_of(post_of(slack, told())), "Parallel tells no verdict"
        Control.objects.update(phase="assisted")
        said = words_of(post_of(slack, told()))
        assert "A person decides: rule “Ours”." in said and "Not these" not in said
        assert "A person decides: rule “&lt;!channel&gt; rule”." in said

    def test_the_unsubscribe_address_is_not_on_it(self, slack: FakeSlack, told: Told) -> None:
        message = told()
        assert message.unsubscribe_token not in str(post_of(slack, message))
        assert "Unsubscribe" in words_of(post_of(slack, message))

    def test_critical_can_only_be_opened_or_rejected(
        self, slack: FakeSlack, told: Told, monkeypatch: Any
    ) -> None:
        message = factories.held_email()
        Message.objects.filter(pk=message.pk).update(critical_reason="An open deal.")
        held_notices.create_held_notices()
        escalation.deliver_due_notices()
        post = post_of(slack, message)
        assert set(buttons_of(post)) == {"reject", "open"}
        assert "CRITICAL: An open deal. Open it to decide." in words_of(post)

    def test_a_text_that_does_not_fit_can_only_be_opened_or_rejected(
        self, slack: FakeSlack, rita: User
    ) -> None:
        message = factories.held_email()
        rewrite(message, "Long words. " * 1500)
        held_notices.create_held_notices()
        escalation.deliver_due_notices()
        post = post_of(slack, message)
        assert set(buttons_of(post)) == {"reject", "open"}
        assert card_blocks.NOT_WHOLE in words_of(post)
        assert len(words_of(post)) < 4000

    def test_without_the_signing_secret_it_can_only_be_opened(
        self, slack: FakeSlack, rita: User, settings: Any
    ) -> None:
        settings.SLACK_SIGNING_SECRET = ""
        message = factories.held_email()
        held_notices.create_held_notices()
        escalation.deliver_due_notices()
        post = post_of(slack, message)
        assert set(buttons_of(post)) == {"open"}
        assert "SLACK_SIGNING_SECRET is not set" in words_of(post)

    @pytest.mark.parametrize("typed", HOSTILE[:5])
    def test_a_visitors_name_mentions_and_links_nobody(
        self, slack: FakeSlack, rita: User, typed: str
    ) -> None:
        lead = factories.LeadFactory(first_name=typed[:60], last_name="", title=typed[:100])
        message = factories.held_email(lead)
        held_notices.create_held_notices()
        escalation.deliver_due_notices()
        (call,) = slack.requests()
        sent = call.json
        assert (sent["mrkdwn"], sent["parse"], sent["link_names"]) == (False, "none", False)
        assert "mrkdwn" not in str(post_of(slack, message)["blocks"])


def by_desk(message: Message, user: User) -> None:
    decisions.approve(message, message.version, Decider(user, "desk"))


def by_admin_rejected(message: Message, user: User) -> None:
    decider = Decider(user, "admin")
    decisions.reject(message, message.version, decider, tag="other", reason=REASON)


def by_api_key(message: Message, user: User) -> None:
    decisions.approve(message, message.version, Decider(None, "api", "key robot", by_key=True))


def by_machine(message: Message, user: User) -> None:
    review_actions.approve_email(message, message.version, by=None, why=MoveCode.MACHINE)


def by_expiry(message: Message, user: User) -> None:
    Message.objects.filter(pk=message.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert review_actions.expire_due() == 1


def by_withdrawal(message: Message, user: User) -> None:
    review_actions.withdraw_email(message, by=user, reason="Not now.")


def by_opting_out(message: Message, user: User) -> None:
    review_actions.withdraw_open_emails(message.lead, MoveCode.UNSUBSCRIBED)


def cards(slack: FakeSlack) -> list[dict[str, Any]]:
    return [post for post in slack.posts() if not post["thread_ts"]]


@pytest.mark.django_db
class TestFollowsTheRow:
    @pytest.mark.parametrize(
        ("decide", "said", "left"),
        [
            (by_desk, "lena approved this email at", {"undo"}),
            (by_admin_rejected, "lena rejected this email in the admin at", {"undo"}),
            (by_api_key, "key robot approved this email by the API at", {"undo"}),
            (by_machine, "The machine approved this email at", {"undo"}),
            (by_expiry, "Expired without a decision", set()),
            (by_withdrawal, "Withdrawn", set()),
            (by_opting_out, "this person wants no more emails. It was not sent.", set()),
        ],
    )
    def test_whatever_decides_every_card_says_so_after_one_sweep(
        self,
        slack: FakeSlack,
        told: Told,
        clock: Any,
        lena: User,
        rita_is_told: User,
        decide: Any,
        said: str,
        left: Any,
    ) -> None:
        message = told()
        clock.shift(timedelta(hours=2, seconds=1))
        held_notices.create_held_notices()
        escalation.deliver_due_notices()
        assert SlackCard.objects.count() == 2  # hers and the channel's, once for four steps
        assert len(cards(slack)) == 2

        decide(Message.objects.get(pk=message.pk), lena)
        update_cards()

        for post in cards(slack):
            assert said in words_of(post)
            assert set(buttons_of(post)) == left
        clock.shift(timedelta(seconds=31))
        update_cards()
        for post in cards(slack):
            assert said in words_of(post) and buttons_of(post) == {}
        beat = Heartbeat.objects.get(name="approvals.update_cards")
        assert beat.worked_at is not None

    def test_a_card_that_says_the_truth_is_left_alone(self, slack: FakeSlack, told: Told) -> None:
        told()
        for _ in range(5):
            card_updates.update_cards()
        assert slack.updates() == []

    def test_it_is_compared_again_in_any_case_after_minutes(
        self, slack: FakeSlack, told: Told, clock: Any
    ) -> None:
        message = told()
        Lead.objects.filter(pk=message.lead_id).update(title="Chief of Freight")
        card_updates.update_cards()
        assert slack.updates() == []
        clock.shift(timedelta(minutes=11))
        card_updates.update_cards()
        assert "Chief of Freight" in words_of(post_of(slack, message))

    def test_an_undo_on_the_desk_gives_the_buttons_back(
        self, slack: FakeSlack, told: Told, lena: User
    ) -> None:
        message = told()
        by_desk(message, lena)
        card_updates.update_cards()
        undo.undo(Message.objects.get(pk=message.pk), 1, Decider(lena, "desk"))
        card_updates.update_cards()
        assert set(buttons_of(post_of(slack, message))) == {"approve", "reject", "open"}

    def test_a_halt_is_on_every_waiting_card(
        self, slack: FakeSlack, told: Told, lena: User
    ) -> None:
        messages = [told(), told()]
        phase.halt_sending(by=lena, reason="test")
        card_updates.update_cards()
        for message in messages:
            button = buttons_of(post_of(slack, message))["approve"]
            assert button["text"]["text"] == "Approve, hold while halted"

    def test_open_cards_cost_four_queries_where_nothing_changed(
        self, slack: FakeSlack, told: Told, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(3):
            told()
        with django_assert_max_num_queries(4):
            card_updates.update_cards()

    def test_an_erased_person_is_named_on_no_card(
        self, slack: FakeSlack, told: Told, clock: Any
    ) -> None:
        ended, waiting = told(), told()
        by_withdrawal(ended, None)  # type: ignore[arg-type]
        clock.shift(timedelta(seconds=31))
        card_updates.update_cards()
        for message in (ended, waiting):
            suppression.suppress(message.to_address, "erased", "test", message.lead)
        assert card_updates.blank_erased() == 2
        for post in slack.posts():
            assert words_of(post) == email_cards.ERASED and buttons_of(post) == {}
            assert "Whitfield" not in str(post) and "U0RITA" not in str(post)
        assert (card_updates.blank_erased(), card_updates.update_cards()) == (0, 0)

    def test_a_card_whose_row_was_lost_is_taken_in_when_it_is_pressed(
        self, client: Client, slack: FakeSlack, told: Told
    ) -> None:
        message = told()
        kept = SlackCard.objects.get()
        lost = slack.posts()[0]
        SlackCard.objects.all().delete()
        SlackCard.objects.bulk_create([kept])
        SlackCard.objects.update(ts="1.000001")  # the button's own message is unknown here
        body = slack_module.block_actions(
            "approve",
            f"{message.public_id}.1",
            user="U0RITA",
            channel=lost["channel_id"],
            ts=lost["ts"],
            response_url=slack.response_url,
        )
        send(client, body)
        work_off()
        assert "rita approved this email" in words_of(slack.posts()[0])


@pytest.mark.django_db
class TestSlackRefuses:
    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("not_in_channel", "type /invite and its name"),
            ("channel_not_found", "Correct SLACK_CHANNEL"),
            ("is_archived", "#sales-bot is archived"),
            ("account_inactive", "Install the app again"),
            ("token_revoked", "Install the app again"),
            ("invalid_auth", "SLACK_BOT_TOKEN is not a token that Slack knows"),
            ("missing_scope", "The app lacks the scope"),
        ],
    )
    def test_each_setup_error_says_what_to_do(
        self, slack: FakeSlack, rita: User, clock: Any, code: str, said: str
    ) -> None:
        slack.fail(code, times=None)
        factories.held_email()
        held_notices.create_held_notices()
        escalation.deliver_due_notices()
        notice = Notice.objects.get()
        assert said in notice.error and f"({code})" in notice.error
        alarm = Alarm.objects.get(key="slack", closed_at=None)
        assert said in alarm.text
        escalation.create_alarm_notices()
        assert Notice.objects.filter(key=f"alarm:{alarm.pk}", text=alarm.text).exists()

    def test_the_alarm_closes_when_slack_takes_a_message_again(
        self, slack: FakeSlack, rita: User, clock: Any
    ) -> None:
        slack.fail("not_in_channel", times=1)
        factories.held_email()
        held_notices.create_held_notices()
        escalation.deliver_due_notices()
        clock.shift(timedelta(minutes=1))
        escalation.deliver_due_notices()
        assert Alarm.objects.get(key="slack").closed_at is not None
        assert len(slack.posts()) == 1

    def test_a_limit_says_that_nothing_is_to_be_done(
        self, slack: FakeSlack, rita: User, clock: Any
    ) -> None:
        slack.rate_limited(30)
        factories.held_email()
        held_notices.create_held_notices()
        escalation.deliver_due_notices()
        assert "Nothing to do: it is tried again then" in Notice.objects.get().error

    def test_a_limit_delays_a_card_and_loses_nothing(
        self, slack: FakeSlack, told: Told, clock: Any, lena: User
    ) -> None:
        message = told()
        by_desk(message, lena)
        slack.rate_limited(20, route="POST /api/chat.update")
        card_updates.update_cards()
        assert (slack.updates(), SlackCard.objects.get().status) == ([], "held")
        clock.shift(timedelta(seconds=21))
        card_updates.update_cards()
        assert "lena approved this email" in words_of(post_of(slack, message))
        assert RateWindow.objects.filter(vendor=slack_client.UPDATES).exists()

    def test_what_was_decided_goes_before_a_word_on_the_others(
        self, slack: FakeSlack, told: Told, clock: Any, lena: User, monkeypatch: Any
    ) -> None:
        messages = [told() for _ in range(4)]
        monkeypatch.setattr(slack_client, "UPDATES_A_MINUTE", 1)
        phase.halt_sending(by=lena, reason="test")
        by_desk(messages[-1], lena)
        card_updates.update_cards()
        assert len(slack.updates()) == 1
        assert "lena approved this email" in words_of(post_of(slack, messages[-1]))
        for _ in range(4):
            clock.shift(timedelta(seconds=61))
            card_updates.update_cards()
        assert "hold while halted" in str(post_of(slack, messages[0])["blocks"])

    def test_a_deleted_message_is_given_up(self, slack: FakeSlack, told: Told, lena: User) -> None:
        message = told()
        by_desk(message, lena)
        slack.fail("message_not_found", route="POST /api/chat.update")
        card_updates.update_cards()
        card = SlackCard.objects.get()
        assert (card.error, card.ended_at is not None) == ("message_not_found", True)
        assert card_updates.update_cards() == 0

    @pytest.mark.parametrize("status", [500, 503])
    def test_an_outage_is_tried_again(
        self, slack: FakeSlack, told: Told, clock: Any, lena: User, status: int
    ) -> None:
        message = told()
        by_desk(message, lena)
        slack.on("POST /api/chat.update").status(status, "oops", times=2)
        for _ in range(3):
            card_updates.update_cards()
            clock.shift(timedelta(seconds=10))
        assert "lena approved this email" in words_of(post_of(slack, message))

    def test_without_a_token_nothing_is_asked(
        self, slack: FakeSlack, told: Told, lena: User, settings: Any
    ) -> None:
        message = told()
        by_desk(message, lena)
        settings.SLACK_BOT_TOKEN = ""
        before = len(slack.requests())
        assert (card_updates.update_cards(), card_updates.blank_erased()) == (0, 0)
        assert len(slack.requests()) == before


@pytest.mark.django_db
def test_a_press_of_undo_after_a_rejection_by_another_is_theirs(
    client: Client, slack: FakeSlack, told: Told, lena: User
) -> None:
    message = told()
    by_admin_rejected(message, lena)
    card_updates.update_cards()
    press(client, slack, message, "undo")
    assert "Only whoever decided can undo it." in answers(slack)[0]
    assert Message.objects.get(pk=message.pk).status == "rejected"
