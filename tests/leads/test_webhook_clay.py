"""Clay calls back unsigned: the secret in the header and the request's unguessable id are the
proof.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from leads.enrichment import clay_push, enrichment_requests, submission_budget
from leads.inbound import events
from leads.integrations import breaker
from leads.models import Budget, Enrichment, InboundEvent, Lead
from tests.factories import LeadFactory
from tests.fakes.clay import FakeClay, callback_body, enriched
from tests.leads.conftest import work

pytestmark = pytest.mark.django_db


def asked(clay: FakeClay, **lead: Any) -> dict[str, Any]:
    """The row at Clay of a new lead that was just pushed."""
    enrichment_requests.request_enrichment(LeadFactory(**lead))
    clay_push.push_due()
    return clay.submissions()[-1]


def nothing_happened(state: str = "requested") -> bool:
    row = Enrichment.objects.get()
    return (row.state, row.outcome, row.answered_at, row.gained) == (state, "", None, [])


def test_without_a_secret_of_ours_nobody_is_trusted(client: Client, settings: Any) -> None:
    settings.CLAY_CALLBACK_TOKEN = ""
    for header in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"}):
        response = client.post(
            "/webhooks/clay", b"{}", content_type="application/json", headers=header
        )
        assert (response.status_code, response.json()["detail"]) == (
            503,
            "CLAY_CALLBACK_TOKEN is not set, so no callback can be trusted.",
        )
    assert not InboundEvent.objects.exists()


def test_old_and_new_secret_count_during_rotation(
    client: Client, clay: FakeClay, settings: Any
) -> None:
    settings.CLAY_CALLBACK_TOKEN = "old-secret, new-secret"
    answers = {}
    for secret in ("old-secret", "new-secret", "old-secret, new-secret", "old-secret,", ""):
        headers = {"Authorization": f"Bearer {secret}"}
        body = json.dumps({"request_id": "enr_x", "n": secret})
        answers[secret] = client.post(
            "/webhooks/clay", body, content_type="application/json", headers=headers
        ).status_code
    assert list(answers.values()) == [200, 200, 401, 401, 401]
    assert InboundEvent.objects.count() == 2
    settings.CLAY_CALLBACK_TOKEN = ","
    assert client.post("/webhooks/clay", b"{}", content_type="application/json").status_code == 503


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer clay-callback-tokenx",
        "Basic clay-callback-token",
        "clay-callback-token",
        "Bearer é",
    ],
)
def test_wrong_secret_gets_401_and_stores_nothing(
    client: Client, clay: FakeClay, header: str | None
) -> None:
    row = asked(clay)
    headers = {} if header is None else {"Authorization": header}
    body = callback_body(row)
    response = client.post("/webhooks/clay", body, content_type="application/json", headers=headers)
    assert (response.status_code, response.json()["detail"]) == (
        401,
        "Authorization: it is missing or wrong.",
    )
    assert response.headers["WWW-Authenticate"] == "Bearer"
    work()
    assert not InboundEvent.objects.exists()
    assert nothing_happened()


def test_a_secret_in_the_query_is_no_secret(client: Client, clay: FakeClay) -> None:
    response = client.post(
        "/webhooks/clay?token=clay-callback-token", b"{}", content_type="application/json"
    )
    assert response.status_code == 401
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_post_is_taken(client: Client, clay: FakeClay, method: str) -> None:
    response = getattr(client, method)(
        "/webhooks/clay", headers={"Authorization": "Bearer clay-callback-token"}
    )
    assert response.status_code == 405
    assert not InboundEvent.objects.exists()


def test_valid_answer_settles_the_request(callback: Any, clay: FakeClay) -> None:
    row = asked(clay, title="")
    response = callback(callback_body(row))
    event = InboundEvent.objects.get()
    assert (response.status_code, response.json()) == (
        200,
        {"status": "stored", "id": str(event.public_id)},
    )
    assert nothing_happened()
    events.process_due()
    event.refresh_from_db()
    assert (event.state, event.source) == ("processed", "clay")
    request = Enrichment.objects.get()
    assert (request.state, request.outcome) == ("settled", "answered")
    assert request.answered_at is not None
    assert "title" in request.gained
    lead = Lead.objects.get()
    assert (lead.title, lead.sources["title"]["source"]) == ("VP Revenue Operations", "clay")


BAD = {
    "empty": (b"", "The body is not JSON"),
    "unquoted reference": (
        b'{"request_id": "x", "employee_count": , "a": 1}',
        "The body is not JSON",
    ),
    "list": (b"[]", "request_id is missing"),
    "text": (b'"x"', "request_id is missing"),
    "Latin-1": ('{"a": "ö"}'.encode("latin-1"), "The body is not JSON"),
    "deep": (b'{"a":' * 100_000, "The body is nested too deeply."),
}


@pytest.mark.parametrize(("body", "reason"), BAD.values(), ids=BAD)
def test_non_object_body_gets_400_and_is_kept(callback: Any, body: bytes, reason: str) -> None:
    response = callback(body)
    event = InboundEvent.objects.get()
    assert response.status_code == 400
    assert (
        response.json()["detail"]
        == f"body: it is not a JSON object; it was kept as event {event.public_id}."
    )
    assert bytes(event.body) == body
    events.process_due()
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("parked", 1)
    assert event.reason.startswith(reason)


def test_too_large_body_gets_400_and_is_parked(callback: Any) -> None:
    assert callback({"request_id": "x", "title": "y" * 2_000_000}).status_code == 400
    assert InboundEvent.objects.get().state == "parked"
    assert events.process_due() == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"request_id": "enr_never_issued", "job_title": "CEO"}, "request_id is not one of ours."),
        ({"request_id": ""}, "request_id is not one of ours."),
        ({"request_id": "enr_\x00\ud800"}, "request_id is not one of ours."),
        (
            {"request_id": None},
            "request_id is missing: it must be a column of the Clay table and part of the callback",
        ),
        (
            {"request_id": 7},
            "request_id is missing: it must be a column of the Clay table and part of the callback",
        ),
        (
            {"job_title": "CEO"},
            "request_id is missing: it must be a column of the Clay table and part of the callback",
        ),
    ],
)
def test_unknown_request_gets_200_and_is_parked(
    callback: Any, clay: FakeClay, body: dict[str, Any], reason: str
) -> None:
    asked(clay, title="")
    assert callback(body).status_code == 200
    events.process_due()
    event = InboundEvent.objects.get()
    assert (event.state, event.attempts) == ("parked", 1)
    assert event.reason.startswith(reason)
    assert nothing_happened()
    assert Lead.objects.get().title == ""


def test_the_same_answer_twice_counts_as_another_delivery(callback: Any, clay: FakeClay) -> None:
    body = callback_body(asked(clay, title=""))
    for _ in range(2):
        assert callback(body).status_code == 200
        events.process_due()
    event, request = InboundEvent.objects.get(), Enrichment.objects.get()
    assert (event.deliveries, event.attempts, event.state) == (2, 1, "processed")
    assert request.outcome == "answered"


def test_second_answer_adds_missing_facts(callback: Any, clay: FakeClay) -> None:
    row = asked(clay, title="", past_employers=[])
    callback({"request_id": row["request_id"], "job_title": "CRO"})
    events.process_due()
    first = Enrichment.objects.get()
    Lead.objects.update(needs_assessment_at=None)
    callback({"request_id": row["request_id"], "job_title": "CEO", "past_employers": ["Acme"]})
    events.process_due()
    lead, request = Lead.objects.get(), Enrichment.objects.get()
    assert (lead.title, [past["name"] for past in lead.past_employers]) == ("CRO", ["Acme"])
    assert (request.gained, request.outcome) == (["past_employers", "title"], "answered")
    assert (request.answered_at, request.settled_at) == (first.answered_at, first.settled_at)
    assert lead.needs_assessment_at is not None


def test_late_answer_improves_the_lead(callback: Any, clay: FakeClay) -> None:
    row = asked(clay, title="")
    Enrichment.objects.update(not_before=timezone.now())
    work()
    assert Enrichment.objects.get().outcome == "partial"
    assert Lead.objects.get().needs_assessment_at is None
    callback(callback_body(row))
    events.process_due()
    request, lead = Enrichment.objects.get(), Lead.objects.get()
    assert (request.state, request.outcome) == ("settled", "late")
    assert request.answered_at is not None
    assert lead.title == "VP Revenue Operations"
    assert lead.needs_assessment_at is not None


def test_late_answer_without_news_does_not_reassess(callback: Any, clay: FakeClay) -> None:
    row = asked(clay)
    Enrichment.objects.update(not_before=timezone.now())
    work()
    callback({"request_id": row["request_id"], "job_title": "N/A"})
    events.process_due()
    assert Enrichment.objects.get().outcome == "late"
    assert Lead.objects.get().needs_assessment_at is None


def test_a_real_callback_of_the_fake_is_taken(live_server: Any, clay: FakeClay) -> None:
    """Over HTTP, with the header as Clay sends it."""
    record = clay.call_back(
        {"request_id": "enr_never_issued"},
        callback_url=f"{live_server.url}/webhooks/clay",
        answer=enriched,
    )
    assert (record["status"], record["error"]) == (200, None)
    assert InboundEvent.objects.get().source == "clay"


# Health


def test_health_says_whether_clay_can_enrich(client: Client, clay: FakeClay) -> None:
    assert client.get("/webhooks/clay/health").json() == {
        "status": "healthy",
        "enricher_initialized": True,
        "database": "there",
        "spool": "writable",
        "spooled": 0,
        "spooled_since": None,
        "set_aside": 0,
        "waiting": 0,
        "last_answer_at": None,
        "breaker": "closed",
        "submissions_used": 0,
    }


def test_health_shows_waiting_requests_and_last_answer(
    client: Client, callback: Any, clay: FakeClay
) -> None:
    row = asked(clay)
    asked(clay)
    assert client.get("/webhooks/clay/health").json()["waiting"] == 2
    callback(callback_body(row))
    events.process_due()
    body = client.get("/webhooks/clay/health").json()
    assert body["waiting"] == 1
    assert body["last_answer_at"] is not None


@pytest.mark.parametrize("setting", ["CLAY_WORKBOOK_WEBHOOK_URL", "CLAY_CALLBACK_TOKEN"])
def test_health_says_what_is_not_set_up(
    client: Client, clay: FakeClay, settings: Any, setting: str
) -> None:
    setattr(settings, setting, "")
    body = client.get("/webhooks/clay/health").json()
    assert (body["status"], body["enricher_initialized"]) == ("unconfigured", False)


def test_health_says_that_an_open_breaker_asks_nobody(client: Client, clay: FakeClay) -> None:
    for _ in range(2):
        breaker.record_failure("HTTP 500", breaker.CallPermit.ASK)
    assert client.get("/webhooks/clay/health").json()["enricher_initialized"] is True
    breaker.record_failure("HTTP 500", breaker.CallPermit.ASK)
    answer = client.get("/webhooks/clay/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    assert (answer.json()["breaker"], answer.json()["enricher_initialized"]) == ("open", False)
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=True):  # a probe is due
        assert client.get("/webhooks/clay/health").json()["enricher_initialized"] is False
    breaker.close_after_answer()
    assert client.get("/webhooks/clay/health").json()["enricher_initialized"] is True


def test_health_says_that_nothing_is_left_to_submit(client: Client, clay: FakeClay) -> None:
    submission_budget.submissions_used()
    Budget.objects.update(used=submission_budget.LIFETIME_SUBMISSIONS - 1)
    assert client.get("/webhooks/clay/health").json()["enricher_initialized"] is True
    assert submission_budget.claim_submission()
    assert client.get("/webhooks/clay/health").json()["enricher_initialized"] is False


def test_health_says_that_clay_is_in_the_sandbox(client: Client) -> None:
    body = client.get("/webhooks/clay/health").json()
    assert (body["status"], body["enricher_initialized"]) == ("sandbox", False)


def test_health_says_no_while_the_breaker_is_open(client: Client, clay: FakeClay) -> None:
    for _ in range(3):
        breaker.record_failure("refused", breaker.request_permit())
    body = client.get("/webhooks/clay/health").json()
    assert (body["breaker"], body["enricher_initialized"]) == ("open", False)


@pytest.mark.parametrize("by", ["work_email", "linkedin_url", "nobody"])
def test_an_answer_without_request_id_finds_its_lead(
    callback: Any, clay: FakeClay, by: str
) -> None:
    asked(clay, title="")
    other = asked(clay, title="")
    lead = Enrichment.objects.get(request_id=other["request_id"]).lead
    who = {
        "work_email": lead.email,
        "linkedin_url": f"https://linkedin.com/{lead.linkedin_key}",
        "nobody": "",
    }
    assert callback({by: who[by], "job_title": "CRO"}).status_code == 200
    events.process_due()
    titles = list(Lead.objects.exclude(title="").values_list("pk", "title"))
    assert titles == ([] if by == "nobody" else [(lead.pk, "CRO")])
    assert InboundEvent.objects.get().state == ("parked" if by == "nobody" else "processed")
