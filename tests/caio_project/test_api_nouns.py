"""Lists of the API: pages, filters, orders; and what an integration may write."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from approvals.decisions import decisions
from caio_project.lib.models import WebhookDelivery, WebhookEndpoint
from caio_project.lib.webhooks_out import delivery
from leads.models import Lead, OwnerChange, Suppression, TeamMember
from tests import factories
from tests.caio_project.test_api import key, post
from tests.fakes.receiver import FakeReceiver

pytestmark = pytest.mark.django_db


def get(client: Client, path: str, headers: dict[str, str]) -> Any:
    return client.get(f"/api/{path}", headers=headers).json()


def ids(body: Any) -> list[str]:
    return [row["id"] for row in body["results"]]


def test_pages_of_leads_lead_through_all_of_them_and_back(client: Client) -> None:
    people, mine = [factories.LeadFactory() for _ in range(5)], key("leads:read")
    first = get(client, "leads?limit=2&order=first_seen_at", mine)
    second = client.get(first["next"], headers=mine).json()
    third = client.get(second["next"], headers=mine).json()
    back = client.get(third["previous"], headers=mine).json()

    assert ids(first) + ids(second) + ids(third) == [str(one.public_id) for one in people]
    assert third["next"] is None and ids(back) == ids(second)


def test_leads_by_what_is_known_of_them(client: Client) -> None:
    held, other, mine = factories.held_email(), factories.LeadFactory(), key("leads:read")
    Suppression.objects.create(scope="person", value=str(other.pk), reason="manual", source="x")
    lead = held.lead
    queries = {
        f"email={lead.email}": [lead], f"company={lead.company_id}": [lead],
        "suppressed=true": [other], "kind=test": [], "min_intent=101": [],
    }  # fmt: skip

    found = {query: ids(get(client, f"leads?{query}", mine)) for query in queries}

    assert found == {q: [str(one.public_id) for one in rows] for q, rows in queries.items()}
    assert get(client, f"leads/{other.public_id}", mine)["stop"]["reason"] == "manual"
    assert get(client, f"leads/{lead.public_id}", mine)["stop"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("tier=gold", "tier"), ("limit=0", "limit"), ("limit=x", "limit"), ("order=name", "order"),
        ("cursor=x", "cursor"), ("seen_after=soon", "seen_after"), ("tear=tier_1", "tear"),
        ("suppressed=yes", "suppressed"), ("owner=99999999999", "owner"), ("email=", "email"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(client: Client, query: str, field: str) -> None:
    answer = client.get(f"/api/leads?{query}", headers=key("leads:read"))

    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == field
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_visits_companies_messages_and_decisions(client: Client, reviewer: User) -> None:
    message = factories.held_email()
    visit = factories.VisitFactory(lead=message.lead)
    decisions.approve(message, 1, decisions.Decider(reviewer, "desk"))
    mine = key("leads:read", "messages:read")
    lead, company = message.lead.public_id, message.lead.company

    assert visit.pk in ids(get(client, f"visits?lead={lead}", mine))
    assert get(client, f"visits/{visit.pk}", mine)["lead"] == str(lead)
    assert ids(get(client, f"companies?domain={company.domain}", mine)) == [company.pk]
    assert get(client, f"companies/{company.pk}", mine)["name"] == company.name
    assert ids(get(client, f"messages?lead={lead}&status=cleared", mine)) == [
        str(message.public_id)
    ]
    assert ids(get(client, "messages?status=held", mine)) == []
    (decision,) = get(client, f"decisions?message={message.public_id}", mine)["results"]
    assert (decision["verdict"], decision["undone_at"]) == ("approved", None)


def test_an_integration_sets_an_owner(client: Client) -> None:
    lead, member = factories.LeadFactory(), TeamMember.objects.create(name="Dana")
    mine, path = key("leads:write"), f"/api/leads/{lead.public_id}/owner"

    assert post(client, path, {"owner": member.pk}, mine).json()["owner"]["name"] == "Dana"
    assert OwnerChange.objects.get(lead=lead, how="hand").owner == member
    assert post(client, path, {"owner": 999_999}, mine).status_code == 400
    TeamMember.objects.filter(pk=member.pk).update(active=False)
    assert post(client, path, {"owner": member.pk}, mine).status_code == 409
    assert Lead.objects.get(pk=lead.pk).owner == member


def test_a_suppression_is_normalised_stored_once_and_never_lifted(client: Client) -> None:
    mine = key("leads:write", "leads:read")
    body = {"scope": "address", "value": " Jane+news@Acme.example.com ", "reason": "manual"}

    answers = [post(client, "/api/suppressions", body, mine) for _ in range(2)]

    assert [one.status_code for one in answers] == [201, 200]
    assert answers[0].json()["value"] == "jane+news@acme.example.com"
    found = get(client, "suppressions?value=jane@acme.example.com", mine)["results"]
    assert found[0]["source"] == "API: test"
    one = f"/api/suppressions/{found[0]['id']}"
    assert client.delete(one, headers=mine).status_code == 405
    assert client.get(one, headers=mine).json() == found[0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scope": "domain", "value": "jane@acme.example.com", "reason": "manual"}, "value"),
        ({"scope": "person", "value": "1", "reason": "manual"}, "scope"),
        ({"scope": "address", "value": "jane@acme.example.com", "reason": "erased"}, "reason"),
    ],
)
def test_a_wrong_suppression_names_its_field_and_is_not_stored(
    client: Client, body: Any, field: str
) -> None:
    answer = post(client, "/api/suppressions", body, key("leads:write"))

    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == field
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("method", "path", "kind", "status"),
    [
        ("GET", "/api/nothing", "application/json", 404),
        ("GET", "/api/leads/0", "application/json", 404),
        ("PUT", "/api/leads", "application/json", 405),
        ("POST", "/api/halt", "text/plain", 415),
    ],
)
def test_every_refusal_is_problem_json(
    client: Client, method: str, path: str, kind: str, status: int
) -> None:
    mine = key("leads:read", "outreach:halt")
    answer = client.generic(method, path, "{}", kind, headers=mine)
    if status == 405 and answer.status_code == 403:  # no scope is given for the method
        status = 403

    assert answer.status_code == status and answer.json()["status"] == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_endpoints_by_key_only_for_what_it_may_read(client: Client, settings: Any) -> None:
    settings.WEBHOOKS_OUT_LOOPBACK = True
    mine = key("webhooks:manage", "messages:read")
    with FakeReceiver() as receiver:
        body = {"url": receiver.address(), "events": ["message.held"]}
        refused = post(
            client, "/api/webhook-endpoints", {**body, "events": ["phase.changed"]}, mine
        )
        made = post(client, "/api/webhook-endpoints", body, mine).json()
        receiver.secret, path = made["secret"], f"/api/webhook-endpoints/{made['id']}"
        tested = post(client, f"{path}/test", {}, mine)
        delivery.deliver_due()
        (row,) = get(client, f"{path[5:]}/deliveries", mine)["results"]
        replay = f"/api/webhook-deliveries/{row['id']}/replay"
        again = post(client, replay, {}, mine).status_code
        twice = post(client, replay, {}, mine).status_code
        delivery.deliver_due()
        rotated = post(client, f"{path}/rotate", {}, mine).json()["secret"]

        assert refused.json()["errors"][0]["field"] == "events"
        assert tested.status_code == 200 and row["tries"][0]["status"] == 200
        assert (again, twice) == (200, 409)
        assert [one for one, _ in receiver.accepted] == [row["event_id"]] * 2
        assert rotated != made["secret"] and "secret" not in get(client, path[5:], mine)
        assert not post(client, f"{path}/disable", {}, mine).json()["active"]
        assert post(client, f"{path}/test", {}, mine).status_code == 409
        assert post(client, f"{path}/enable", {}, mine).json()["active"]
    assert WebhookEndpoint.objects.count() == 1 and WebhookDelivery.objects.count() == 1


def test_a_lead_adds_tests_and_disables_one_on_pages(
    client: Client, lead_user: User, settings: Any
) -> None:
    settings.WEBHOOKS_OUT_LOOPBACK = True
    client.force_login(lead_user)
    with FakeReceiver() as receiver:
        wrong = client.post(
            "/sales/settings/webhooks", {"url": "https://10.0.0.1/", "events": ["message.sent"]}
        )
        assert b"private network" in wrong.content and not WebhookEndpoint.objects.exists()
        form = {"url": receiver.address(), "events": ["message.sent"], "description": "CRM"}
        shown = client.post("/sales/settings/webhooks", form).content.decode()
        endpoint = WebhookEndpoint.objects.get()
        receiver.secret = shown.split("<code>whsec_")[1].split("</code>")[0]
        receiver.secret = f"whsec_{receiver.secret}"
        page = f"/sales/settings/webhooks/{endpoint.public_id}"
        client.post(page, {"act": "test"})
        delivery.deliver_due()
        row = WebhookDelivery.objects.get()
        client.post(page, {"act": "replay", "delivery": row.pk})
        delivery.deliver_due()
        log = client.get(page).content.decode()

        assert len(receiver.accepted) == 2 and "2 tries" in log and "whsec_" not in log
        assert "whsec_" not in client.get("/sales/settings/webhooks").content.decode()
        new = client.post(page, {"act": "rotate"}).content.decode()
        assert "whsec_" in new and receiver.secret not in new
        client.post(page, {"act": "change", **form, "events": ["message.held"]})
        client.post(page, {"act": "disable"})
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.events) == (False, ["message.held"])
