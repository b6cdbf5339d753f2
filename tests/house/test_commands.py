"""Commands used as an operator would: what they print, their exit codes, and that they change only what they say."""

import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from caio_project import deployment, diagnosis
from caio_project.lib.models import ApiKey, Heartbeat
from caio_project.schedule import SWEEPS
from leads import enrichment, ingest, intent
from leads.models import InboundEvent, Kind, Lead
from outreach import drafting
from outreach.models import Message


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
            ingest.process_due()
            enrichment.push_due()
            intent.assess_due()
            drafting.take_assessments()
            drafting.write_drafts()
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

    def test_is_content_when_everything_is_alive(self, db: None) -> None:
        everything_alive()
        code, said = run("diagnose_pipeline")
        assert (code, said.splitlines()[-1]) == (0, "Everything works.")

    @pytest.mark.postgres
    def test_follows_a_test_visitor_to_the_queue(self, committed: None, working: None) -> None:
        everything_alive()
        code, said = run("diagnose_pipeline", "--test-visitor", "--wait", "20")
        assert code == 0, said
        message = Message.objects.get()
        assert (message.status, message.kind, message.lead.kind) == ("held", Kind.TEST, Kind.TEST)

    def test_says_where_a_test_visitor_stopped(self, db: None) -> None:
        steps = diagnosis.follow_test_visitor(wait=0.1)
        assert [(step.name, step.ok) for step in steps] == [("received", True), ("lead", False)]
        assert "is a worker running?" in steps[-1].text

    def test_says_that_the_monitor_is_off(self, db: None, settings: Any) -> None:
        settings.INTENT_MONITOR_ENABLED = False
        assert "off by INTENT_MONITOR_ENABLED" in run("diagnose_pipeline")[1]


class TestVerifyDeployment:
    def test_verifies_what_runs_here(self, committed: None, live_server: Any, settings: Any) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        everything_alive()
        code, said = run("verify_deployment", live_server.url)
        assert code == 0, said
        assert InboundEvent.objects.count() == 0

    def test_refuses_another_commit_and_a_dead_worker(self, committed: None, live_server: Any, settings: Any) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        found = {f.name: f.ok for f in deployment.verify(live_server.url, "0123456789")}
        assert {name for name, ok in found.items() if not ok} == {"commit", "worker", "beat", "pipeline"}

    def test_says_that_nothing_answers(self, db: None) -> None:
        code, said = run("verify_deployment", "http://127.0.0.1:9")
        assert code == 1
        assert "no connection to 127.0.0.1:9" in said


class TestCreateApiKey:
    def test_prints_the_key_alone_on_the_last_line(self, db: None) -> None:
        out = StringIO()
        call_command("create_api_key", "n8n", "--scope", "messages:read", stdout=out)
        assert ApiKey.objects.get_from_key(out.getvalue().splitlines()[-1]).scopes == ["messages:read"]

    def test_a_user_cannot_be_given_more_than_they_may(self, viewer: Any) -> None:
        with pytest.raises(CommandError, match="vera may not do approvals:decide"):
            call_command("create_api_key", "n8n", "--user", "vera", "--scope", "approvals:decide")
        assert ApiKey.objects.count() == 0


def test_the_test_visitor_is_never_a_live_lead(db: None) -> None:
    diagnosis.follow_test_visitor(wait=0)
    ingest.process_due()
    assert Lead.objects.get().kind == Kind.TEST
