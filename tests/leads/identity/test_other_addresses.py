"""Every address that a source names for one person finds, stops and erases that person."""

from typing import Any

import pytest

from caio_project.privacy import subject
from leads.enrichment import clay_answers
from leads.imports import suppression_list
from leads.inbound import events
from leads.models import Enrichment, InboundEvent, Lead, Suppression, Visit
from leads.suppression import bulk, suppression
from tests.factories import LeadFactory
from tests.fakes import rb2b
from tests.leads.conftest import arrive, arrived

pytestmark = pytest.mark.django_db

FIRST, SECOND = "dana@northline.test", "dana@old.test"
BOTH = f"{FIRST}, {SECOND}"


def named(address: str, **fields: Any) -> dict[str, Any]:
    return rb2b.person({"Business Email": address, "LinkedIn URL": None, **fields})


def answer(lead: Lead, **body: Any) -> Lead:
    asked = Enrichment.objects.filter(lead=lead).exclude(state="settled").first()
    row = asked or Enrichment.objects.create(lead=lead)
    clay_answers.record_answer(row.request_id, body)
    lead.refresh_from_db()
    return lead


def list_as_unsubscribed(address: str) -> None:
    report = suppression_list.import_suppressions(
        f"email,reason\n{address},unsubscribed\n".encode(), "list.csv"
    )
    assert report.read == 1 and not report.errors


def reason_of(lead: Lead) -> str:
    stop = suppression.find_stop(lead.email or "", lead)
    return stop.reason if stop else ""


def erase_mark(address: str) -> None:
    Suppression.objects.create(
        scope="address_hash", value=suppression.erased_hash(address), reason="erased", source="x"
    )


@pytest.mark.parametrize("is_listed_first", [True, False])
def test_an_opt_out_of_a_further_address_stops_the_person(is_listed_first: bool) -> None:
    if is_listed_first:
        list_as_unsubscribed(SECOND)
    lead = arrived(named(BOTH))
    if not is_listed_first:
        assert reason_of(lead) == ""
        list_as_unsubscribed(SECOND)

    assert (lead.email, lead.address) == (FIRST, "usable")
    assert reason_of(lead) == "unsubscribed"
    assert list(bulk.only_stopped(Lead.objects.all())) == [lead]
    assert not bulk.only_writable(Lead.objects.all()).exists()


def test_an_erased_person_does_not_return_by_a_further_address() -> None:
    erase_mark(SECOND)
    event = arrive(named(BOTH))

    assert not Lead.rows.exists() and not Visit.objects.exists()
    assert bytes(InboundEvent.objects.get(pk=event.pk).body) == b""


def test_who_comes_by_a_further_address_is_the_same_person() -> None:
    lead = arrived(named(BOTH))
    again = arrived(named(SECOND, **{"Captured URL": "https://oursite.test/pricing"}))

    assert again == lead
    lead.refresh_from_db()
    assert (lead.email, Lead.objects.count()) == (FIRST, 1)


def test_a_known_person_is_found_by_a_further_address() -> None:
    known = LeadFactory(email=SECOND, first_name="Dana", last_name="", linkedin_key=None)
    assert arrived(named(BOTH, **{"First Name": "Dana"})) == known
    known.refresh_from_db()
    assert known.email == SECOND


def test_another_name_at_a_further_address_is_another_person() -> None:
    other = LeadFactory(email=SECOND, first_name="Bob", last_name="Ray", linkedin_key=None)
    suppression.suppress(SECOND, "unsubscribed", "link", other)
    lead = arrived(named(BOTH, **{"First Name": "Dana", "Last Name": "Okafor"}))

    assert lead != other
    assert reason_of(lead) == "unsubscribed"  # the address said no, whoever has it


@pytest.mark.parametrize("shared", ["info@northline.test", "dana@mailinator.com"])
def test_a_shared_mailbox_is_not_of_the_person(shared: str) -> None:
    lead = arrived(named(f"{FIRST}, {shared}"))
    list_as_unsubscribed(shared)

    assert Lead.rows.count() == 1
    assert reason_of(lead) == ""


def test_the_address_that_can_be_written_to_is_taken() -> None:
    lead = arrived(named(f"dana@gmail.com, {FIRST}"))
    assert (lead.email, lead.address) == (FIRST, "usable")
    list_as_unsubscribed("dana@gmail.com")
    assert reason_of(lead) == "unsubscribed"


def test_a_later_visit_brings_an_address_to_write_to() -> None:
    body = rb2b.person({"Business Email": "dana@gmail.com"})
    lead = arrived(body)
    assert lead.address == "no_address"
    arrived({**body, "Business Email": FIRST, "Captured URL": "https://oursite.test/b"})

    lead.refresh_from_db()
    assert (lead.email, lead.address, lead.personal_email) == (FIRST, "usable", "dana@gmail.com")


def test_clays_personal_address_counts() -> None:
    list_as_unsubscribed("dana@gmail.com")
    lead = answer(LeadFactory(email=FIRST), work_email=FIRST, personal_email="dana@gmail.com")
    assert (lead.email, reason_of(lead)) == (FIRST, "unsubscribed")


def test_who_was_erased_at_clays_personal_address_stays_erased() -> None:
    erase_mark("dana@gmail.com")
    lead = LeadFactory(email=FIRST, title="")
    answer(lead, personal_email="dana@gmail.com", job_title="COO")
    assert suppression.is_erased(lead) and lead.title == ""


def test_a_replaced_address_still_leads_to_the_person() -> None:
    lead = LeadFactory(email=SECOND, first_name="Dana", last_name="Okafor", linkedin_key=None)
    answer(lead, email_status="invalid")
    answer(lead, work_email=FIRST, email_verified=True)
    assert (lead.email, lead.address) == (FIRST, "usable")

    again = arrived(named(SECOND, **{"First Name": "Dana", "Last Name": "Okafor"}))
    lead.refresh_from_db()
    assert (again, lead.email, Lead.objects.count()) == (lead, FIRST, 1)
    dead = suppression.find_stop(SECOND, lead)
    assert dead is not None and dead.reason == "invalid"
    list_as_unsubscribed(SECOND)
    assert reason_of(lead) == "unsubscribed"


def test_a_kept_address_becomes_the_leads_own_once_it_is_needed() -> None:
    lead = arrived(named(BOTH))
    answer(lead, email_status="invalid")
    answer(lead, work_email=SECOND, email_verified=True)

    assert (lead.email, lead.email_verified, lead.address) == (SECOND, True, "usable")
    assert set(Lead.rows.values_list("email", "email_invalid")) == {(SECOND, False), (FIRST, True)}


def test_an_erasure_finds_and_marks_all_addresses() -> None:
    lead = arrived(named(BOTH))
    answer(lead, personal_email="dana@gmail.com")
    InboundEvent.objects.all().delete()  # the bodies may be purged by then

    found = subject.find_subject("dana@gmail.com")
    assert {FIRST, SECOND, "dana@gmail.com"} <= found.identifiers
    assert lead.pk in found.pks


def test_the_same_body_twice_keeps_one_row_for_each_address() -> None:
    for path in ("a", "b", "c"):
        arrive(named(BOTH, **{"Captured URL": f"https://oursite.test/{path}"}))
    events.process_due()
    assert sorted(Lead.rows.values_list("email", flat=True)) == [FIRST, SECOND]


def test_an_address_that_a_list_has_come_to_name_is_replaced() -> None:
    lead = LeadFactory(email="dana@gmail.com", address="usable")  # as stored by an older list
    answer(lead, work_email=FIRST, email_verified=True)
    assert (lead.email, lead.address) == (FIRST, "usable")
