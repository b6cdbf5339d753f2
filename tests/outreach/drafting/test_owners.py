"""What follows its lead's owner: emails that nobody has opened, and nothing that somebody has."""

from typing import Any

import pytest

from approvals.escalation import escalation
from approvals.models import Notice
from leads.models import Lead, TeamMember
from leads.ownership import owner_assignment
from outreach import tasks
from outreach.drafting import drafts, recheck, signing
from outreach.drafting.language_model import rewrite
from outreach.imports import previous_system
from outreach.models import Message
from outreach.review import ghl_lookup, review_actions
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.fakes.language_model import FakeLanguageModel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]


@pytest.fixture
def ben(db: None) -> TeamMember:
    return factories.TeamMemberFactory(
        name="Ben Ito",
        title="Director",
        booking_url="https://meet.example.com/ben",
        ghl_user_id="usr-ben",
    )


def held() -> Message:
    message = factories.held_email(topic="what we build")
    owner_assignment.update_owner(message.lead)
    return message


def as_it_is(message: Message) -> Message:
    return Message.objects.select_related("sender", "lead__owner").get(pk=message.pk)


def test_what_nobody_has_opened_is_signed_by_the_new_owner(ben: TeamMember, reviewer: Any) -> None:
    message = held()
    owner_assignment.assign_by_hand(message.lead, ben, by=reviewer)
    assert recheck.sign_for_new_owners() == 1
    now = as_it_is(message)
    assert (now.sender, now.status, now.version) == (ben, "held", 2)
    assert (
        now.text.footer.startswith("Ben Ito\nDirector, ")
        and "https://meet.example.com/ben" in now.text.footer
    )
    assert now.text.footer.count("/u/") == 1 and now.unsubscribe_token in now.text.footer
    assert (recheck.sign_for_new_owners(), signing.signed_by_another(now)) == (0, "")


@pytest.mark.parametrize("why", ["opened", "written", "approved", "from before"])
def test_what_a_person_has_touched_stays_and_says_so(
    ben: TeamMember, reviewer: Any, why: str
) -> None:
    message = held()
    if why == "opened":
        review_actions.mark_opened(message)
    elif why == "written":
        review_actions.edit_text(
            message, 1, subject="Other words", body=f"{message.text.body}\n\nOne more.", by=reviewer
        )
    elif why == "approved":
        review_actions.approve_email(message, 1, by=reviewer)
    else:
        Message.objects.filter(pk=message.pk).update(
            template=None, template_why=previous_system.IMPORTED_WITH_OTHERS
        )
    before = Message.objects.values().get()
    owner_assignment.assign_by_hand(message.lead, ben, by=reviewer)
    tasks.free_blocked()
    assert Message.objects.values().get() == before
    assert signing.signed_by_another(as_it_is(message)) == (
        "The email is signed by Alex Moreno; the lead belongs to Ben Ito now. "
        "What somebody has opened, written or approved is not signed anew."
    )


def test_when_who_signs_leaves_the_next_owner_signs(
    ben: TeamMember, sender: TeamMember, reviewer: Any
) -> None:
    message = held()
    owner_assignment.assign_by_hand(message.lead, ben, by=reviewer)
    recheck.sign_for_new_owners()
    TeamMember.objects.filter(pk=ben.pk).update(active=False)
    owner_assignment.update_due_owners()
    tasks.free_blocked()
    assert (as_it_is(message).sender, as_it_is(message).status) == (sender, "held")


def test_draft_is_signed_by_owner_at_writing_time(ben: TeamMember, reviewer: Any) -> None:
    message = factories.draft_email()
    owner_assignment.assign_by_hand(message.lead, ben, by=reviewer)
    drafts.write_drafts()
    assert as_it_is(message).sender == ben


