"""What visitors and reviewers type is text: markup, mentions, formulas, turning letters."""

import csv
import html
import io
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from approvals.decisions import decisions
from approvals.decisions.decisions import Decider
from approvals.escalation import escalation, held_notices
from leads.models import TeamMember
from outreach.models import Message
from outreach.review import review_actions
from tests import factories
from tests.fakes.slack import FakeSlack

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
MARKUP = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
MENTION = "<!channel> <@U0BOSS> *x* https://evil.test"
FORMULA = '=HYPERLINK("http://evil.test","x")'
LIVE = ("<img src=x", "<script>alert", "href='https://evil.test", 'href="https://evil.test')


def hostile_email() -> Message:
    """Rows as an older release may have stored them, before what visitors type was cleaned."""
    company = factories.CompanyFactory(name=f"Acme {MARKUP}"[:80], industry=FORMULA)
    lead = factories.LeadFactory(
        first_name="Dana", last_name=f"Okafor {MARKUP}"[:80], title=f"{MENTION} {FORMULA}"[:100],
        company=company, email="dana@acme-hostile.test", linkedin_key="in/dana-hostile",
    )  # fmt: skip
    factories.VisitFactory(lead=lead, path=f"/{MARKUP}", url=f"https://ours.test/{MARKUP}"[:200])
    return factories.held_email(lead)


def assert_inert(page: str, where: str) -> None:
    for mark in LIVE:
        assert mark not in page, f"{where}: {mark}"
    for link in re.findall(r'(?:href|src|action)="([^"]*)"', page):
        scheme = html.unescape(link).strip().lower()
        assert not scheme.startswith(("javascript:", "data:", "vbscript:")), f"{where}: {link}"


def test_what_a_visitor_typed_is_text_on_every_page(client: Client, lead_user: User) -> None:
    message = hostile_email()
    client.force_login(lead_user)
    desk = f"/sales/queue/{message.public_id}"
    change = f"/admin/approvals/approval/{message.pk}/change/"
    lead = f"/sales/leads/{message.lead.public_id}"
    places = [
        "/sales/queue", desk, f"{desk}/reject", f"{desk}/edit", f"{desk}/copies", lead, "/sales",
        "/sales/leads", "/admin/approvals/approval/", change, "/sales/lessons", "/sales/notices",
    ]  # fmt: skip
    shown = ""
    for place in places:
        answer = client.get(place)
        assert answer.status_code == 200, place
        assert_inert(answer.content.decode(), place)
        shown += answer.content.decode()
    asked = {"action": "approve_emails", "_selected_action": [message.pk]}
    page = client.post("/admin/approvals/approval/", asked).content.decode()
    assert_inert(page, "the admin's page to approve")
    assert "&lt;img src=x" in shown and "&lt;img src=x" in page
    decisions.approve(message, 1, Decider(lead_user, "desk"))
    for place in ("/sales/sent", desk, change):
        assert_inert(client.get(place).content.decode(), place)


def test_a_card_about_a_visitor_is_text(slack: FakeSlack, settings: Any) -> None:
    settings.SLACK_SIGNING_SECRET = "slack-secret-0123456789abcdef"
    hostile_email()
    held_notices.create_held_notices()
    escalation.deliver_due_notices()
    (post,) = slack.posts()
    typed = [one for one in post["blocks"] if one["type"] == "section"]
    assert typed and all(one["text"]["type"] == "plain_text" for one in typed)
    assert "<!channel>" not in str(post["blocks"]) and "<@U0BOSS>" not in str(post)


def test_a_notice_by_email_has_one_recipient_and_one_line_of_subject(
    settings: Any, sender: TeamMember
) -> None:
    settings.EMAIL_URL = "smtp://localhost"
    lead = factories.LeadFactory(first_name="Eve", last_name="A\r\nBcc: boss@evil.test")
    factories.held_email(lead)
    hostile_email()
    held_notices.create_held_notices()
    escalation.deliver_due_notices()
    assert len(mail.outbox) == 2
    for sent in mail.outbox:
        assert "\n" not in sent.subject and sent.recipients() == [sender.email]
        assert sent.content_subtype == "plain" and not getattr(sent, "alternatives", [])


def test_what_a_reviewer_typed_is_text_for_everybody_else(
    client: Client, reviewer: User, lead_user: User
) -> None:
    rejected, edited = factories.held_email(), factories.held_email()
    reason = f"{FORMULA} {MARKUP} {MENTION}"
    client.force_login(reviewer)
    desk = f"/sales/queue/{rejected.public_id}"
    said = client.post(f"{desk}/note", {"note": f"See {MARKUP}"})
    assert said.status_code == 303
    scores = dict.fromkeys(
        ("personalisation", "subject_line", "value_proposition", "call_to_action", "tone"), 3
    )
    client.post(f"{desk}/score", {"version": 1, **scores, "comment": reason})
    client.post(f"{desk}/reject", {"version": 1, "tag": "other", "reason": reason})
    assert Message.objects.get(pk=rejected.pk).status == "rejected"
    text = edited.text
    assert text is not None
    edited = review_actions.edit_text(
        edited, 1, subject=f"{FORMULA}"[:60], body=f"{text.body}\n\n{MARKUP}", by=reviewer
    )
    client.force_login(lead_user)
    of_edited = f"/sales/queue/{edited.public_id}"
    places = [
        desk, of_edited, f"{of_edited}/edit", f"{of_edited}/reject", "/sales/queue",
        "/sales/lessons", "/sales/quality", "/admin/approvals/decision/",
        f"/admin/approvals/approval/{edited.pk}/change/",
    ]  # fmt: skip
    for place in places:
        answer = client.get(place)
        assert answer.status_code == 200, place
        assert_inert(answer.content.decode(), place)
    assert "&lt;script&gt;alert(2)" in client.get(desk).content.decode()
    written = client.get("/sales/lessons/edits.csv").content.decode("utf-8-sig")
    for row in csv.reader(io.StringIO(written)):
        assert not any(cell.startswith("=") for cell in row)
    assert "'=HYPERLINK" in written
