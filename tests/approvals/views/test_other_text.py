"""Other texts on the desk: a test to oneself, another template, a snippet."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from approvals.decisions import claims
from outreach.models import EmailTemplate, Message, SandboxEmail, SendIntent, Snippet
from outreach.review import review_actions
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]


@pytest.fixture
def message() -> Message:
    return factories.held_email(topic="what we build")


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


def url(message: Message, what: str) -> str:
    return f"/sales/queue/{message.public_id}/{what}"


def as_it_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


class TestSendTest:
    @pytest.fixture(autouse=True)
    def email_server(self, settings: Any, reviewer: User) -> None:
        settings.EMAIL_URL = "smtp://loopback"
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        User.objects.filter(pk=reviewer.pk).update(email="rita@ours.example.com")

    def test_it_goes_to_oneself_and_counts_nowhere(self, desk: Client, message: Message) -> None:
        before = Message.objects.values().get(pk=message.pk)
        answer = desk.post(url(message, "test"), follow=True)
        assert "Test sent to rita@ours.example.com. It is not counted as a send." in (
            answer.content.decode()
        )
        sent = mail.outbox[0]
        assert sent.to == ["rita@ours.example.com"] and sent.cc == sent.bcc == []
        assert sent.subject == f"[Test] {message.text.subject}"
        assert message.text.body in sent.body and message.unsubscribe_token not in str(
            sent.message()
        )
        assert Message.objects.values().get(pk=message.pk) == before
        assert not SendIntent.objects.exists() and not SandboxEmail.objects.exists()

    def test_without_email_url_it_says_so(
        self, desk: Client, message: Message, settings: Any
    ) -> None:
        settings.EMAIL_URL = ""
        answer = desk.post(url(message, "test"), follow=True)
        assert "EMAIL_URL is not set" in answer.content.decode() and mail.outbox == []

    def test_without_an_address_it_says_so(self, desk: Client, message: Message) -> None:
        User.objects.update(email="")
        answer = desk.post(url(message, "test"), follow=True)
        assert "your account has no email address" in answer.content.decode()
        assert mail.outbox == []

    def test_a_server_that_is_away_is_no_error_page(
        self, desk: Client, message: Message, settings: Any
    ) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        answer = desk.post(url(message, "test"), follow=True)
        assert answer.status_code == 200 and "Not sent: the email server" in answer.content.decode()


class TestAnotherTemplate:
    def test_it_lists_what_fits_and_takes_one(self, desk: Client, message: Message) -> None:
        first = message.text
        page = desk.get(url(message, "other"))
        texts = page.context["texts"]
        names = {one.template.key for one in texts}
        assert "tier_1.general" in names and "tier_1.high_intent" not in names
        assert not {"tier_1.hiring", "tier_1.warm_connection"} & names, "they lack a field"
        chosen = next(one for one in texts if one.template.key == "tier_1.general")
        form = {"version": 1, "template": chosen.template.pk}
        assert desk.post(url(message, "other"), form).status_code == 303
        found = as_it_is(message)
        assert (found.status, found.version, found.template) == ("held", 2, chosen.template)
        assert (found.text.subject, found.text.body) == (chosen.subject, chosen.body)
        assert found.texts.get(version=1) == first and found.text.footer == first.footer
        assert found.template_why == "chosen by rita" and found.opened_at is not None
        assert all(row["passed"] for row in found.guards)

    @pytest.mark.parametrize(
        ("version", "template", "status"),
        [("9", "own", 409), ("", "own", 422), ("1", "x", 422), ("1", "9" * 5000, 422)],
    )
    def test_a_stale_or_broken_form_changes_nothing(
        self, desk: Client, message: Message, version: str, template: str, status: int
    ) -> None:
        key = EmailTemplate.objects.get(key="tier_1.general", active=True).pk
        form = {"version": version, "template": key if template == "own" else template}
        assert desk.post(url(message, "other"), form).status_code == status
        assert (as_it_is(message).version, message.texts.count()) == (1, 1)

    def test_a_template_that_does_not_fit_is_refused(self, desk: Client, message: Message) -> None:
        hiring = EmailTemplate.objects.get(key="tier_1.hiring", active=True)
        answer = desk.post(url(message, "other"), {"version": 1, "template": hiring.pk})
        assert answer.status_code == 409 and "does not fit any more" in answer.content.decode()
        assert as_it_is(message).version == 1

    def test_a_colleagues_claim_is_respected(
        self, desk: Client, message: Message, lead_user: User
    ) -> None:
        claims.claim_message(message, lead_user)
        general = EmailTemplate.objects.get(key="tier_1.general", active=True)
        answer = desk.post(url(message, "other"), {"version": 1, "template": general.pk})
        assert answer.status_code == 409 and as_it_is(message).version == 1

    def test_a_decided_email_keeps_its_text(
        self, desk: Client, message: Message, reviewer: User
    ) -> None:
        review_actions.reject_email(
            message, 1, by=reviewer, tag="other", reason="Not this one now."
        )
        general = EmailTemplate.objects.get(key="tier_1.general", active=True)
        answer = desk.post(url(message, "other"), {"version": 1, "template": general.pk})
        assert answer.status_code in (302, 303) and as_it_is(message).version == 1

    def test_new_times_are_offered_in_place_of_those_over(self, desk: Client, clock: Any) -> None:
        message = factories.held_email(topic="our demo")
        review_actions.mark_opened(message)
        clock.shift(4 * 3600)
        texts = desk.get(url(message, "other")).context["texts"]
        same = next(one for one in texts if one.is_same_template)
        desk.post(url(message, "other"), {"version": 1, "template": same.template.pk})
        assert as_it_is(message).offer_ends_at > message.offer_ends_at


class TestSnippets:
    PAGE = "/sales/settings/snippets"

    def test_a_snippet_is_added_to_what_was_typed(self, desk: Client, message: Message) -> None:
        kept = Snippet.objects.create(name="Parking", text="There is parking behind the house.")
        form = {"version": 1, "subject": "Typed", "body": "Hi Dana,", "snippet": kept.pk}
        page = desk.post(url(message, "insert"), form).content.decode()
        assert "Hi Dana,\n\nThere is parking behind the house.</textarea>" in page
        assert 'value="Typed"' in page and as_it_is(message).version == 1
        assert "Insert Parking" in " ".join(desk.get(url(message, "edit")).content.decode().split())

    @pytest.mark.parametrize("gone", ["999", "x", "", "9" * 5000])
    def test_one_that_is_gone_leaves_what_was_typed(
        self, desk: Client, message: Message, gone: str
    ) -> None:
        form = {"version": 1, "subject": "Typed", "body": "Hi Dana,", "snippet": gone}
        page = desk.post(url(message, "insert"), form).content.decode()
        assert "Hi Dana,</textarea>" in page

    def test_the_tag_that_was_chosen_stays(self, desk: Client, message: Message) -> None:
        kept = Snippet.objects.create(name="Parking", text="Behind.")
        form = {"version": 1, "subject": "S", "body": "B", "tag": "tone_style", "snippet": kept.pk}
        page = desk.post(url(message, "insert"), form).content.decode()
        assert '<option value="tone_style" selected>' in page

    def test_a_colleagues_email_keeps_what_was_typed(
        self, desk: Client, message: Message, lead_user: User
    ) -> None:
        kept = Snippet.objects.create(name="Parking", text="Behind.")
        claims.claim_message(message, lead_user)
        form = {"version": 1, "subject": "Typed", "body": "Hi Dana,", "snippet": kept.pk}

        answer = desk.post(url(message, "insert"), form)

        page = answer.content.decode()
        assert answer.status_code == 409 and "has this email until" in page
        assert "Hi Dana,</textarea>" in page and 'value="Typed"' in page

    def test_into_a_decided_email_nothing_is_inserted(
        self, desk: Client, message: Message, reviewer: User
    ) -> None:
        review_actions.approve_email(message, 1, by=reviewer)
        form = {"version": 1, "subject": "Typed", "body": "Hi Dana,", "snippet": "1"}
        assert desk.post(url(message, "insert"), form).status_code == 409

    @pytest.mark.parametrize("gone", ["999", "x", "9" * 5000])
    def test_a_snippet_that_is_gone_is_not_changed(
        self, client: Client, lead_user: User, gone: str
    ) -> None:
        client.force_login(lead_user)
        answer = client.post(self.PAGE, {"pk": gone, "do": "remove"}, follow=True)
        assert "That snippet is gone. Nothing was changed." in answer.content.decode()

    def test_a_lead_adds_changes_and_removes_one(self, client: Client, lead_user: User) -> None:
        client.force_login(lead_user)
        client.post(self.PAGE, {"name": "Parking", "text": "Behind."})
        one = Snippet.objects.get()
        client.post(self.PAGE, {"pk": one.pk, "name": "Parking", "text": "In front."})
        one.refresh_from_db()
        assert (one.text, one.changed_by) == ("In front.", lead_user)
        client.post(self.PAGE, {"pk": one.pk, "do": "remove"})
        assert not Snippet.objects.exists()

    @pytest.mark.parametrize(
        "form",
        [
            {"name": "", "text": "x"},
            {"name": "Parking", "text": ""},
            {"name": "Taken", "text": "x"},
        ],
    )
    def test_an_incomplete_one_is_refused(
        self, client: Client, lead_user: User, form: dict[str, str]
    ) -> None:
        Snippet.objects.create(name="Taken", text="Here first.")
        client.force_login(lead_user)
        assert client.post(self.PAGE, form).status_code == 422
        assert Snippet.objects.get().text == "Here first."

    def test_a_reviewer_changes_none(self, desk: Client) -> None:
        assert desk.get(self.PAGE).status_code == 200
        assert desk.post(self.PAGE, {"name": "Mine", "text": "x"}).status_code == 403
        assert not Snippet.objects.exists()
