"""Status and switches: while off, visits are stored and nothing is scored, drafted or lost."""

from collections import Counter
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.utils import timezone

from caio_project.lib.models import Heartbeat
from caio_project.operations import status
from caio_project.schedule import SWEEPS
from leads import tasks
from leads.inbound import events
from leads.models import Assessment, InboundEvent, Lead, ScoringRules, Switch, Visit
from leads.scoring import rule_versions
from leads.scoring_rules import DEFAULT_RULES
from outreach import tasks as outreach
from outreach.models import Message
from tests import factories
from tests.fakes import rb2b
from tests.statements import Statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]


@pytest.fixture
def sender(db: None) -> None:
    factories.TeamMemberFactory(default_sender=True)


def arrive(count: int) -> None:
    for _ in range(count):
        events.store_event("rb2b", rb2b.to_body(rb2b.person()))


def sweep(rounds: int = 3) -> None:
    """What beat starts, and nothing that a nudge would."""
    for _ in range(rounds):
        tasks.process_events()
        tasks.push_enrichments()
        tasks.settle_enrichments()
        tasks.assess_due()
        outreach.draft_due()


def made() -> tuple[int, int, int]:
    return Visit.objects.count(), Assessment.objects.count(), Message.objects.count()


def by_setting(settings: Any, on: bool) -> None:
    settings.INTENT_MONITOR_ENABLED = on


def by_row(settings: Any, on: bool) -> None:
    Switch.objects.update_or_create(name="intent_monitor", defaults={"on": on})


@pytest.mark.parametrize(
    "switches", [(by_setting,), (by_row,), (by_setting, by_row), (by_row, by_setting)]
)
def test_switched_off_visits_are_worked_off_once_later(settings: Any, switches: Any) -> None:
    arrive(2)
    sweep()
    before = made()
    assert before == (2, 2, 2)
    for switch in switches:
        switch(settings, False)
    arrive(3)
    sweep()
    assert made() == (5, 2, 2)
    assert InboundEvent.objects.filter(state="processed").count() == 5
    for n, switch in enumerate(switches, 1):
        switch(settings, True)
        sweep()
        assert made() == ((5, 5, 5) if n == len(switches) else (5, 2, 2))
    assert not Lead.objects.exclude(needs_assessment_at=None).exists()
    assert set(Message.objects.values_list("status", flat=True)) == {"held"}
    sweep()
    assert made() == (5, 5, 5)


def test_an_open_draft_is_written_once_on_again(settings: Any) -> None:
    factories.draft_email()
    by_row(settings, False)
    sweep()
    outreach.write_drafts()
    assert Message.objects.get().status == "draft"
    by_row(settings, True)
    sweep()
    assert Message.objects.get().status == "held"


def test_rules_published_while_off_apply_to_stored_visits(settings: Any) -> None:
    by_row(settings, False)
    arrive(1)
    sweep()
    rule_versions.publish_rules(
        ScoringRules.objects.create(name="Other", rules=DEFAULT_RULES.as_dict()), None
    )
    assert made() == (1, 0, 0)
    by_row(settings, True)
    sweep()
    assert Assessment.objects.get().rules_version == "1"


@pytest.mark.parametrize("switch", [by_setting, by_row])
def test_everywhere_that_people_look_it_says_so(
    settings: Any, client: Client, viewer: User, switch: Any
) -> None:
    for name in ("beat", *SWEEPS):
        Heartbeat.beat(name, worked=True)
    assert status.pipeline_problems() == []
    client.force_login(viewer)
    factories.VisitFactory()
    assert "All caught up" in client.get("/sales").content.decode()
    switch(settings, False)
    where = (
        "INTENT_MONITOR_ENABLED"
        if switch is by_setting
        else f"the switch in the admin, since {timezone.localtime():%b} "
    )
    page = " ".join(client.get("/sales").content.decode().split())
    assert f"Scoring and drafting are off by {where}" in page
    assert (
        "No email waits for you, but scoring and drafting are off." in page
        and "All caught up" not in page
    )
    assert page.count("! switched off") == 2
    [problem] = status.pipeline_problems()
    assert " ".join(problem.split()).startswith(f"Scoring and drafting are off by {where}")
    found = status.build_queue_status()
    assert (found["pipeline"]["intent_monitor"], found["pipeline_healthy"]) == ("off", False)


def test_status_counts_nothing_twice(sender: None) -> None:
    statements = Statements()
    with connection.execute_wrapper(statements):
        status.build_queue_status()
    assert [shape for shape, count in Counter(statements.shapes).items() if count > 1] == []


def test_totals_are_kept_for_a_minute_and_what_waits_is_counted(sender: None) -> None:
    first = status.build_queue_status()
    factories.held_email()
    second = status.build_queue_status()
    assert second["shadow_mode_emails"]["pending"] == first["shadow_mode_emails"]["pending"] + 1
    assert second["pipeline"]["leads"] == first["pipeline"]["leads"]

    caches["default"].delete(status.TOTALS)
    assert status.build_queue_status()["pipeline"]["leads"] == first["pipeline"]["leads"] + 1
