"""Filling the queue by hand.

The count first, a Lead's confirmation, and every item decided by a person.
"""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from leads.models import Lead, Visit
from leads.suppression import suppression
from outreach.drafting import drafts, manual_queue, no_draft
from outreach.models import Message, Segment
from tests import factories


def known(tier: str = "tier_1", score: int = 50, **fields: Any) -> Lead:
    lead = factories.LeadFactory(tier=tier, score=score, **fields)
    factories.AssessmentFactory(lead=lead, tier=tier, intent=score)
    return lead


def queue(user: User, *args: str) -> str:
    out = StringIO()
    call_command("queue_segment", "--as", user.username, *args, stdout=out, stderr=out)
    return out.getvalue()


def refused(user: User, *args: str) -> str:
    with pytest.raises(CommandError) as error:
        queue(user, *args)
    assert not Message.objects.exists()
    assert not Segment.objects.exists()
    return str(error.value)


def test_best_leads_of_tier_are_queued_as_critical(lead_user: User) -> None:
    low, high, _other = known(score=20), known(score=90), known(tier="tier_2", score=95)
    said = queue(lead_user, "--tier", "tier_1", "--limit", "10", "--confirm", "2")
    assert "2 of 2 leads looked at can be queued." in said
    assert drafts.write_drafts() == 2
    found = list(
        Message.objects.order_by("-intent").values_list("lead", "status", "critical_reason", "rank")
    )
    assert found == [(lead.pk, "held", "Queued by hand, with others.", 0) for lead in (high, low)]
    assert not any(
        v["machine_approves"] for m in Message.objects.all() for v in m.verdicts.values()
    )
    row = Segment.objects.get()
    assert (row.what, row.looked_at, row.queued, row.by) == ("tier_1", 2, 2, lead_user)


def test_the_limit_takes_those_with_the_highest_score(lead_user: User) -> None:
    known(score=20)
    high = known(score=90)
    queue(lead_user, "--tier", "tier_1", "--limit", "1", "--confirm", "1")
    assert Message.objects.get().lead == high


def test_an_old_visit_is_no_reason_and_is_not_spoken_of(lead_user: User) -> None:
    lead = known()
    factories.VisitFactory(lead=lead, seen_at=timezone.now() - timedelta(days=100))
    assert str(no_draft.why_no_draft_now(lead)).startswith("The last visit was 100 days ago")
    queue(lead_user, "--tier", "tier_1", "--limit", "1", "--confirm", "1")
    drafts.write_drafts()
    message = Message.objects.get()
    assert (message.status, message.template.angle) == ("held", "general")
    assert "pricing" not in message.text.body
    assert Visit.objects.get().path == "/pricing"


@pytest.mark.parametrize(
    "case", ["suppressed", "written", "no address", "not scored", "an example"]
)
def test_blocked_leads_are_left_out_with_reason(case: str, lead_user: User) -> None:
    lead = known()
    reason = {
        "suppressed": "Do not contact: Unsubscribed",
        "written": "An email to this person is open already.",
        "no address": "There is no address to email.",
        "not scored": "Not scored yet.",
    }.get(case, "")
    if case == "suppressed":
        suppression.suppress(lead.email, "unsubscribed", "test", lead)
    elif case == "written":
        Message.objects.create(lead=lead, to_address=lead.email)
    elif case == "no address":
        Lead.objects.filter(pk=lead.pk).update(address="no_address")
    elif case == "not scored":
        lead.assessments.all().delete()
    else:
        Lead.objects.filter(pk=lead.pk).update(kind="example")
    before = Message.objects.count()
    said = queue(lead_user, "--tier", "tier_1", "--limit", "5", "--dry-run")
    assert reason in said
    assert said.startswith("0 of ")
    with pytest.raises(CommandError, match="Nobody can be queued. Nothing was done."):
        queue(lead_user, "--tier", "tier_1", "--limit", "5", "--confirm", "0")
    assert (Message.objects.count(), Segment.objects.count()) == (before, 0)


