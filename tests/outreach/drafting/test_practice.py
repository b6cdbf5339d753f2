"""What was approved in the sandbox is contact with nobody; at the cutover its people come back."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from leads.models import Kind, Lead
from leads.suppression import suppression
from metrics.overview import flow
from outreach.contact_history import contact_matching, previous_emails
from outreach.contact_history.recipients import load_recipient
from outreach.drafting import critical_reasons, drafts, no_draft
from outreach.models import Message, Segment
from outreach.review import review_actions
from outreach.sending import final_checks
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]


@pytest.fixture
def live(settings: Any) -> None:
    settings.SANDBOXED = []


def kept(lead: Lead | None = None, transport: str = "sandbox") -> Message:
    message = factories.cleared_email(lead)
    Message.objects.filter(pk=message.pk).update(
        status="sent", transport=transport, sent_at=timezone.now()
    )
    return Message.objects.get(pk=message.pk)


def colleagues() -> tuple[Lead, Lead]:
    company = factories.CompanyFactory()
    return factories.LeadFactory(company=company), factories.LeadFactory(company=company)


def bring_back(user: User, *args: str) -> str:
    out = StringIO()
    call_command("bring_back_sandboxed", "--as", user.username, *args, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("transport", "why"),
    [
        ("sandbox", None),
        ("ghl", "A first email to this person was already sent or refused."),
        ("history", "A first email to this person was already sent or refused."),
    ],
)
def test_practice_is_no_first_email(transport: str, why: str | None) -> None:
    lead = kept(transport=transport).lead
    factories.VisitFactory(lead=lead, received_at=timezone.now() + timedelta(minutes=1))
    reason = no_draft.why_no_draft_now(lead)
    assert (str(reason) if reason else None) == why


@pytest.mark.parametrize(("transport", "status"), [("sandbox", "held"), ("ghl", "blocked")])
def test_practice_closes_no_company(transport: str, status: str) -> None:
    first, second = colleagues()
    kept(first, transport)
    assert drafts.write_draft(factories.draft_email(second)).status == status


@pytest.mark.parametrize(("transport", "found"), [("sandbox", 0), ("ghl", 1)])
def test_practice_is_no_text_to_avoid(transport: str, found: int) -> None:
    first, second = colleagues()
    kept(first, transport)
    assert len(previous_emails.load_history(load_recipient(second)).texts) == found


def test_two_approvals_in_the_sandbox_do_not_stop_each_other() -> None:
    first, second = colleagues()
    approved = factories.cleared_email(first)
    held = factories.held_email(second)
    review_actions.approve_email(held, held.version, by=None)
    held.refresh_from_db()
    assert (approved.status, held.status) == ("cleared", "cleared")


@pytest.mark.parametrize(("transport", "why"), [("sandbox", None), ("ghl", "same_address")])
def test_practice_under_the_same_address_stops_nothing(transport: str, why: str | None) -> None:
    before = kept(transport=transport)
    other = factories.cleared_email()
    for row in (before, other):
        Message.objects.filter(pk=row.pk).update(to_address="both@example.com")
    other.refresh_from_db()
    stop = final_checks._check_contact_history(other, final_checks.load_recipient(other))
    assert (stop.code if stop else None) == why


@pytest.mark.parametrize(("transport", "found"), [("sandbox", False), ("ghl", True)])
def test_answers_are_never_placed_on_practice(transport: str, found: bool) -> None:
    message = kept(transport=transport)
    placed = contact_matching.newest_email_to(message.lead, timezone.now())
    assert (placed == message) is found


@pytest.mark.parametrize(("transport", "sent"), [("sandbox", 0), ("ghl", 1)])
def test_practice_is_in_no_figure(transport: str, sent: int) -> None:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(transport=transport)
    message.refresh_from_db()
    from outreach.lifecycle.moves import move_message

    move_message(message, "sending", "door")
    move_message(message, "sent", "sent", sent_at=timezone.now())
    stages = {stage.code: stage.count for stage in flow.flow_stages()}
    assert stages["sent"] == sent
    assert (flow.last_activity()["last_sent_at"] is not None) is bool(sent)


def test_pages_say_that_it_was_only_kept(client: Client, viewer: User) -> None:
    lead = kept().lead
    client.force_login(viewer)
    assert "Saved in the sandbox, not sent" in client.get("/sales/leads").content.decode()
    assert lead.pk


@pytest.mark.usefixtures("live")
def test_cutover_brings_people_back_as_critical(lead_user: User) -> None:
    one, two = kept(), kept()
    said = bring_back(lead_user)
    assert "2 of 2 people can come back" in said and "2 drafts are being written" in said
    drafts.write_drafts()
    back = Message.objects.filter(status="held")
    assert {row.lead for row in back} == {one.lead, two.lead}
    assert {row.critical_reason for row in back} == {critical_reasons.FROM_SANDBOX}
    assert Segment.objects.get().what == "sandbox"
    assert "0 of 0 people" in bring_back(lead_user)
    assert Message.objects.count() == 4


def stopped() -> Message:
    message = kept()
    suppression.suppress(message.to_address, "unsubscribed", "test", message.lead)
    return message


def written_since() -> Message:
    message = kept()
    kept(message.lead, "ghl")
    return message


def open_since() -> Message:
    message = kept()
    factories.held_email(message.lead)
    return message


def rejected_since() -> Message:
    message = kept()
    again = factories.held_email(message.lead)
    review_actions.reject_email(again, 1, by=None, tag="other", reason="Not a customer for us.")
    return message


def example() -> Message:
    return kept(factories.LeadFactory(kind=Kind.EXAMPLE))


def sent_for_real() -> Message:
    return kept(transport="ghl")


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    "make", [stopped, written_since, open_since, rejected_since, example, sent_for_real]
)
def test_nobody_comes_back_who_must_not(lead_user: User, make: Any) -> None:
    make()
    before = Message.objects.count()
    said = bring_back(lead_user)
    assert "0 drafts are being written" in said
    assert (Message.objects.count(), Segment.objects.count()) == (before, 0)


@pytest.mark.parametrize(
    ("user", "args", "live_now", "said"),
    [
        ("lead_user", (), False, "still in the sandbox"),
        ("reviewer", (), True, "does not have outreach.queue_segment"),
        ("lead_user", ("--limit", "0"), True, "--limit"),
    ],
)
def test_refusal_does_nothing(
    request: Any, settings: Any, user: str, args: tuple[str, ...], live_now: bool, said: str
) -> None:
    kept()
    settings.SANDBOXED = [] if live_now else ["ghl"]
    with pytest.raises(CommandError, match=said):
        bring_back(request.getfixturevalue(user), *args)
    assert (Message.objects.count(), Segment.objects.count()) == (1, 0)


@pytest.mark.usefixtures("live")
def test_dry_run_counts_and_does_nothing(lead_user: User) -> None:
    kept()
    found = json.loads(bring_back(lead_user, "--dry-run", "--json"))
    assert found == {"selected": 1, "queued": 0, "left_out": {}}
    assert Message.objects.count() == 1


@pytest.mark.usefixtures("live")
def test_button_brings_them_back(client: Client, lead_user: User) -> None:
    kept()
    client.force_login(lead_user)
    assert "Bring them" in client.get("/sales/sent").content.decode()
    answer = client.post("/sales/sent/kept/bring-back", follow=True)
    assert "1 person comes back into the queue" in answer.content.decode()
    assert Message.objects.filter(status="draft").count() == 1
    assert client.post("/sales/sent/kept/bring-back").status_code == 409
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    ("user", "sandboxed", "method", "code"),
    [
        ("reviewer", [], "post", 403),
        ("viewer", [], "post", 403),
        ("lead_user", ["ghl"], "post", 409),
        ("lead_user", [], "get", 405),
    ],
)
def test_refused_button_changes_nothing(
    request: Any, client: Client, settings: Any, user: str, sandboxed: list[str], method: str,
    code: int,
) -> None:  # fmt: skip
    kept()
    settings.SANDBOXED = sandboxed
    client.force_login(request.getfixturevalue(user))
    assert getattr(client, method)("/sales/sent/kept/bring-back").status_code == code
    assert (Message.objects.count(), Segment.objects.count()) == (1, 0)
