"""Commands used as an operator would: what they print, their exit codes, and that they change only
what they say.
"""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from caio_project.lib.models import ApiKey, Heartbeat
from caio_project.operations import test_visitor
from caio_project.operations.deployment_check import deployment
from caio_project.schedule import SWEEPS
from leads.enrichment import clay_push, enrichment_requests, submission_budget
from leads.inbound import events, spool
from leads.integrations import alarms
from leads.models import Company, Enrichment, InboundEvent, Kind, Lead
from leads.scoring import assess
from outreach.drafting import drafts, open_drafts
from outreach.models import Message
from tests.factories import LeadFactory
from tests.fakes.clay import FakeClay


def run(name: str, *args: str) -> tuple[int, str]:
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command(name, *args, stdout=out)
    return int(end.value.code or 0), out.getvalue()


def everything_alive() -> None:
    for name in ("beat", *SWEEPS):
        Heartbeat.beat(name)


@pytest.fixture
def working() -> Iterator[None]:
    """The stages, running beside the test as workers do."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            events.process_due()
            clay_push.push_due()
            assess.assess_due()
            open_drafts.open_new_drafts()
            drafts.write_drafts()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


class TestDiagnosePipeline:
    def test_says_what_was_never_seen(self, db: None) -> None:
        code, said = run("diagnose_pipeline")
        assert code == 1
        assert "never seen" in said

    def test_says_what_is_starting_in_the_first_minute(self, db: None, settings: Any) -> None:
        settings.SANDBOXED = settings.UNCONNECTED = []
        settings.GHL_LOCATION_ID, settings.GHL_FROM_EMAIL = "loc", "alex@mail.ours.example.com"
        MigrationRecorder.Migration.objects.update(applied=timezone.now())
        code, said = run("diagnose_pipeline", "--json")
        stages = {one["name"]: one for one in json.loads(said)["stages"]}
        starting = {name for name, one in stages.items() if one["is_starting"]}
        assert starting == {
            "beat", "worker", "visits", "leads", "enriched", "drafted", "waiting", "approved",
            "sent", "replies", "meetings", "reading GoHighLevel", "sweeps",
        }  # fmt: skip
        assert not any(one["ok"] for name, one in stages.items() if name in starting)
        code, said = run("diagnose_pipeline")
        assert code == 1
        assert "does not" not in said and "is a worker running?" not in said
        assert said.splitlines()[-1] == (
            "Starting: 13 have not had their time yet. Ask again in two minutes."
        )

    @pytest.mark.parametrize("fault", ["late", "parked", "stuck", "off", "halted"])
    def test_a_fault_is_none_of_the_starting_ones(
        self, db: None, settings: Any, fault: str
    ) -> None:
        if fault == "late":
            MigrationRecorder.Migration.objects.update(applied=timezone.now() - timedelta(hours=2))
        if fault == "parked":
            events.store_event("rb2b", b"{")
            events.process_due()
        if fault == "stuck":
            LeadFactory(needs_assessment_at=timezone.now() - timedelta(minutes=9))
        if fault == "off":
            settings.INTENT_MONITOR_ENABLED = False
        if fault == "halted":
            settings.EMERGENCY_STOP = True
        code, said = run("diagnose_pipeline")
        assert (code, "does not" in said) == (1, True)
        assert said.splitlines()[-1].startswith("Something does not work; see above.")

    def test_starting_ends_with_the_sweeps(self, db: None) -> None:
        MigrationRecorder.Migration.objects.update(applied=timezone.now())
        everything_alive()
        Heartbeat.objects.filter(name="metrics.evaluate_gates").delete()
        code, said = run("diagnose_pipeline")
        assert (code, said.splitlines()[-1][:11]) == (1, "Starting: 1")
        Heartbeat.objects.filter(name="outreach.draft_due").delete()
        code, said = run("diagnose_pipeline")
        assert (code, said.splitlines()[-1][:11]) == (1, "Starting: 2")
        everything_alive()
        assert run("diagnose_pipeline")[0] == 0

    def test_names_stuck_spool_files_and_the_remedy(self, db: None) -> None:
        everything_alive()
        alarms.raise_alarm("spool:elsewhere:bad", "Somewhere else a file cannot be read.")
        spool.keep_body("rb2b", b"{}", "abc", kind="live")
        spool.set_aside(spool.waiting_files()[0], spool.REFUSED)
        code, said = run("diagnose_pipeline", "--json")
        [found] = [one for one in json.loads(said)["stages"] if one["name"] == "spool"]
        assert code == 1 and not found["ok"]
        assert "1 are refused by the database" in found["text"]
        assert "operations.md" in found["text"]
        assert "Somewhere else a file cannot be read." in found["text"]

    def test_is_content_when_everything_is_alive(self, db: None) -> None:
        everything_alive()
        code, said = run("diagnose_pipeline")
        last = said.splitlines()[-1]
        assert code == 0 and last.startswith("Everything works. Not set up or not known: ")
        assert "Slack" in last and "language model" in last

    @pytest.mark.postgres
    def test_follows_a_test_visitor_to_the_queue(self, committed: None, working: None) -> None:
        everything_alive()
        code, said = run("diagnose_pipeline", "--test-visitor", "--wait", "20")
        assert code == 0, said
        message = Message.objects.get()
        assert (message.kind, message.lead.kind) == (Kind.TEST, Kind.TEST)
        assert list(message.moves.values_list("to_status", flat=True)) == ["held", "withdrawn"]

    def test_says_where_a_test_visitor_stopped(self, db: None) -> None:
        _, steps = test_visitor.follow_test_visitor(wait=0.1)
        assert [(step.name, step.ok) for step in steps] == [("received", True), ("lead", False)]
        assert "is a worker running?" in steps[-1].text

    def test_says_that_the_monitor_is_off(self, db: None, settings: Any) -> None:
        settings.INTENT_MONITOR_ENABLED = False
        assert "off by INTENT_MONITOR_ENABLED" in run("diagnose_pipeline")[1]


class TestAskingClay:
    """diagnose_pipeline --test-enrichment."""

    @pytest.fixture
    def answering(self, clay: FakeClay, live_server: Any) -> FakeClay:
        clay.configure(callback_url=f"{live_server.url}/webhooks/clay")
        return clay

    @pytest.mark.postgres
    def test_clays_answer_about_a_test_visitor_is_discarded(
        self, committed: None, answering: FakeClay, working: None
    ) -> None:
        everything_alive()
        code, said = run("diagnose_pipeline", "--test-enrichment", "--wait", "30", "--json")
        assert code == 0, said
        steps = json.loads(said)["test_enrichment"]
        assert [step["name"] for step in steps] == [
            "Clay connected",
            "lead",
            "nothing else asked",
            "Clay asked",
            "Clay answered",
        ]
        assert "submission 1 of 50000" in steps[3]["text"] and "title" in steps[4]["text"]
        lead, company = Lead.objects.get(), Company.objects.get()
        assert (lead.kind, lead.title, lead.email_verified) == (Kind.TEST, "VP Operations", False)
        assert (company.kind, company.revenue, company.technologies) == (Kind.TEST, "", [])
        assert (len(answering.submissions()), submission_budget.submissions_used()) == (1, 1)

    @pytest.mark.postgres
    def test_both_tests_follow_one_visitor(
        self, committed: None, answering: FakeClay, working: None
    ) -> None:
        everything_alive()
        code, said = run("diagnose_pipeline", "--test-visitor", "--test-enrichment", "--wait", "30")
        assert code == 0, said
        assert (Lead.objects.count(), len(answering.submissions()), Message.objects.get().kind) == (
            1,
            1,
            Kind.TEST,
        )

    def test_says_that_no_callback_came_or_why_it_was_parked(
        self, db: None, clay: FakeClay
    ) -> None:
        row = enrichment_requests.request_test_enrichment(LeadFactory(test=True))
        clay_push.push_due()
        row.refresh_from_db()
        silent = test_visitor.watch_enrichment(row, wait=0)
        assert [(step.name, step.ok) for step in silent] == [
            ("Clay asked", True),
            ("Clay answered", False),
        ]
        assert "did its HTTP column run" in silent[-1].text
        events.store_event("clay", b'{"request_id": "enr_of_nobody"}')
        events.process_due()
        assert (
            "request_id is not one of ours." in test_visitor.watch_enrichment(row, wait=0)[-1].text
        )

    def test_says_why_clay_was_not_asked(self, db: None, clay: FakeClay) -> None:
        clay.auth_token = "another"
        row = enrichment_requests.request_test_enrichment(LeadFactory(test=True))
        clay_push.push_due()
        row.refresh_from_db()
        (step,) = test_visitor.watch_enrichment(row, wait=0)
        assert (step.name, step.ok) == ("Clay asked", False)
        assert "401" in step.text

    def test_the_sandbox_sends_nothing_and_names_settings(self, db: None) -> None:
        everything_alive()
        code, said = run("diagnose_pipeline", "--test-enrichment")
        assert code == 1
        assert "CLAY_WORKBOOK_WEBHOOK_URL" in said
        assert (InboundEvent.objects.count(), Enrichment.objects.count()) == (0, 0)

    def test_says_that_no_worker_took_the_visitor_up(self, db: None, clay: FakeClay) -> None:
        steps = test_visitor.ask_clay(wait=0.1)
        assert [(step.name, step.ok) for step in steps] == [
            ("Clay connected", True),
            ("lead", False),
        ]
        assert clay.submissions() == []


class TestVerifyDeployment:
    def test_verifies_what_runs_here(
        self, committed: None, live_server: Any, settings: Any
    ) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        everything_alive()
        code, said = run("verify_deployment", live_server.url)
        assert code == 0, said
        assert InboundEvent.objects.count() == 0

    def test_refuses_another_commit_and_a_dead_worker(
        self, committed: None, live_server: Any, settings: Any
    ) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        MigrationRecorder.Migration.objects.update(applied=timezone.now() - timedelta(minutes=6))
        found = {f.name: f.ok for f in deployment.verify_deployment(live_server.url, "0123456789")}
        assert {name for name, ok in found.items() if not ok} == {
            "commit",
            "worker",
            "beat",
            "pipeline",
        }

    def test_sees_pages_without_their_static_files(
        self, committed: None, live_server: Any, settings: Any, tmp_path: Path
    ) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        settings.STATIC_ROOT = tmp_path
        manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": manifest}}
        everything_alive()
        found = {f.name: f for f in deployment.verify_deployment(live_server.url)}
        pages = ["unsubscribe page", "api docs", "login page"]
        assert [name for name, check in found.items() if not check.ok] == pages
        assert found["login page"].text == "answered 500; was `collectstatic` run?"

    def test_says_that_nothing_answers(self, db: None) -> None:
        code, said = run("verify_deployment", "http://127.0.0.1:9")
        assert code == 1
        assert "no connection to 127.0.0.1:9" in said


class TestCreateApiKey:
    def test_prints_the_key_alone_on_the_last_line(self, db: None) -> None:
        out = StringIO()
        call_command("create_api_key", "n8n", "--scope", "messages:read", stdout=out)
        assert ApiKey.objects.get_from_key(out.getvalue().splitlines()[-1]).scopes == [
            "messages:read"
        ]

    def test_a_key_cannot_exceed_its_users_permissions(self, viewer: Any) -> None:
        with pytest.raises(CommandError, match="vera may not do approvals:decide"):
            call_command("create_api_key", "n8n", "--user", "vera", "--scope", "approvals:decide")
        assert ApiKey.objects.count() == 0


def test_the_test_visitor_is_never_a_live_lead(db: None) -> None:
    test_visitor.follow_test_visitor(wait=0)
    events.process_due()
    assert Lead.objects.get().kind == Kind.TEST
