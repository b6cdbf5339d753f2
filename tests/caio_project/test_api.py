"""The API as outsiders script against it: shapes, scopes, problem JSON, and that a refusal changes
nothing.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from approvals.models import Decision
from caio_project.lib.models import ApiKey
from caio_project.operations import status
from leads.models import InboundEvent
from outreach.control import phase
from outreach.models import Control
from tests import factories
from tests.fakes import rb2b

pytestmark = pytest.mark.django_db


def key(*scopes: str, user: User | None = None) -> dict[str, str]:
    _, secret = ApiKey.objects.create_key(name="test", scopes=list(scopes), user=user)
    return {"Authorization": f"Bearer {secret}"}


def post(client: Client, path: str, body: Any, headers: dict[str, str]) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)


REASON = "The pain does not match what a VP of Sales does."


class TestQueueStatus:
    def test_has_the_documented_shape_and_counts(self, client: Client) -> None:
        factories.held_email()
        factories.held_email(factories.LeadFactory(test=True))
        factories.cleared_email()
        body = client.get("/api/queue-status").json()
        assert body["shadow_mode_emails"] == {
            "total": 2,
            "pending": 1,
            "approved": 1,
            "rejected": 0,
        }
        assert {k: body["daily_limit"][k] for k in ("limit", "used", "remaining")} == {
            "limit": 25,
            "used": 0,
            "remaining": 25,
        }
        assert set(body) == {
            "shadow_mode_emails",
            "daily_limit",
            "phase",
            "halted",
            "sandbox",
            "pipeline",
            "pipeline_healthy",
        }
        assert set(body["pipeline"]) == {
            "events_received",
            "events_waiting",
            "events_parked",
            "leads",
            "enrichment_waiting",
            "messages",
            "last_event_at",
            "last_sent_at",
        }
        assert body["pipeline"]["messages"] == {"held": 2, "cleared": 1}
        assert (body["phase"], body["halted"], body["sandbox"]) == (
            "parallel",
            False,
            ["clay", "ghl"],
        )

    def test_an_idle_system_without_workers_is_not_healthy(self, client: Client) -> None:
        assert client.get("/api/queue-status").json()["pipeline_healthy"] is False

    def test_without_detail_only_the_counts_are_there(self, client: Client, settings: Any) -> None:
        settings.QUEUE_STATUS_DETAIL = False
        assert set(client.get("/api/queue-status").json()) == {"shadow_mode_emails", "daily_limit"}

    def test_is_healthy_when_seen_and_nothing_is_stuck(self) -> None:
        from caio_project.lib.models import Heartbeat
        from caio_project.schedule import SWEEPS

        for name in ("beat", *SWEEPS):
            Heartbeat.beat(name)
        assert status.pipeline_problems() == []
        InboundEvent.objects.create(
            source="rb2b", body=b"{", body_sha256="x", state="parked", reason="no"
        )
        assert status.pipeline_problems() == ["1 inbound events were parked in the last hour."]


class TestHealth:
    def test_live_asks_for_nothing(self, client: Client, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            assert client.get("/api/health/live").json()["status"] == "healthy"

    def test_ready_when_the_database_is_migrated(self, client: Client) -> None:
        answer = client.get("/api/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "healthy")

    def test_says_503_without_worker_and_beat(self, client: Client) -> None:
        MigrationRecorder.Migration.objects.update(applied=timezone.now() - timedelta(minutes=6))
        answer = client.get("/api/health")
        assert (answer.status_code, answer.json()["checks"]["beat"]) == (
            503,
            {"ok": False, "detail": "never seen"},
        )

    def test_says_starting_until_everything_had_its_time(self, client: Client) -> None:
        MigrationRecorder.Migration.objects.update(applied=timezone.now())
        answer = client.get("/api/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "starting")
        assert answer.json()["checks"]["beat"] == {"ok": False, "detail": "starting: never seen"}


class TestPendingEmails:
    def test_lists_what_waits_most_urgent_first(self, client: Client) -> None:
        low = factories.held_email(intent=5, tier="tier_3", icp=10)
        hot = factories.held_email()
        body = client.get("/api/pending-emails", headers=key("messages:read")).json()
        assert [row["id"] for row in body["results"]] == [str(hot.public_id), str(low.public_id)]
        first = body["results"][0]
        assert set(first) == {
            "id",
            "to",
            "subject",
            "body",
            "status",
            "priority",
            "tier",
            "intent_score",
            "reasons",
            "recipient",
            "created_at",
            "due_at",
            "version",
        }
        assert (first["priority"], first["recipient"]["title"], first["version"]) == (
            "hot",
            "VP Sales",
            1,
        )
        assert (body["next"], body["previous"]) == (None, None)

    def test_pages_forth_and_back_without_loss_or_repetition(self, client: Client) -> None:
        factories.create_many_held(120)
        headers, seen, url = key("messages:read"), [], "/api/pending-emails"
        while url:
            body = client.get(url, headers=headers).json()
            seen.append([row["id"] for row in body["results"]])
            last, url = body, body["next"]
        assert [len(page) for page in seen] == [50, 50, 20]
        assert len({one for page in seen for one in page}) == 120
        back = client.get(last["previous"], headers=headers).json()
        assert [row["id"] for row in back["results"]] == seen[1]

    def test_query_count_does_not_grow(
        self, client: Client, django_assert_max_num_queries: Any
    ) -> None:
        factories.create_many_held(60)
        headers = key("messages:read")
        client.get("/api/pending-emails", headers=headers)
        with django_assert_max_num_queries(6):  # two of them count the use of the key
            client.get("/api/pending-emails", headers=headers)

    @pytest.mark.parametrize(
        "query",
        [
            "cursor=nonsense",
            "cursor=WzFd",
            "cursor=WzAsICJ4IiwgInkiLCAieiJd",  # [0, "x", "y", "z"]
            "cursor=WzAsIDEsIHsiYXQiOiAieCJ9LCAxXQ",  # [0, 1, {"at": "x"}, 1]
            "cursor=WzAsIDEsIDEsIDFd",  # [0, 1, 1, 1]
            # [0, 1, {"at": "0001-01-01T00:00:00+14:00"}, 1]
            "cursor=WzAsIDEsIHsiYXQiOiAiMDAwMS0wMS0wMVQwMDowMDowMCsxNDowMCJ9LCAxXQ",
            # [0, 1, {"at": "9999-12-31T23:59:59-12:00"}, 1]
            "cursor=WzAsIDEsIHsiYXQiOiAiOTk5OS0xMi0zMVQyMzo1OTo1OS0xMjowMCJ9LCAxXQ",
            "priority=urgent",
        ],
    )
    def test_a_wrong_parameter_is_named(self, client: Client, query: str) -> None:
        answer = client.get(f"/api/pending-emails?{query}", headers=key("messages:read"))
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
        assert answer.json()["errors"][0]["field"] == query.split("=")[0]

    def test_needs_the_scope(self, client: Client) -> None:
        assert client.get("/api/pending-emails").status_code == 401
        answer = client.get("/api/pending-emails", headers=key("leads:read"))
        assert (answer.status_code, answer.json()["detail"]) == (
            403,
            "This needs the scope messages:read.",
        )

    def test_a_session_needs_the_permission(self, client: Client, viewer: User) -> None:
        client.force_login(viewer)
        assert client.get("/api/pending-emails").status_code == 200
        client.force_login(User.objects.create_user("nobody"))
        assert client.get("/api/pending-emails").status_code == 403


class TestDecisions:
    def test_a_key_approves_in_its_users_name(self, client: Client, reviewer: User) -> None:
        message = factories.held_email()
        headers = key("approvals:decide", user=reviewer)
        answer = post(client, f"/api/emails/{message.public_id}/approve", {"version": 1}, headers)
        assert (answer.status_code, answer.json()["status"]) == (200, "cleared")
        decision = Decision.objects.get()
        assert (decision.by, decision.channel, decision.text_sha256) == (
            reviewer,
            "api",
            message.text.sha256,
        )  # type: ignore[union-attr]

    def test_a_stale_version_conflicts_and_decides_nothing(self, client: Client) -> None:
        message = factories.held_email()
        answer = post(
            client,
            f"/api/emails/{message.public_id}/approve",
            {"version": 2},
            key("approvals:decide"),
        )
        assert (answer.status_code, answer.json()["version_now"]) == (409, 1)
        message.refresh_from_db()
        assert (message.status, Decision.objects.count()) == ("held", 0)

    def test_the_second_decision_is_a_conflict(self, client: Client) -> None:
        message, headers = factories.held_email(), key("approvals:decide")
        path = f"/api/emails/{message.public_id}"
        assert post(client, f"{path}/approve", {"version": 1}, headers).status_code == 200
        body = {"version": 1, "tag": "weak_subject", "reason": REASON}
        assert post(client, f"{path}/reject", body, headers).status_code == 409
        assert Decision.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "version"),
            ({"version": "one"}, "version"),
            ({"version": 1, "tag": "dull", "reason": REASON}, "tag"),
            ({"version": 1, "tag": "weak_subject", "reason": "too short"}, "reason"),
        ],
    )
    def test_a_wrong_rejection_names_the_field_and_decides_nothing(
        self, client: Client, body: dict[str, Any], field: str
    ) -> None:
        message = factories.held_email()
        answer = post(
            client, f"/api/emails/{message.public_id}/reject", body, key("approvals:decide")
        )
        assert answer.status_code == 400
        assert field in [error["field"] for error in answer.json()["errors"]]
        message.refresh_from_db()
        assert (message.status, Decision.objects.count()) == ("held", 0)

    def test_without_the_scope_nothing_is_decided(self, client: Client) -> None:
        message = factories.held_email()
        answer = post(
            client, f"/api/emails/{message.public_id}/approve", {"version": 1}, key("messages:read")
        )
        assert answer.status_code == 403
        message.refresh_from_db()
        assert message.status == "held"

    def test_a_get_decides_nothing(self, client: Client, reviewer: User) -> None:
        message = factories.held_email()
        client.force_login(reviewer)
        assert client.get(f"/api/emails/{message.public_id}/approve").status_code == 405
        message.refresh_from_db()
        assert message.status == "held"

    def test_a_session_post_needs_the_csrf_token(self, reviewer: User) -> None:
        message, client = factories.held_email(), Client(enforce_csrf_checks=True)
        client.force_login(reviewer)
        assert (
            post(client, f"/api/emails/{message.public_id}/approve", {"version": 1}, {}).status_code
            == 403
        )
        message.refresh_from_db()
        assert message.status == "held"

    def test_broken_json_is_a_problem_and_not_a_500(self, client: Client) -> None:
        message = factories.held_email()
        answer = client.post(
            f"/api/emails/{message.public_id}/approve",
            "{",
            content_type="application/json",
            headers=key("approvals:decide"),
        )
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


class TestVisitors:
    def test_a_visitor_is_taken_once(self, client: Client) -> None:
        body, headers = rb2b.person(), key("leads:write")
        first, again = (post(client, "/api/visitors", body, headers) for _ in range(2))
        assert (first.status_code, again.status_code) == (202, 200)
        assert first.json() == again.json()
        assert InboundEvent.objects.get().source == "api"

    @pytest.mark.parametrize("body", [[], "text", {}, {"LinkedIn URL": ["x"]}])
    def test_an_unreadable_body_is_refused_not_stored(self, client: Client, body: Any) -> None:
        answer = post(client, "/api/visitors", body, key("leads:write"))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "body")
        assert InboundEvent.objects.count() == 0


class TestPhaseAndHalt:
    def test_says_what_is_enforced(self, client: Client) -> None:
        body = client.get("/api/phase", headers=key("metrics:read")).json()
        assert (body["phase"], body["limits"]["daily"], body["halted"]) == ("parallel", 25, False)
        assert body["auto_approve"] == {
            "enabled": False,
            "max_intent_score": 40,
            "require_no_warm_connections": True,
        }

    def test_halts_with_a_reason(self, client: Client) -> None:
        answer = post(client, "/api/halt", {"reason": "wrong footer"}, key("outreach:halt"))
        assert (answer.status_code, phase.is_halted(Control.objects.get())) == (200, True)

    def test_does_not_halt_without_a_reason(self, client: Client) -> None:
        answer = post(client, "/api/halt", {}, key("outreach:halt"))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "reason")
        assert not phase.is_halted(Control.objects.get())


class TestMessages:
    def test_says_why_an_email_has_not_left(self, client: Client) -> None:
        message = factories.cleared_email()
        phase.halt_sending(by=None, reason="test")
        body = client.get(f"/api/messages/{message.public_id}", headers=key("messages:read")).json()
        assert body["why_not_sent"] == {
            "limit": "halted",
            "next_eligible_at": None,
            "text": "Sending is halted.",
            "change": "A person: time does not end it.",
        }

    def test_an_unknown_email_is_404(self, client: Client) -> None:
        path = "/api/messages/00000000-0000-4000-8000-000000000000"
        assert client.get(path, headers=key("messages:read")).status_code == 404


class TestGates:
    def test_an_empty_database_is_insufficient_everywhere(self, client: Client) -> None:
        body = client.get("/api/gates?target=assisted", headers=key("metrics:read")).json()
        assert (body["target"], body["verdict"], len(body["gates"])) == (
            "assisted",
            "insufficient",
            6,
        )
        assert {gate["verdict"] for gate in body["gates"]} == {"insufficient"}

    def test_an_unknown_target_is_named(self, client: Client) -> None:
        answer = client.get("/api/gates?target=heaven", headers=key("metrics:read"))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "target")


def test_the_schema_names_every_path_without_a_warning() -> None:
    from django.core.management import call_command

    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing",
        "/api/emails/zzz/approve",
        "/api/pending-emails/",
        "/api/leads/a%0Ab",
        "/api/%0A",
    ],
)
def test_an_unknown_address_is_problem_json(client: Client, path: str) -> None:
    for answer in (client.get(path), client.post(path)):
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/api/visitors", "/api/halt"])
def test_endlessly_nested_json_is_refused_without_500(client: Client, path: str) -> None:
    answer = client.post(
        path,
        "[" * 100_000,
        content_type="application/json",
        headers=key("leads:write", "outreach:halt"),
    )
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert not phase.is_halted(Control.objects.get())
