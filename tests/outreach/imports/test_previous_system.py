"""What was before us: nobody gets a second first email, no old draft is lost, and none of it is
evidence.
"""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from approvals.queue import review_queue
from leads.models import Lead, Suppression
from leads.scoring import assess
from leads.suppression import suppression
from outreach.choices import MoveCode
from outreach.contact_history import previous_emails
from outreach.contact_history.recipients import load_recipient
from outreach.drafting import critical_reasons, no_draft, open_drafts
from outreach.imports import previous_system
from outreach.models import HistoryItem, Message, Move, Reply, SendIntent
from outreach.review import review_actions
from outreach.sending import send
from tests import factories
from tests.outreach.conftest import WORKING

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]

ADDRESS = "dana@northline-freight.test"
LONG_AGO = WORKING - timedelta(days=40)
BODY = "Hi Dana,\n\nNorthline Freight moves a lot by hand. Which handover would you fix first?"
OLD = {
    "email_id": "e1",
    "status": "pending",
    "to": ADDRESS,
    "subject": "Handovers at Northline Freight",
    "body": BODY,
    "recipient_data": {
        "name": "Dana Okafor",
        "company": "Northline Freight",
        "title": "VP Operations",
    },
    "context": {"intent_score": 82, "icp_tier": "tier_1"},
    "created_at": LONG_AGO.isoformat(),
}


def entry(what: str, at: datetime = LONG_AGO, **more: Any) -> dict[str, Any]:
    return {"email": ADDRESS, "what": what, "at": at.isoformat(), **more}


def take(*rows: dict[str, Any]) -> previous_system.ImportReport:
    return previous_system.import_file("\n".join(json.dumps(row) for row in rows).encode())


def nothing_is_stored() -> bool:
    return not any(
        model.objects.exists() for model in (HistoryItem, Message, Lead, Reply, Suppression)
    )


def test_a_pending_draft_is_held_guarded_again_and_critical() -> None:
    assert take(OLD).by_what == {"draft": 1}
    message = Message.objects.get()
    assert (message.status, message.priority, message.rank) == ("held", "critical", 0)
    assert message.critical_reason == previous_system.IMPORTED_WITH_OTHERS
    assert message.moves.latest("pk").why == MoveCode.BROUGHT
    assert all(row["passed"] for row in message.guards)
    assert message.text.body == BODY
    assert "Unsubscribe: http" in message.text.footer
    assert {p["field"] for p in message.text.phrases} == {"company", "first_name"}
    lead = message.lead
    assert (lead.name, lead.title, lead.company.name) == (
        "Dana Okafor",
        "VP Operations",
        "Northline Freight",
    )
    assert (message.intent, message.tier, message.band) == (82, "tier_1", "hot")


def test_imported_draft_is_approved_and_sent_normally() -> None:
    take(OLD)
    message = Message.objects.get()
    message = review_actions.approve_email(message, 1, by=None)
    assert (message.status, message.transport) == ("cleared", "sandbox")


def test_a_draft_that_a_guard_stops_is_blocked_and_says_why() -> None:
    take({**OLD, "body": "Hi {{first_name}}, nothing about anybody."})
    message = Message.objects.get()
    assert (message.status, message.blocked_by) == ("blocked", "placeholder")
    assert message.error == "Blank field: {{"


def test_new_assessment_keeps_imported_draft() -> None:
    take(OLD)
    factories.VisitFactory(lead=Lead.objects.get(), received_at=timezone.now())
    assess.assess_due()
    open_drafts.open_new_drafts()
    message = Message.objects.get()
    assert (message.text.body, message.version) == (BODY, 1)


@pytest.mark.parametrize("what", ["sent", "approved"])
def test_who_was_written_to_gets_no_first_email(what: str) -> None:
    row = entry("sent", subject="Hello") if what == "sent" else {**OLD, "status": "approved"}
    take(row)
    lead = Lead.objects.get()
    factories.VisitFactory(lead=lead)
    assert (
        str(no_draft.why_no_first_email(lead))
        == "A first email to this person was already sent or refused."
    )
    assess.assess_due()
    open_drafts.open_new_drafts()
    assert Message.objects.get().transport == "history"


def test_a_past_email_uses_no_slot_and_is_no_evidence() -> None:
    take(entry("sent"), {**OLD, "email_id": "2", "to": "luis@other.test", "status": "rejected"})
    assert not SendIntent.objects.exists()
    assert not Move.objects.filter(to_status="sent").exists()
    assert review_queue.current_counts().total == 0


def test_past_email_blocks_company_for_seven_days() -> None:
    take(
        entry("sent", WORKING - timedelta(days=2), company="Northline Freight", name="Dana Okafor")
    )
    company = Lead.objects.get().company
    colleague = factories.LeadFactory(company=company, email="sam@northline-freight.test")
    found = previous_emails.find_blocking_email(load_recipient(colleague))
    assert found is not None
    assert found.until == WORKING + timedelta(days=5)


