"""Answers without a request's id: whose they are, and what becomes of those that are nobody's."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from approvals.queue import what_waits
from caio_project.lib.models import Heartbeat
from caio_project.operations import diagnosis, status
from caio_project.schedule import SWEEPS
from leads.enrichment import clay_push, enrichment_requests
from leads.inbound import events, replay
from leads.models import Enrichment, InboundEvent, Kind, Lead, Visit
from leads.suppression import suppression
from tests.factories import LeadFactory, VisitFactory
from tests.fakes import rb2b
from tests.fakes.clay import FakeClay
from tests.leads.conftest import arrived, in_threads
from tests.leads.enrichment.asking import asked

pytestmark = pytest.mark.django_db
FOUND = {"past_employers": ["Acme"]}


def dana(**more: Any) -> Lead:
    fields = {"email": "dana@kite.test", "linkedin_key": "in/dana-kite", "past_employers": []}
    return LeadFactory(**{**fields, **more})


def answered(callback: Any, body: dict[str, Any]) -> InboundEvent:
    assert callback({**FOUND, **body}).status_code == 200
    events.process_due()
    return InboundEvent.objects.filter(source="clay").latest("pk")


def learnt(lead: Lead) -> list[str]:
    lead.refresh_from_db()
    return [past["name"] for past in lead.past_employers]


BY_PERSON = {
    "work email": {"work_email": "Dana@Kite.test"},
    "email": {"email": "dana@kite.test"},
    "column of its own": {"Work Email": "dana@kite.test"},
    "found address beside the one asked": {"work_email": "d@new.test", "email": "dana@kite.test"},
    "LinkedIn URL": {"linkedin_url": "https://linkedin.com/in/Dana-Kite/"},
    "LinkedIn profile": {"LinkedIn Profile": "http://www.linkedin.com/in/dana-kite?x=1"},
    "visitor_id": {"visitor_id": "vis_8841"},
    "visitorId": {"visitorId": "vis_8841"},
    "wrapped": {"data": {"email": "dana@kite.test", **FOUND}},
    "another installation's request": {"request_id": "old_17", "email": "dana@kite.test"},
    "no request": {"request_id": None, "email": "dana@kite.test"},
}


@pytest.mark.parametrize("body", BY_PERSON.values(), ids=BY_PERSON)
def test_answer_finds_the_person_and_ends_the_request(
    callback: Any, clay: FakeClay, body: dict[str, Any]
) -> None:
    lead, row = asked(clay, email="dana@kite.test", linkedin_key="in/dana-kite", past_employers=[])
    VisitFactory(lead=lead, visitor_id="vis_8841")
    event = answered(callback, body)
    row.refresh_from_db()
    assert (event.state, event.about) == ("processed", lead)
    assert learnt(lead) == ["Acme"]
    assert (row.state, row.outcome, "past_employers" in row.gained) == ("settled", "answered", True)
    assert Lead.objects.count() == Enrichment.objects.count() == 1


def test_what_was_pushed_as_visitor_id_comes_back_as_the_request(
    callback: Any, clay: FakeClay
) -> None:
    """An older workbook has no column for request_id, and one for visitor_id."""
    lead, row = asked(clay, past_employers=[])
    answered(callback, {"visitor_id": clay.submissions()[0]["visitor_id"]})
    row.refresh_from_db()
    assert (row.outcome, learnt(lead)) == ("answered", ["Acme"])


def test_visitor_id_of_an_older_body_is_remembered(callback: Any, clay: FakeClay) -> None:
    lead = arrived(rb2b.nested_legacy(visitor_id="vis_of_old"))
    assert {visit.visitor_id for visit in Visit.objects.all()} == {"vis_of_old"}
    answered(callback, {"visitor_id": "vis_of_old"})
    assert learnt(lead) == ["Acme"]


def test_visitor_id_of_two_people_is_the_last_ones(callback: Any, clay: FakeClay) -> None:
    first, last = dana(), dana(email="ben@kite.test", linkedin_key="in/ben-kite")
    for lead in (first, last):
        VisitFactory(lead=lead, visitor_id="vis_shared")
    VisitFactory(lead=None, company=last.company, visitor_id="vis_shared")
    answered(callback, {"visitor_id": "vis_shared"})
    assert (learnt(first), learnt(last)) == ([], ["Acme"])


@pytest.mark.parametrize(
    ("outcome", "requested", "becomes"),
    [
        ("partial", True, "late"),
        ("failed", False, "late"),
        ("skipped", False, "unasked"),
        ("unasked", False, "unasked"),
    ],
)
def test_closed_request_says_how_it_was_answered(
    callback: Any, clay: FakeClay, outcome: str, requested: bool, becomes: str
) -> None:
    lead = dana()
    row = Enrichment.objects.create(
        lead=lead, state="settled", outcome=outcome, settled_at=timezone.now(),
        requested_at=timezone.now() if requested else None,
    )  # fmt: skip
    answered(callback, {"email": lead.email})
    row.refresh_from_db()
    assert (row.outcome, learnt(lead)) == (becomes, ["Acme"])
    lead.refresh_from_db()
    assert lead.needs_assessment_at is not None


def test_lead_nobody_asked_about_gets_an_answer_of_its_own(callback: Any, clay: FakeClay) -> None:
    lead = dana()
    answered(callback, {"email": lead.email})
    row = Enrichment.objects.get()
    assert (row.state, row.outcome, row.gained) == ("settled", "unasked", ["past_employers"])
    assert (row.requested_at, row.answered_at is None) == (None, False)
    assert learnt(lead) == ["Acme"]
    enrichment_requests.request_enrichment(lead)  # answered lately: not asked and paid for again
    clay_push.push_due()
    assert clay.submissions() == []


def test_answer_long_after_the_last_is_one_of_its_own(callback: Any, clay: FakeClay) -> None:
    lead, long_ago = dana(), timezone.now() - timedelta(days=60)
    old = Enrichment.objects.create(
        lead=lead, state="settled", outcome="answered", settled_at=long_ago, answered_at=long_ago
    )
    answered(callback, {"email": lead.email})
    new = Enrichment.objects.exclude(pk=old.pk).get()
    assert (new.outcome, learnt(lead)) == ("unasked", ["Acme"])
    answered(callback, {"email": lead.email, "open_roles": 4})
    assert Enrichment.objects.count() == 2


def test_merged_person_is_found_by_either_address(callback: Any, clay: FakeClay) -> None:
    survivor = dana()
    dana(email="dana@old.test", linkedin_key="in/dana-old", merged_into=survivor)
    answered(callback, {"email": "dana@old.test"})
    assert (learnt(survivor), Enrichment.objects.get().lead) == (["Acme"], survivor)


NOBODY = {
    "unknown address": ({"email": "eve@other.test"}, "answer_about_nobody"),
    "unknown profile": ({"linkedin_url": "linkedin.com/in/eve"}, "answer_about_nobody"),
    "unknown visitor": ({"visitor_id": "vis_of_nobody"}, "answer_about_nobody"),
    "another's request": (
        {"request_id": "old_17", "email": "eve@other.test"}, "answer_about_nobody",
    ),
    "a part of an address": ({"email": "ana@kite.test"}, "answer_about_nobody"),
    "unknown request alone": ({"request_id": "old_17"}, "request_id_unknown"),
    "junk": ({"request_id": "", "email": "N/A"}, "request_id_unknown"),
    "nothing": ({"job_title": "CEO"}, "request_id_missing"),
    "a company's page": (
        {"linkedin_url": "https://www.linkedin.com/company/kite"}, "request_id_missing",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "code"), NOBODY.values(), ids=NOBODY)
def test_answer_about_nobody_is_kept_and_turns_nothing_red(
    callback: Any, clay: FakeClay, body: dict[str, Any], code: str
) -> None:
    for name in ("beat", *SWEEPS):
        Heartbeat.beat(name, worked=True)
    lead, row = asked(clay, email="dana@kite.test", past_employers=[])
    event = answered(callback, body)
    assert (event.state, event.reason_code, bool(event.body)) == ("parked", code, True)
    row.refresh_from_db()
    assert (row.state, row.answered_at, learnt(lead)) == ("requested", None, [])
    assert Lead.objects.count() == 1
    assert status.pipeline_problems() == []
    waits = what_waits.what_waits()
    assert (waits.parked, waits.unmatched, waits.is_any) == (0, 1, False)
    assert waits.as_counts()["unmatched_answers"] == 1
    found = {one.name: one for one in diagnosis.diagnose_stages()}
    assert found["parked events"].ok and not found["parked events"].waiting
    shown = found["answers of Clay about nobody"]
    assert (shown.ok, shown.waiting) == (True, 1)


def test_other_parked_events_still_turn_it_red(callback: Any, clay: FakeClay) -> None:
    for name in ("beat", *SWEEPS):
        Heartbeat.beat(name, worked=True)
    answered(callback, {"email": "eve@other.test"})
    callback(b'{"request_id": , "a": 1}')
    events.process_due()
    assert status.pipeline_problems() == ["1 inbound events were parked in the last hour."]


def test_answer_about_nobody_is_shown(
    callback: Any, clay: FakeClay, client: Client, lead_user: Any
) -> None:
    answered(callback, {"email": "eve@other.test"})
    client.force_login(lead_user)
    page = client.get("/sales").content.decode()
    assert "1 answer from Clay matches no lead" in " ".join(page.split())
    vault = client.get("/admin/leads/inboundevent/?note=unmatched").content.decode()
    assert "It is about nobody known here" in vault
    assert (
        "It is about nobody"
        not in client.get("/admin/leads/inboundevent/?note=unplaced").content.decode()
    )


def test_kept_answer_is_applied_once_its_person_is_a_lead(callback: Any, clay: FakeClay) -> None:
    event = answered(callback, {"email": "dana@kite.test"})
    lead = dana()
    outcome = replay.replay_event(event, events.PROCESSORS, dry_run=False)
    assert (outcome.ok, learnt(lead)) == (True, ["Acme"])


def test_nothing_is_kept_of_an_erased_person(callback: Any, clay: FakeClay) -> None:
    gone = dana()
    suppression.suppress("", suppression.Reason.ERASED, "test", gone)
    for body in ({"email": "dana@kite.test"}, {"linkedin_url": "linkedin.com/in/dana-kite"}):
        event = answered(callback, body)
        assert (event.state, bytes(event.body)) == ("processed", b"")
    gone.refresh_from_db()
    assert gone.past_employers == []


@pytest.mark.parametrize("kind", [Kind.EXAMPLE, Kind.TRAINING, Kind.TEST])
def test_answer_about_an_invented_person_is_taken_for_nobodys(
    callback: Any, clay: FakeClay, kind: str
) -> None:
    lead = dana(kind=kind)
    event = answered(callback, {"email": lead.email})
    assert (event.reason_code, learnt(lead)) == ("answer_about_nobody", [])
    assert not Enrichment.objects.exists()


def test_test_of_clay_ends_by_an_older_callback(callback: Any, clay: FakeClay) -> None:
    lead = dana(kind=Kind.TEST)
    row = enrichment_requests.request_test_enrichment(lead)
    clay_push.push_due()
    event = answered(callback, {"email": lead.email})
    row.refresh_from_db()
    assert (event.state, row.outcome, row.answered_at is None) == ("processed", "answered", False)
    assert learnt(lead) == []


@pytest.mark.postgres
@pytest.mark.usefixtures("committed")
def test_two_answers_at_once_about_an_unasked_lead_both_count(clay: FakeClay) -> None:
    lead = dana(title="")
    bodies = [b'{"email": "dana@kite.test", "past_employers": ["Acme"]}',
              b'{"linkedin_url": "linkedin.com/in/dana-kite", "job_title": "CEO"}']  # fmt: skip
    for body in bodies:
        events.store_event("clay", body)
    in_threads([events.process_due, events.process_due])
    assert set(InboundEvent.objects.values_list("state", "attempts")) == {("processed", 1)}
    assert learnt(lead) == ["Acme"] and lead.title == "CEO"
    assert set(Enrichment.objects.values_list("state", "outcome")) == {("settled", "unasked")}
