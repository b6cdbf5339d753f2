"""From an assessment to a draft that waits.

Who gets one, what it says, when it is rewritten, and what goes wrong.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from leads.models import Assessment, Company, Lead, Switch, Visit
from leads.suppression import suppression
from outreach.choices import Status
from outreach.drafting import drafts, known_fields, no_draft, open_drafts
from outreach.models import EmailTemplate, Message, MessageText, Move
from outreach.review import review_actions
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]


def sweep() -> tuple[int, int]:
    return open_drafts.open_new_drafts(), drafts.write_drafts()


def assessed(lead: Lead | None = None, **more: Any) -> Assessment:
    """The newest assessment of a visitor."""
    assessment = factories.AssessmentFactory(**({"lead": lead} if lead else {}), **more)
    if not assessment.lead.visits.exists():
        factories.VisitFactory(lead=assessment.lead)
    return assessment


def test_assessment_becomes_held_draft_with_deadlines_and_rank() -> None:
    assessment = assessed()
    assert sweep() == (1, 0)
    message = Message.objects.get()
    lead = assessment.lead
    assert (message.status, message.version, message.lead, message.assessment) == (
        "held",
        1,
        lead,
        assessment,
    )
    assert (message.to_address, message.domain) == (lead.email, lead.email.partition("@")[2])
    assert (message.band, message.rank, message.tier, message.intent) == ("hot", 0, "tier_1", 78)
    assert (message.transport, message.opened_at, message.error) == ("", None, "")
    assert message.due_at == message.held_at + timedelta(hours=2)
    assert message.expires_at == message.held_at + timedelta(days=3)
    assert list(message.moves.values_list("from_status", "to_status", "why")) == [
        ("draft", "held", "drafted")
    ]
    assert all(row["passed"] for row in message.guards)


def test_warm_due_in_working_time_and_low_tomorrow(clock: Any) -> None:
    # A Friday, 16:00 in New York; the day ends at 18:00.
    clock.move_to(datetime(2026, 3, 6, 21, 0, tzinfo=UTC), tick=False)
    warm = factories.held_email(intent=50, tier="tier_2")
    low = factories.held_email(intent=10, tier="tier_3")
    assert (warm.band, warm.rank, low.band, low.rank) == ("warm", 1, "low", 2)
    # Monday 10:00, after the clocks went forward on Sunday
    assert warm.due_at.replace(microsecond=0) == datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
    assert low.due_at.replace(microsecond=0) == datetime(2026, 3, 9, 20, 0, tzinfo=UTC)
    assert warm.expires_at.replace(microsecond=0) == datetime(2026, 3, 17, 20, 0, tzinfo=UTC)
    assert low.expires_at.replace(microsecond=0) == datetime(2026, 3, 17, 20, 0, tzinfo=UTC)


def test_the_text_is_signed_and_hashed_and_knows_its_facts() -> None:
    message = factories.held_email()
    text = message.text
    assert text.footer.startswith(
        "Alex Moreno\nPartner, ChiefAIOfficer\n\n1 Example Street, Columbus, OH 43004\n"
    )
    assert text.footer.endswith(f"Unsubscribe: http://localhost/u/{message.unsubscribe_token}")
    assert {phrase["field"] for phrase in text.phrases} >= {"first_name", "company", "role_pain"}
    assert all(phrase["text"] in f"{text.subject}\n{text.body}" for phrase in text.phrases)
    assert len(text.sha256) == 64 and text.author is None


def test_owner_signs_or_default_sender_when_owner_left() -> None:
    owner = factories.TeamMemberFactory(name="Robin Ortiz")
    message = factories.held_email(factories.LeadFactory(owner=owner))
    assert message.sender == owner and message.text.footer.startswith("Robin Ortiz\n")
    gone = factories.TeamMemberFactory(name="Gone Girl", active=False)
    assert factories.held_email(factories.LeadFactory(owner=gone)).sender.name == "Alex Moreno"


def suppressed() -> Lead:
    lead = factories.LeadFactory()
    suppression.suppress(lead.email, "unsubscribed", "test", lead)
    return lead


def without_address() -> Lead:
    return factories.LeadFactory(no_address=True)


def with_personal_mailbox() -> Lead:
    return factories.LeadFactory(email="dana@gmail.com")


def in_status(status: str) -> Lead:
    lead = factories.LeadFactory()
    Message.objects.create(lead=lead, status=status, to_address=lead.email)
    factories.VisitFactory(lead=lead)  # a new visit alone must not bring a second email
    return lead


def rejected_twice() -> Lead:
    lead = factories.LeadFactory()
    for _ in range(2):
        message = factories.held_email(lead)
        review_actions.reject_email(
            message, 1, by=None, tag="tone_style", reason="Not in this tone, please."
        )
    factories.VisitFactory(lead=lead, received_at=timezone.now() + timedelta(days=1))
    return lead


def decided_without_a_new_visit() -> Lead:
    lead = factories.LeadFactory()
    factories.VisitFactory(lead=lead, received_at=timezone.now() - timedelta(minutes=1))
    review_actions.reject_email(
        factories.held_email(lead), 1, by=None, tag="tone_style", reason="Not in this tone, please."
    )
    return lead


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (suppressed, "Do not contact: Unsubscribed (test)."),
        (without_address, "There is no address to email."),
        (
            with_personal_mailbox,
            "Do not contact: Personal mailbox (list of personal mailbox providers).",
        ),
        (lambda: in_status("sent"), "A first email to this person was already sent or refused."),
        (lambda: in_status("failed"), "A first email to this person was already sent or refused."),
        (lambda: in_status("held"), "An email to this person is open already."),
        (lambda: in_status("blocked"), "An email to this person is open already."),
        (lambda: in_status("cleared"), "An email to this person is open already."),
        (lambda: in_status("sending"), "An email to this person is open already."),
        (lambda: in_status("uncertain"), "An email to this person is open already."),
        (rejected_twice, "Rejected twice: this person rests for 30 days."),
        (decided_without_a_new_visit, "Decided already; a new visit would bring a new draft."),
    ],
    ids=[
        "suppressed",
        "no address",
        "personal",
        "sent",
        "failed",
        "held",
        "blocked",
        "cleared",
        "sending",
        "uncertain",
        "rejected twice",
        "no new visit",
    ],
)
def test_nobody_gets_a_draft_who_must_not(make: Any, why: str) -> None:
    lead = make()
    Message.objects.filter(status__in=["held", "blocked"]).update(opened_at=timezone.now())
    before = list(Message.objects.values("pk", "status", "version", "assessment"))
    assert str(no_draft.why_no_draft_now(lead)) == why
    assessed(lead)
    assert sweep()[1] == 0
    assert list(Message.objects.values("pk", "status", "version", "assessment")) == before


def test_the_rest_after_two_rejections_ends_after_thirty_days(clock: Any) -> None:
    lead = rejected_twice()
    clock.shift(timedelta(days=30, minutes=1))
    factories.VisitFactory(lead=lead)
    assert no_draft.why_no_draft_now(lead) is None


def test_somebody_who_never_visited_gets_no_draft_by_itself() -> None:
    """As contacts whom only GoHighLevel knew; a visit of their company alone changes nothing."""
    lead = factories.LeadFactory()
    factories.AssessmentFactory(lead=lead)
    factories.VisitFactory(lead=None, company=lead.company)
    assert open_drafts.open_new_drafts() == 1
    assert not Message.objects.exists()
    assert str(no_draft.why_no_draft_now(lead)).startswith("No visit of this person is known")
    assessed(lead)
    assert sweep() == (1, 0)
    assert Message.objects.get().status == "held"


def test_a_visit_of_last_month_brings_no_draft() -> None:
    lead = factories.LeadFactory()
    factories.VisitFactory(lead=lead, seen_at=timezone.now() - timedelta(days=15))
    assert (
        str(no_draft.why_no_draft_now(lead))
        == "The last visit was 15 days ago; a new one would bring a draft."
    )
    factories.VisitFactory(lead=lead, seen_at=timezone.now() - timedelta(days=13))
    assert no_draft.why_no_draft_now(lead) is None


def test_one_rejection_and_a_new_visit_bring_a_new_draft() -> None:
    lead = decided_without_a_new_visit()
    factories.VisitFactory(lead=lead)
    assessed(lead)
    assert sweep() == (1, 0)
    assert list(Message.objects.order_by("pk").values_list("status", flat=True)) == [
        "rejected",
        "held",
    ]


def test_lead_who_answered_before_is_critical() -> None:
    lead = factories.LeadFactory()
    message = factories.held_email(lead, intent=10, tier="tier_3")
    Move.objects.create(
        message=message, from_status="sending", to_status="held", why="answered", version=1
    )
    review_actions.withdraw_email(message, by=None)
    factories.VisitFactory(lead=lead)
    assessed(lead, intent=10, tier="tier_3")
    sweep()
    message = Message.objects.latest("pk")
    assert (message.status, message.critical_reason) == ("held", "This person has answered before.")
    assert (message.rank, message.priority) == (0, "critical")
    assert not any(verdict["machine_approves"] for verdict in message.verdicts.values())


def test_the_switch_stops_drafting_and_nothing_is_skipped_by_it() -> None:
    assessed()
    switch = Switch.objects.filter(name="intent_monitor")
    switch.update(on=False)
    assert sweep() == (0, 0)
    assert Message.objects.count() == 0
    switch.delete()
    assert sweep() == (1, 0)
    assert Message.objects.get().status == "held"


def test_the_setting_stops_drafting(settings: Any) -> None:
    assessed()
    settings.INTENT_MONITOR_ENABLED = False
    assert sweep() == (0, 0)
    assert Message.objects.count() == 0


def test_every_request_is_looked_at_once() -> None:
    made = [assessed() for _ in range(7)]
    read = []
    while count := open_drafts.open_new_drafts(batch=3):
        read.append(count)
    assert read == [3, 3, 1]
    assert open_drafts.open_new_drafts() == 0
    assert sorted(Message.objects.values_list("assessment", flat=True)) == sorted(
        one.pk for one in made
    )
    assert not Lead.objects.filter(draft_due_at__isnull=False).exists()


def test_two_assessments_of_one_lead_make_one_draft_from_the_newer() -> None:
    old = assessed(topic="careers")
    new = assessed(old.lead, topic="pricing")
    assert sweep() == (1, 0)
    message = Message.objects.get()
    assert message.assessment == new
    assert "The price depends" in message.text.body


def test_a_draft_not_yet_written_is_written_from_the_newest_assessment() -> None:
    message = factories.draft_email(topic="careers")
    new = assessed(message.lead, topic="pricing")
    assert sweep() == (1, 1)
    message = Message.objects.get()
    assert message.assessment == new
    assert "The price depends" in message.text.body


def test_a_missing_field_blocks_the_draft_and_names_the_field() -> None:
    message = drafts.write_draft(
        factories.draft_email(factories.LeadFactory(company=factories.CompanyFactory(name="")))
    )
    assert (message.status, message.blocked_by) == ("blocked", "missing_field")
    assert message.error == "The template needs company, and it is not known."
    assert message.guards == [
        {
            "guard": "missing_field",
            "passed": False,
            "state": "fail",
            "text": "The template needs company, and it is not known.",
            "clear": "Add company or write the email by hand.",
        }
    ]
    assert message.expires_at == pytest.approx(
        timezone.now() + timedelta(days=3), abs=timedelta(seconds=30)
    )
    assert (message.held_at, message.due_at) == (None, None)


def test_broken_template_blocks_draft_and_is_named() -> None:
    EmailTemplate.objects.filter(tier="tier_1", angle="high_intent").update(
        body="Hi {{ first_name }},\n\n[if company]"
    )
    message = drafts.write_draft(factories.draft_email())
    assert (message.status, message.blocked_by) == ("blocked", "template")
    assert message.guards[0]["clear"] == "Mend template tier_1.high_intent v1."


@pytest.mark.parametrize("setting", ["POSTAL_ADDRESS"])
def test_without_a_postal_address_every_draft_is_blocked(settings: Any, setting: str) -> None:
    settings.POSTAL_ADDRESS = ""
    message = drafts.write_draft(factories.draft_email())
    assert (message.status, message.blocked_by) == ("blocked", "postal_address")


def test_disallowed_country_blocks_and_unknown_does_not() -> None:
    message = drafts.write_draft(factories.draft_email(factories.LeadFactory(country="DE")))
    assert (message.status, message.blocked_by) == ("blocked", "country")
    assert factories.held_email(factories.LeadFactory(country="")).status == "held"


def test_draft_without_template_is_retried_then_blocked(clock: Any) -> None:
    EmailTemplate.objects.update(active=False)
    assessed()
    assert sweep() == (1, 0)
    message = Message.objects.get()
    assert (message.status, message.attempts, message.lease_until) == ("draft", 1, None)
    assert message.error == "LookupError: There is no active email template."
    assert message.not_before > timezone.now()
    assert drafts.write_drafts() == 0  # not before its time
    for _ in range(drafts.LAST_TRY - 1):
        clock.shift(timedelta(hours=1))
        assert drafts.write_drafts() == 1
    message.refresh_from_db()
    assert (message.status, message.blocked_by, message.version) == ("blocked", "draft", 0)
    assert message.error == "LookupError: There is no active email template."
    assert message.expires_at > timezone.now()
    clock.shift(timedelta(hours=1))
    assert drafts.write_drafts() == 0


def test_templates_that_come_back_in_time_lose_nothing(clock: Any) -> None:
    EmailTemplate.objects.update(active=False)
    assessed()
    sweep()
    EmailTemplate.objects.update(active=True)
    clock.shift(timedelta(minutes=1))
    assert drafts.write_drafts() == 1
    message = Message.objects.get()
    assert (message.status, message.error) == ("held", "")


def test_failure_after_storing_text_blocks_only_that_draft(clock: Any) -> None:
    broken, fine = factories.draft_email(), factories.draft_email()
    # A text of this version stands already, so storing the first one fails inside the transaction.
    MessageText.objects.create(
        message=broken, version=1, subject="S", body="B", footer="F", sha256="x"
    )
    for _ in range(drafts.LAST_TRY):
        drafts.write_drafts()
        clock.shift(timedelta(hours=1))
    broken.refresh_from_db()
    fine.refresh_from_db()
    assert fine.status == "held"
    assert (broken.status, broken.blocked_by, broken.version) == ("blocked", "draft", 0)
    assert broken.error.startswith("IntegrityError")


def test_failed_draft_can_be_edited_or_rejected(reviewer: User) -> None:
    def failed() -> Message:
        message = factories.draft_email()
        Message.objects.filter(pk=message.pk).update(
            status="blocked", blocked_by="draft", error="LookupError: none"
        )
        message.refresh_from_db()
        return message

    by_hand = failed()
    company = by_hand.lead.company.name
    saved = review_actions.edit_text(
        by_hand, 0, subject="Hello", body=f"Hi Dana, a word about {company}.", by=reviewer
    )
    assert (saved.status, saved.version, saved.text.author) == ("held", 1, reviewer)
    assert saved.domain == saved.lead.company.domain
    assert f"/u/{saved.unsubscribe_token}" in saved.text.footer
    assert saved.text.footer.startswith("Alex Moreno\n")
    rejected = review_actions.reject_email(
        failed(), 0, by=reviewer, tag="other", reason="This one is not worth it."
    )
    assert rejected.status == "rejected"


def test_newer_assessment_rewrites_unopened_draft() -> None:
    message = factories.held_email(topic="careers", intent=45, tier="tier_2", angle="general")
    newer = assessed(message.lead, topic="pricing")
    assert sweep()[1] == 0
    message.refresh_from_db()
    assert (message.status, message.version, message.assessment, message.band) == (
        "held",
        2,
        newer,
        "hot",
    )
    assert (message.rank, message.intent, message.tier) == (0, 78, "tier_1")
    assert "The price depends" in message.text.body
    assert message.due_at <= timezone.now() + timedelta(hours=2)
    assert message.expires_at <= timezone.now() + timedelta(days=3)
    assert message.texts.count() == 2


def test_newer_assessment_without_new_words_keeps_version() -> None:
    message = factories.held_email()
    newer = assessed(message.lead, intent=90)
    sweep()
    message.refresh_from_db()
    assert (message.version, message.assessment, message.intent) == (1, newer, 90)
    assert message.texts.count() == 1


def test_an_opened_draft_keeps_its_text() -> None:
    message = factories.held_email(topic="careers")
    review_actions.mark_opened(message)
    old = message.assessment
    assessed(message.lead, topic="pricing")
    sweep()
    message.refresh_from_db()
    assert (message.version, message.assessment) == (1, old)
    assert "If I had one week" in message.text.body


def test_draft_opened_during_rewrite_keeps_text() -> None:
    message = factories.held_email(topic="careers")
    newer, read_before = assessed(message.lead, topic="pricing"), Message.objects.get(pk=message.pk)
    review_actions.mark_opened(message)
    drafts.rewrite_draft(read_before, newer)
    message.refresh_from_db()
    assert (message.version, message.texts.count()) == (1, 1)
    assert message.assessment != newer


def test_an_edited_draft_keeps_its_text(reviewer: User) -> None:
    message = factories.held_email(topic="careers")
    message = review_actions.edit_text(
        message, 1, subject=message.text.subject, body=message.text.body + "\n\nAlex", by=reviewer
    )
    assert message.opened_at is None
    assessed(message.lead, topic="pricing")
    sweep()
    message.refresh_from_db()
    assert (message.version, message.text.author) == (2, reviewer)
    assert message.text.body.endswith("\n\nAlex")


def test_an_approved_draft_keeps_its_text() -> None:
    message = factories.cleared_email(topic="careers")
    assessed(message.lead, topic="pricing")
    sweep()
    message.refresh_from_db()
    assert (message.status, message.version) == ("cleared", 1)
    assert "If I had one week" in message.text.body


def test_a_blocked_draft_is_held_once_the_missing_field_is_known() -> None:
    lead = factories.LeadFactory(company=factories.CompanyFactory(name=""))
    message = drafts.write_draft(factories.draft_email(lead))
    assert message.status == "blocked"
    Company.objects.filter(pk=lead.company_id).update(name="Acme")
    assessed(Lead.objects.get(pk=lead.pk))
    sweep()
    message.refresh_from_db()
    assert (message.status, message.version, message.error, message.blocked_by) == (
        "held",
        2,
        "",
        "",
    )
    assert message.held_at is not None and message.due_at is not None


def test_country_learned_later_frees_or_blocks_draft() -> None:
    lead = factories.LeadFactory(country="DE")
    message = drafts.write_draft(factories.draft_email(lead, topic="what we build"))
    for country, status, blocked_by in (("US", "held", ""), ("DE", "blocked", "country")):
        Lead.objects.filter(pk=lead.pk).update(country=country)
        assessed(Lead.objects.get(pk=lead.pk), topic="what we build")
        sweep()
        message.refresh_from_db()
        assert (message.status, message.blocked_by, message.version) == (status, blocked_by, 1)


def test_an_address_that_changed_makes_a_new_text_bound_to_it() -> None:
    message = factories.held_email()
    first = message.text.sha256
    Lead.objects.filter(pk=message.lead_id).update(email="dana@other.test")
    assessed(Lead.objects.get(pk=message.lead_id))
    sweep()
    message.refresh_from_db()
    assert (message.version, message.to_address, message.domain) == (
        2,
        "dana@other.test",
        "other.test",
    )
    assert message.text.sha256 != first


def test_failed_rewrite_does_not_stop_the_reader() -> None:
    poisoned = factories.held_email(topic="careers")
    MessageText.objects.create(
        message=poisoned, version=2, subject="S", body="B", footer="F", sha256="x"
    )
    assessed(poisoned.lead, topic="pricing")
    other = assessed()
    assert open_drafts.open_new_drafts() > 0
    assert open_drafts.open_new_drafts() == 0
    poisoned.refresh_from_db()
    assert (poisoned.status, poisoned.version) == ("held", 1)
    assert Message.objects.get(lead=other.lead).status == "held"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("{{ first_name }} Inc", "blocked"),
        ("[First Name] LLC", "blocked"),
        ("Acme <b>Freight</b> & Söhne", "held"),
        ("<script>alert(1)</script>", "held"),
        ("N" * 200, "held"),
        ("Acme\nBcc: x", "blocked"),
        ("Win at https://evil.test", "blocked"),
        ("monday.com", "held"),
    ],
    ids=["braces", "brackets", "html", "script", "very long", "line break", "link", "dot com"],
)
def test_a_company_of_any_name(name: str, status: str) -> None:
    lead = factories.LeadFactory(company=factories.CompanyFactory(name=name))
    message = drafts.write_draft(factories.draft_email(lead))
    assert message.status == status, message.error
    assert len(message.text.subject) <= 200
    if status == "blocked":
        assert message.blocked_by in ("placeholder", "subject", "missing_field")
        assert "evil.test" not in message.text.body


def test_a_lead_of_every_kind_gets_a_draft_of_its_kind() -> None:
    for kind in ("live", "test", "example", "training"):
        assert factories.held_email(factories.LeadFactory(kind=kind)).kind == kind


def test_the_lease_keeps_a_second_writer_away() -> None:
    message = factories.draft_email()
    Message.objects.filter(pk=message.pk).update(lease_until=timezone.now() + timedelta(seconds=30))
    assert drafts.write_drafts() == 0
    message.refresh_from_db()
    assert (message.status, message.version, message.attempts) == (Status.DRAFT, 0, 0)


def test_a_visit_is_counted_into_the_draft() -> None:
    lead = factories.LeadFactory()
    factories.VisitFactory.create_batch(3, lead=lead)
    fields = known_fields.fields_of(lead, assessed(lead), None, known_fields.load_visits(lead))
    assert (fields["visit_count"].text, fields["visit_count"].source) == ("3", "visits")
    assert Visit.objects.count() == 3


def test_a_fact_without_a_source_blocks_and_says_which() -> None:
    lead = factories.LeadFactory()
    lead.company.sources = {}
    lead.company.save()
    message = drafts.write_draft(factories.draft_email(lead))
    assert (message.status, message.blocked_by) == ("blocked", "source")
    assert message.error == f"“{lead.company.name}” has no source."


def test_address_used_for_another_lead_gets_no_draft() -> None:
    first = factories.held_email()
    Message.objects.filter(pk=first.pk).update(status="sent")
    lead = factories.LeadFactory()
    Message.objects.filter(pk=first.pk).update(to_address=lead.email)
    assert (
        str(no_draft.why_no_draft_now(lead))
        == "This address was already emailed as somebody else's."
    )


@pytest.mark.parametrize(
    ("name", "said"), [("JP", "first name “JP”"), ("Renée & Tom", "first name “Renée & Tom”")]
)
def test_a_name_that_nobody_can_tell_is_shown(name: str, said: str) -> None:
    message = drafts.write_draft(factories.draft_email(factories.LeadFactory(first_name=name)))
    row = next(one for one in message.guards if one["guard"] == "names")
    assert (
        row["text"] == f"Left as written, please read it: {said}." and row["state"] == "not_known"
    )
    assert message.text.body.startswith(f"Hi {name},")
    assert "a name was left as written" in message.verdicts["autonomous"]["reasons"]


def test_names_are_written_as_people_say_them() -> None:
    company = factories.CompanyFactory(
        name="BAYOU ENERGY SERVICES LLC", industry="transportation/trucking/railroad"
    )
    lead = factories.LeadFactory(first_name="MIA", company=company)
    message = drafts.write_draft(factories.draft_email(lead))
    assert message.status == "held", message.error
    text = f"{message.text.subject}\n{message.text.body}"
    assert "Hi Mia," in text and "Bayou Energy Services" in text
    assert "LLC" not in text and "BAYOU" not in text and "/" not in text
    row = next(one for one in message.guards if one["guard"] == "names")
    assert row["state"] == "pass"
