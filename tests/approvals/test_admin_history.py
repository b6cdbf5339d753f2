"""The approval list shows what happened to an email and what people changed, as the desk does."""

import html
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from approvals.decisions import decisions
from approvals.decisions.decisions import Decider
from approvals.desk import desk
from outreach.models import Message
from outreach.review import review_actions
from tests import factories

pytestmark = pytest.mark.django_db
REASON = "The <first> line is about us, not about them."


def words(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<(?!ins|/ins|del|/del)[^>]*>", " ", page).split()))


def test_history_and_edits_are_those_of_the_desk(client: Client, lead_user: User) -> None:
    message = factories.held_email()
    text = message.text
    assert text is not None
    client.force_login(lead_user)
    url = f"/admin/approvals/approval/{message.pk}/change/"
    assert "Nobody has edited it." in client.get(url).content.decode()
    review_actions.edit_text(
        message, 1, subject=text.subject, body=f"{text.body} <b>Truly</b>", by=lead_user
    )
    message = Message.objects.get(pk=message.pk)
    decisions.reject(message, 2, Decider(lead_user, "desk"), tag="tone_style", reason=REASON)

    page = client.get(url).content.decode()

    assert "<ins>" in page and "<b>Truly</b>" not in page, "what people wrote is text"
    said = words(page)
    assert "Version 2, lena: 0 words removed, 1 added" in said
    for entry in desk.message_history(Message.objects.get(pk=message.pk)):
        assert entry.text in said and entry.reason in said
    assert REASON in said