def test_a_file_names_people_by_address_or_linkedin(tmp_path: Path, lead_user: User) -> None:
    one, two = known(), known(tier="tier_3")
    file = tmp_path / "people.csv"
    file.write_text(
        f"email,linkedin_url\n{one.email.upper()},\n,https://www.linkedin.com/{two.linkedin_key}/\n{one.email},\n"
    )
    queue(lead_user, "--input", str(file), "--confirm", "2")
    assert set(Message.objects.values_list("lead", flat=True)) == {one.pk, two.pk}


@pytest.mark.django_db
@pytest.mark.parametrize("head", ["email,Email", "LinkedIn URL,linkedin_url"])
def test_a_second_column_of_one_name_hides_nobody(head: str) -> None:
    lead = known()
    told = lead.email if "mail" in head else f"https://www.linkedin.com/{lead.linkedin_key}/"
    leads, report = manual_queue.read_leads(f"{head}\n{told},\n,{told}\n".encode())
    assert (leads, report.read, report.errors) == ([lead], 2, [])
    _, report = manual_queue.read_leads(f"{head}\n{told},other@w.test\n".encode())
    assert [line for line, text in report.errors if "it is there twice" in text] == [2]


def test_a_file_with_an_unknown_person_queues_nobody(tmp_path: Path, lead_user: User) -> None:
    lead = known()
    file = tmp_path / "people.csv"
    file.write_text(f"email\n{lead.email}\nnobody@elsewhere.test\n\nno address at all\n")
    out = StringIO()
    with pytest.raises(CommandError, match="2 of 3 lines are wrong. Nothing was queued."):
        call_command(
            "queue_segment", "--as", "lena", "--input", str(file), "--confirm", "1", stderr=out
        )
    assert "line 3: email: nobody here is nobody@elsewhere.test" in out.getvalue()
    assert "line 5: email: neither an address nor a LinkedIn URL" in out.getvalue()
    assert not Message.objects.exists()


def test_a_cell_that_is_too_long_is_named_by_its_line(tmp_path: Path, lead_user: User) -> None:
    file, out = tmp_path / "people.csv", StringIO()
    file.write_text(f"email\n{'x' * 140_000}\n")
    with pytest.raises(CommandError, match="1 of 1 lines are wrong. Nothing was queued."):
        call_command(
            "queue_segment", "--as", "lena", "--input", str(file), "--confirm", "1", stderr=out
        )
    assert out.getvalue().startswith("line 2: A cell has more than 131072 characters")
    assert not Message.objects.exists()


def test_without_the_right_count_nothing_is_queued(lead_user: User) -> None:
    known()
    said = refused(lead_user, "--tier", "tier_1", "--limit", "5", "--confirm", "2")
    assert said == "It is 1, and that was not confirmed. Nothing was queued."


def test_only_a_lead_may(reviewer: User) -> None:
    known()
    said = refused(reviewer, "--tier", "tier_1", "--limit", "5", "--confirm", "1")
    assert said == "--as: rita does not have outreach.queue_segment."


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--tier", "tier_1"], "--limit: say how many of the tier at most."),
        (["--tier", "tier_1", "--limit", "0"], "--limit: from 1 to 2000."),
        (["--tier", "tier_1", "--limit", "2001"], "--limit: from 1 to 2000."),
        (["--input", "/nowhere/people.csv"], "/nowhere/people.csv: No such file or directory."),
    ],
)
def test_what_cannot_be_read_is_named(args: list[str], said: str, lead_user: User) -> None:
    assert refused(lead_user, *args) == said


def test_json_says_the_same(lead_user: User) -> None:
    known()
    document = json.loads(
        queue(lead_user, "--tier", "tier_1", "--limit", "5", "--confirm", "1", "--json")
    )
    assert document == {"selected": 1, "looked_at": 1, "left_out": {}, "queued": 1}


def test_lead_with_email_opened_meanwhile_is_left_out(lead_user: User) -> None:
    one, two = known(), known()
    selection = manual_queue.select_tier("tier_1", 5)
    Message.objects.create(lead=one, to_address=one.email)
    row = manual_queue.queue_selection(selection, lead_user)
    assert (row.queued, row.looked_at) == (1, 2)
    assert Message.objects.get(segment=row).lead == two
