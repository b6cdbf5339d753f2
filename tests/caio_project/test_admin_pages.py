"""Every page of the admin opens, shows what it should, and changes nothing by being opened."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from approvals.decisions import decisions
from approvals.desk import reading_proof
from approvals.models import Approval, Decision
from leads.scoring_rules import Tier
from outreach.models import Message
from outreach.review import review_actions
from tests import factories

pytestmark = pytest.mark.django_db

OURS = ("lib", "leads", "outreach", "approvals", "metrics")
MODELS = [model for model in admin.site._registry if model._meta.app_label in OURS]
REASON = "The pain does not match what a VP of Sales does."


@pytest.fixture
def boss(client: Client) -> User:
    user = User.objects.create_superuser("boss", "boss@ours.example.com", "a-long-password")
    client.force_login(user)
    return user


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_lists_and_rows_open(client: Client, boss: User, model: Any) -> None:
    message = factories.cleared_email()
    factories.VisitFactory(lead=message.lead)
    factories.create_feedback(message)
    opts = model._meta
    assert (
        client.get(reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")).status_code
        == 200
    )
    for row in model.objects.all()[:1]:
        path = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])
        assert client.get(path).status_code == 200


def test_the_approval_list_opens_on_what_waits(client: Client, boss: User) -> None:
    held, cleared = factories.held_email(), factories.cleared_email()
    page = client.get("/admin/approvals/approval/").content.decode()
    assert held.lead.name in page
    assert cleared.lead.name not in page


class TestDecisions:
    path = "/admin/approvals/approval/"

    def proof(self, *messages: Message) -> dict[str, str]:
        boss, ago = User.objects.latest("pk"), time.time() - 60
        return {f"shown_{m.pk}": reading_proof.sign_proof(m, boss, at=ago) for m in messages}

    def act(self, client: Client, action: str, *messages: Message, **more: Any) -> Any:
        body = {"action": action, "_selected_action": [m.pk for m in messages], **more}
        return client.post(self.path + "?status__exact=held", body, follow=True)

    def test_approving_first_shows_full_texts_and_decides_nothing(
        self, client: Client, boss: User
    ) -> None:
        messages = [factories.held_email(), factories.held_email()]
        page = self.act(client, "approve_emails", *messages).content.decode()
        for message in messages:
            assert message.text is not None and escape(message.text.subject) in page
            assert "Unsubscribe: http://localhost/u/…" in page
            assert message.unsubscribe_token not in page
        assert Decision.objects.count() == 0

    def test_confirmed_at_the_version_shown_it_is_approved(
        self, client: Client, boss: User
    ) -> None:
        message = factories.held_email()
        self.act(client, "approve_emails", message, confirmed="1", **self.proof(message))
        message.refresh_from_db()
        assert (message.status, Decision.objects.get().channel) == ("cleared", "admin")

    @pytest.mark.parametrize("proof", ["", "1", "²", "9" * 5000, "x:y:z"])
    def test_approving_without_reading_proof_is_refused(
        self, client: Client, boss: User, proof: str
    ) -> None:
        message = factories.held_email()
        self.act(client, "approve_emails", message, confirmed="1", **{f"shown_{message.pk}": proof})
        message.refresh_from_db()
        assert (message.status, Decision.objects.count()) == ("held", 0)

    def test_approving_a_fresh_or_changed_text_is_refused(self, client: Client, boss: User) -> None:
        message, changed = factories.held_email(), factories.held_email()
        old = self.proof(changed)
        review_actions.edit_text(
            changed, 1, subject="Another", body=f"{changed.text.body} More.", by=boss
        )  # type: ignore[union-attr]
        now = {f"shown_{message.pk}": reading_proof.sign_proof(message, boss)}
        self.act(client, "approve_emails", message, changed, confirmed="1", **now, **old)
        message.refresh_from_db()
        message.refresh_from_db()
        assert (message.status, Decision.objects.count()) == ("held", 0)

    def test_a_critical_email_is_not_approved_in_a_batch(self, client: Client, boss: User) -> None:
        one, other = factories.held_email(), factories.held_email()
        Message.objects.filter(pk=one.pk).update(critical_reason="answered before", rank=0)
        versions = self.proof(one, other)
        page = self.act(
            client, "approve_emails", one, other, confirmed="1", **versions
        ).content.decode()
        assert "is CRITICAL and needs its own look" in page
        assert list(Message.objects.order_by("pk").values_list("status", flat=True)) == [
            "held",
            "cleared",
        ]

    def test_rejecting_needs_a_tag_and_a_reason(self, client: Client, boss: User) -> None:
        message = factories.held_email()
        told = {**self.proof(message), "confirmed": "1", "tag": "weak_subject"}
        self.act(client, "reject_emails", message, **told, reason="short")
        message.refresh_from_db()
        assert (message.status, Decision.objects.count()) == ("held", 0)
        self.act(client, "reject_emails", message, **told, reason=REASON)
        message.refresh_from_db()
        assert (message.status, Decision.objects.get().reason.text) == ("rejected", REASON)

    def test_a_viewer_has_no_actions_and_cannot_post_them(
        self, client: Client, viewer: User
    ) -> None:
        message = factories.held_email()
        client.force_login(viewer)
        assert "approve_emails" not in client.get(self.path).content.decode()
        answer = self.act(client, "approve_emails", message, confirmed="1", **self.proof(message))
        message.refresh_from_db()
        assert answer.status_code == 403
        assert (message.status, Decision.objects.count()) == ("held", 0)

    def test_it_is_a_window_otherwise(self, client: Client, boss: User) -> None:
        message = Approval.objects.get(pk=factories.held_email().pk)
        for what in ("delete", "history"):
            client.post(
                reverse(f"admin:approvals_approval_{what}", args=[message.pk]), {"post": "yes"}
            )
        assert client.get(reverse("admin:approvals_approval_changelist") + "add/").status_code in (
            302,
            403,
            404,
        )
        assert Message.objects.filter(pk=message.pk, status="held").exists()

    def test_decided_elsewhere_meanwhile_it_says_so(
        self, client: Client, boss: User, reviewer: User
    ) -> None:
        message = factories.held_email()
        decisions.approve(message, 1, decisions.Decider(reviewer, "desk"))
        body = {**self.proof(message), "confirmed": "1"}
        page = client.post(
            self.path,
            {"action": "approve_emails", "_selected_action": [message.pk], **body},
            follow=True,
        ).content.decode()
        assert Decision.objects.count() == 1
        assert "rita approved this email" in page


def test_tiers_and_zones_are_in_words(client: Client, boss: User) -> None:
    """As people say them, in a list, its filter and a row."""
    message = factories.held_email()
    Message.objects.update(due_at=datetime(2026, 11, 30, 19, 39, tzinfo=UTC))
    listed = client.get(reverse("admin:approvals_approval_changelist")).content.decode()
    row = client.get(reverse("admin:approvals_approval_change", args=[message.pk])).content.decode()

    assert "Nov 30, 2026, 2:39 PM EST" in listed
    for page in (listed, row):
        assert Tier(message.tier).label in page
        assert f">{message.tier}<" not in page