def test_a_past_rejection_teaches_and_two_make_rest() -> None:
    why = {"tag": "weak_subject", "reason": "It sounds like a newsletter."}
    take(
        *(
            entry("rejected", WORKING - timedelta(days=n), subject=f"News {n}", **why)
            for n in (3, 2)
        )
    )
    lead = Lead.objects.get()
    lessons = previous_emails.rejection_lessons(load_recipient(lead))
    assert [(one.tag, one.reason, one.subject) for one in lessons] == [
        ("weak_subject", "It sounds like a newsletter.", f"News {n}") for n in (2, 3)
    ]
    assert (
        str(no_draft.why_no_first_email(lead)) == "Rejected twice: this person rests for 30 days."
    )


def test_past_answer_makes_later_emails_critical() -> None:
    at = LONG_AGO + timedelta(days=1)
    take(
        entry("answered", at, subject="Re: Hello", body="Sounds interesting, tell me more?"),
        entry("sent"),
    )
    reply = Reply.objects.get()
    assert (reply.message, reply.received_at, reply.source) == (
        Message.objects.get(),
        at,
        "history",
    )
    reason = critical_reasons.critical_reason(load_recipient(reply.lead), Message(lead=reply.lead))
    assert reason == critical_reasons.HAS_ANSWERED


def test_past_stop_suppresses_and_leaves_draft_out() -> None:
    taken = take(entry("answered", body="Please remove me from your list."), OLD)
    assert suppression.find_stop(ADDRESS).reason == "unsubscribed"
    assert taken.left_out == {"Do not contact: Unsubscribed (history).": 1}
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("what", "reason"),
    [("bounced", "bounced"), ("complained", "complained"), ("unsubscribed", "unsubscribed")],
)
def test_what_stops_an_address_stops_it(what: str, reason: str) -> None:
    lead = factories.LeadFactory(email=ADDRESS)
    message = factories.held_email(lead)
    take(entry(what))
    message.refresh_from_db()
    assert suppression.find_stop(ADDRESS).reason == reason
    assert message.status == "withdrawn"


def test_twice_is_once() -> None:
    rows = (OLD, entry("answered", email="a@b.test", body="Yes"), entry("sent", email="c@d.test"))
    first, again = take(*rows), take(*rows)
    assert (first.new, again.new, again.known) == (3, 0, 3)
    assert (Message.objects.count(), Reply.objects.count(), HistoryItem.objects.count()) == (
        2,
        1,
        3,
    )


def test_while_one_line_is_wrong_nothing_is_stored() -> None:
    taken = take(
        OLD,
        entry("sent", email="nobody"),
        entry("sent", WORKING + timedelta(days=1)),
        entry("rejected", tag="boring"),
    )
    assert taken.errors == [
        (2, "email: 'nobody' is not an address."),
        (3, "at: it lies in the future."),
        (4, f"tag: 'boring' is not one of {', '.join(previous_system.Tag.values)}."),
    ]
    assert nothing_is_stored()


class TestCommand:
    def run(self, path: Path, *args: str) -> str:
        out = StringIO()
        call_command("import_history", str(path), *args, stdout=out, stderr=out)
        return out.getvalue()

    def test_says_what_it_took(self, tmp_path: Path) -> None:
        path = tmp_path / "drafts.json"
        path.write_text(
            json.dumps([OLD, {**OLD, "email_id": "2", "to": "luis@other.test", "status": "sent"}])
        )
        said = self.run(path)
        assert "1 draft\n" in said
        assert "1 sent\n" in said
        assert "2 entries read: 2 new, 0 known before." in said

    def test_as_json(self, tmp_path: Path) -> None:
        path = tmp_path / "drafts.json"
        path.write_text(json.dumps(OLD))
        found = json.loads(self.run(path, "--json"))
        assert (found["new"], found["by_what"], found["left_out"], found["stored"]) == (
            1,
            {"draft": 1},
            {},
            True,
        )

    def test_a_wrong_line_ends_with_an_error_and_stores_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "past.csv"
        path.write_text("email,what,at\na@b.test,sent,soon\n")
        with pytest.raises(CommandError, match="1 of 1 lines are wrong. Nothing was stored."):
            self.run(path)
        assert nothing_is_stored()


def test_moments_without_a_zone_are_utc() -> None:
    take({**entry("sent"), "at": "2026-01-05"})
    assert Message.objects.get().sent_at == datetime(2026, 1, 5, tzinfo=UTC)


def test_a_past_email_that_is_brought_later_stops_what_waits(reviewer: User) -> None:
    """The import came after the approval: else they got a second first email."""
    approved = factories.cleared_email()
    held = factories.held_email()
    for message in (approved, held):
        past = {"email": message.to_address, "what": "sent", "at": LONG_AGO.isoformat()}
        assert take({**past, "subject": "Hello", "body": BODY}).by_what == {"sent": 1}
        message.refresh_from_db()
        assert (message.status, message.moves.latest("pk").why) == ("withdrawn", "written_before")
    assert send.send_due() == 0
