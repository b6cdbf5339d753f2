"""Whatever an erased person does later, and whoever brings them again, leaves but the mark."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from caio_project.privacy import erasing, subject
from leads.imports import ghl_contacts
from leads.inbound import events
from leads.models import Erasure, Lead, TeamMember
from outreach.feedback import webhook_inbox
from outreach.imports import previous_system
from tests.caio_project.privacy.whole_person import ADDRESS, NAME, PROFILE, make_person, traces
from tests.fakes.ghl import FakeGhl

pytestmark = pytest.mark.django_db
PLUS = ADDRESS.replace("@", "+offers@").title()


def visit_body(**more: str) -> bytes:
    return json.dumps(
        {
            "First Name": NAME, "Last Name": "Dana", "Title": NAME, "Company Name": "Northline",
            "Business Email": ADDRESS, "Website": "https://northline.test",
            "LinkedIn URL": f"https://www.linkedin.com/{PROFILE}", "Seen At": "2026-11-29T12:00:00",
            "Captured URL": f"https://ours.test/pricing?for={ADDRESS}", **more,
        }
    ).encode()  # fmt: skip


def visits(folder: Path) -> None:
    events.store_event("rb2b", visit_body())
    events.store_event("api", visit_body(**{"Business Email": PLUS, "LinkedIn URL": ""}))
    events.store_event("rb2b", visit_body(**{"Business Email": ""}))
    events.process_due()


def clay_answers(folder: Path) -> None:
    events.store_event("clay", json.dumps({"work_email": ADDRESS, "title": NAME}).encode())
    events.process_due()


def writes_to_us(folder: Path) -> None:
    with FakeGhl(token="t", location_id="loc-test") as ghl:
        for number, sender in enumerate((f"{NAME} <{ADDRESS}>", PLUS)):
            told = ghl.inbound_message(sender=sender, body=f"I am {NAME}.", messageId=f"m{number}")
            events.store_event("ghl", json.dumps(told).encode())
        stop = ghl.email_stats("unsubscribed", "eml_9", ADDRESS)
        events.store_event("ghl", json.dumps(stop).encode())
    webhook_inbox.process_inbox()


def is_imported_as_visitor(folder: Path) -> None:
    path = folder / "visitors.jsonl"
    path.write_bytes(visit_body() + b"\n")
    call_command("import_visitors", str(path))
    events.process_due()


def is_imported_as_history(folder: Path) -> None:
    entry = {"what": "sent", "email": ADDRESS, "name": NAME, "at": "2025-05-05T10:00:00Z",
             "subject": NAME, "body": NAME}  # fmt: skip
    path = folder / "past.jsonl"
    path.write_text(json.dumps(entry) + "\n")
    out = StringIO()
    call_command("import_history", str(path), stdout=out)
    assert previous_system.ERASED in out.getvalue()


def is_imported_as_stop(folder: Path) -> None:
    path = folder / "stops.csv"
    path.write_text(f"value,reason\n{ADDRESS},unsubscribed\n{PLUS},complained\n")
    call_command("import_suppressions", str(path))


def is_imported_as_contact(folder: Path) -> None:
    member = TeamMember.objects.first()
    assert member is not None
    path = folder / "Connections.csv"
    path.write_text(
        "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
        f"{NAME},Dana,https://www.linkedin.com/{PROFILE},{ADDRESS},Northline,VP,01 Jan 2020\n"
    )
    call_command("import_connections", str(path), "--member", member.name)


@pytest.mark.parametrize(
    "comes_back",
    [visits, clay_answers, writes_to_us, is_imported_as_visitor, is_imported_as_history,
     is_imported_as_stop, is_imported_as_contact],
)  # fmt: skip
def test_nothing_but_the_mark_is_left(
    comes_back: Callable[[Path], None], lead_user: User, tmp_path: Path, settings: Any
) -> None:
    settings.GHL_LOCATION_ID = "loc-test"
    make_person(lead_user)
    erasing.erase_subject(subject.find_subject(ADDRESS), Erasure.Source.COMMAND, lead_user)
    leads = Lead.rows.count()

    try:
        comes_back(tmp_path)
    except CommandError:
        pass  # a command may refuse a file of which nothing is left

    assert traces() == []
    assert Lead.rows.count() == leads


def test_ghls_contacts_bring_nobody_back(lead_user: User, ghl: FakeGhl) -> None:
    make_person(lead_user)
    erasing.erase_subject(subject.find_subject(ADDRESS), Erasure.Source.COMMAND, lead_user)
    ghl.add_contact(ADDRESS, firstName=NAME, companyName="Northline")
    ghl.add_contact(PLUS, firstName=NAME)
    ghl_contacts.import_contacts(5)
    assert traces() == []


def test_a_visit_that_was_under_way_is_erased_by_the_next_pass(lead_user: User) -> None:
    """It had looked for the mark before there was one, and committed after the erasure."""
    make_person(lead_user)
    erasing.erase_subject(subject.find_subject(ADDRESS), Erasure.Source.COMMAND, lead_user)
    late = Lead.rows.create(email=ADDRESS, first_name=NAME, last_seen_at=timezone.now())
    late.visits.create(event_key="late", url=f"https://ours.test/?{NAME}", seen_at=timezone.now())

    assert erasing.repeat_erasures() == 1

    assert traces() == []
    assert erasing.repeat_erasures() == 0


def test_a_list_of_visitors_keeps_the_others(lead_user: User) -> None:
    other = json.loads(visit_body(**{"First Name": "Luis", "Last Name": "Ortega", "Title": "CEO",
                                     "Business Email": "luis@other.test", "LinkedIn URL": "",
                                     "Captured URL": "https://ours.test/"}))  # fmt: skip
    both = json.dumps([json.loads(visit_body()), other]).encode()
    events.store_event("rb2b", both)

    call_command("erase_person", ADDRESS, "--as", "lena", "--mark")
    events.process_due()

    assert traces() == []
    assert list(Lead.rows.values_list("email", flat=True)) == ["luis@other.test"]