def test_failed_signature_does_not_stop_the_others(ben: TeamMember, reviewer: Any) -> None:
    first, second = held(), held()
    for message in (first, second):
        owner_assignment.assign_by_hand(message.lead, ben, by=reviewer)
    Message.objects.filter(pk=first.pk).update(assessment=None)
    Lead.objects.get(pk=first.lead_id).assessments.all().delete()
    assert recheck.sign_for_new_owners() == 2
    assert (as_it_is(first).sender.name, as_it_is(second).sender) == ("Alex Moreno", ben)


def test_a_look_at_gohighlevel_follows_whom_it_assigns(ghl: FakeGhl, ben: TeamMember) -> None:
    message = held()
    ghl.add_contact(message.to_address, assignedTo="usr-ben")
    assert ghl_lookup.check_due() == 1
    lead = Lead.objects.get(pk=message.lead_id)
    assert (lead.owner, lead.owner_how, lead.ghl_assigned_to) == (ben, "ghl", "usr-ben")
    recheck.sign_for_new_owners()
    assert as_it_is(message).sender == ben


def test_owner_assigned_at_sending_gets_answer_without_signing(
    ghl: FakeGhl, ben: TeamMember, sender: TeamMember
) -> None:
    message = factories.cleared_email()
    owner_assignment.update_owner(message.lead)
    ghl.add_contact(message.to_address, assignedTo="usr-ben")
    assert send.send_due() == 1
    [left] = ghl.sent_emails(message.to_address)
    assert "Alex Moreno" in str(left["body"]) and "Ben Ito" not in str(left["body"])
    now = as_it_is(message)
    assert (now.status, now.sender, now.lead.owner, now.lead.owner_how) == (
        "sent",
        sender,
        ben,
        "ghl",
    )
    reply = factories.create_feedback(now)
    assert escalation.create_reply_notices() == 1
    assert Notice.objects.get(reply=reply).to == ben


def test_pending_notice_goes_to_current_owner(
    ben: TeamMember, sender: TeamMember, reviewer: Any
) -> None:
    message = factories.cleared_email()
    owner_assignment.update_owner(message.lead)
    reply = factories.create_feedback(message)
    escalation.create_reply_notices()
    assert Notice.objects.get(reply=reply).to == sender
    owner_assignment.assign_by_hand(message.lead, ben, by=reviewer)
    escalation.deliver_due_notices()
    assert Notice.objects.get(reply=reply).to == ben


def test_owner_stays_without_ghl_assignment(ghl: FakeGhl, ben: TeamMember) -> None:
    unknown, unassigned = held(), held()
    ghl.add_contact(unassigned.to_address)
    assert ghl_lookup.check_due() == 2
    for message in (unknown, unassigned):
        lead = Lead.objects.get(pk=message.lead_id)
        assert (lead.owner.name, lead.owner_how, lead.ghl_assigned_to) == (
            "Alex Moreno",
            "default",
            "",
        )


def test_a_language_models_words_stay_under_the_new_signature(
    model: FakeLanguageModel, ben: TeamMember, reviewer: Any
) -> None:
    message = held()
    rewrite.ask_due_requests()
    words = as_it_is(message).text
    owner_assignment.assign_by_hand(message.lead, ben, by=reviewer)
    assert recheck.sign_for_new_owners() == 1
    now = as_it_is(message)
    assert (now.sender, now.version, now.text.body, now.text.language_model) == (
        ben,
        3,
        words.body,
        "test-model",
    )
    assert now.text.footer.startswith("Ben Ito\n") and len(model.requests()) == 1


def test_model_gets_text_with_new_signature(
    model: FakeLanguageModel, ben: TeamMember, reviewer: Any
) -> None:
    message = held()
    owner_assignment.assign_by_hand(message.lead, ben, by=reviewer)
    recheck.sign_for_new_owners()
    rewrite.ask_due_requests()
    now = as_it_is(message)
    assert (now.sender, now.status, now.text.language_model) == (ben, "held", "test-model")
    assert now.text.footer.startswith("Ben Ito\n")
