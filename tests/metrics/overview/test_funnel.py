"""The funnel follows people; "all caught up" is said in one case and refused in all others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.models import Decision
from approvals.queue.what_waits import BlockedDrafts, WaitingWork
from caio_project.lib.models import Heartbeat
from caio_project.schedule import SWEEPS
from leads.models import InboundEvent
from metrics.models import Incident
from metrics.overview import flow, funnel
from metrics.overview.flow import STAGE_DEFINITIONS, Stage
from metrics.overview.headline import BesideStages, overview_headline, read_beside
from outreach.lifecycle.block_causes import block_cause
from outreach.models import Control, Message, Reply
from outreach.review import review_actions
from tests import factories

CAUGHT_UP = "All caught up"


def stages(**changes: dict[str, Any]) -> list[Stage]:
    now = timezone.now()
    made = [Stage(code, code.title(), 0, 0, None, now, None) for code in STAGE_DEFINITIONS]
    return [replace(one, **changes.get(one.code, {})) for one in made]


HOUR_AGO = timedelta(hours=1, seconds=1)
NOTHING = WaitingWork((), 0, 0)
BLOCKED = WaitingWork((BlockedDrafts(block_cause("country", by_template=True), 1),), 0, 0)


@pytest.mark.parametrize(
    ("found", "waits", "halted"),
    [
        *[(stages(**{code: {"seen_at": None}}), NOTHING, False) for code in STAGE_DEFINITIONS],
        *[
            (stages(**{code: {"seen_at": timezone.now() - HOUR_AGO}}), NOTHING, False)
            for code in STAGE_DEFINITIONS
        ],
        (stages(enriched={"is_stuck": True, "waiting": 3}), NOTHING, False),
        (stages(leads={"is_off": True}), NOTHING, False),
        (stages(waiting={"waiting": 1}), NOTHING, False),
        (stages(), BLOCKED, False),
        (stages(), WaitingWork((), 1, 0), False),
        (stages(), WaitingWork((), 0, 1), False),
        (stages(), NOTHING, True),
    ],
)
def test_it_is_not_said(found: list[Stage], waits: WaitingWork, halted: bool) -> None:
    said = overview_headline(found, 0, waits, BesideStages(halted=halted))
    assert not said.proven and CAUGHT_UP not in said.sentence


def test_it_is_said_where_all_was_seen_and_nothing_stands() -> None:
    put_off = WaitingWork((), 0, 0, unmatched=4, snoozed=2)  # these wait for nobody now
    said = overview_headline(stages(), 0, put_off, BesideStages())
    assert said.proven and CAUGHT_UP in said.sentence
    assert not overview_headline([], 0, NOTHING, BesideStages()).proven


@pytest.mark.parametrize(
    ("beside", "sentence", "button"),
    [
        (BesideStages(answers=1), "but 1 reply needs somebody.", "Read the replies"),
        (BesideStages(answers=3, incidents=1), "but 3 replies need somebody.", "Read the replies"),
        (BesideStages(incidents=1), "but 1 incident is open.", "See the incidents"),
        (BesideStages(incidents=2, halted=True), "but 2 incidents are open.", "See the incidents"),
        (BesideStages(halted=True), "but sending is halted.", "See the phase"),
        (BesideStages(has_visitors=False), "No visitor has arrived yet.", "Open the set-up"),
    ],
)
def test_what_else_needs_somebody_is_said_instead(
    beside: BesideStages, sentence: str, button: str
) -> None:
    said = overview_headline(stages(), 0, NOTHING, beside)
    assert sentence in said.sentence and (said.button, said.proven) == (button, False)


@pytest.mark.django_db
def test_made_up_visitors_are_no_visitors() -> None:
    assert not read_beside(halted=False).has_visitors
    factories.VisitFactory(lead__kind="example")
    assert not read_beside(halted=False).has_visitors
    factories.VisitFactory()
    assert read_beside(halted=False).has_visitors


@pytest.mark.django_db
def test_a_reply_and_an_incident_count() -> None:
    Reply.objects.create(
        lead=factories.LeadFactory(),
        sorted_as="positive",
        source="webhook",
        received_at=timezone.now(),
    )
    Incident.objects.create(cause="ghl_down")
    beside = read_beside(halted=False)
    assert (beside.answers, beside.incidents) == (1, 1)


@pytest.mark.django_db
class TestPage:
    def page(self, client: Client, viewer: User) -> str:
        client.force_login(viewer)
        return client.get("/sales").content.decode()

    def all_seen(self) -> None:
        for name in SWEEPS:
            Heartbeat.beat(name)

    def test_only_with_every_stage_seen(self, client: Client, viewer: User) -> None:
        assert CAUGHT_UP not in self.page(client, viewer)
        self.all_seen()
        page = self.page(client, viewer)
        assert "No visitor has arrived yet." in page and CAUGHT_UP not in page
        assert 'href="/sales/setup">Open the set-up' in page
        factories.VisitFactory()
        assert CAUGHT_UP in self.page(client, viewer)

    @pytest.mark.parametrize("what", ["parked", "uncertain", "blocked", "halted"])
    def test_not_with_one_row_that_stands(self, client: Client, viewer: User, what: str) -> None:
        self.all_seen()
        factories.VisitFactory()
        if what == "parked":
            InboundEvent.objects.create(source="rb2b", body_sha256="x", body=b"", state="parked")
        elif what == "halted":
            Control.objects.update_or_create(defaults={"halted": True})
        else:
            lead = factories.LeadFactory()
            now = timezone.now()
            Message.objects.create(
                lead=lead, status=what, blocked_by="country", uncertain_at=now, version=1
            )
        page = self.page(client, viewer)
        assert CAUGHT_UP not in page and "hero proven" not in page

    def test_people_are_followed_and_what_is_lost_is_said(
        self, client: Client, viewer: User
    ) -> None:
        for _ in range(3):
            factories.VisitFactory()
        factories.VisitFactory(lead__kind="test")
        factories.VisitFactory(lead__first_seen_at=timezone.now() - timedelta(days=31))
        held = factories.held_email(factories.VisitFactory().lead)
        answered = factories.held_email(factories.VisitFactory().lead)
        factories.create_feedback(answered)
        Message.objects.filter(pk=answered.pk).update(status="sent", transport="ghl")
        before = factories.held_email(factories.LeadFactory())  # a contact of GoHighLevel
        factories.create_feedback(before)
        Message.objects.filter(pk=before.pk).update(status="sent", transport="history")
        reached, is_cut = funnel._count_people(timezone.now())
        assert (reached, is_cut) == ([5, 2, 2, 2, 1, 1, 1, 1], False)
        page = self.page(client, viewer)
        assert "From visit to meeting" in page and "3 fewer" in page and held.lead_id


def test_percentages_need_twenty_people() -> None:
    steps = funnel.build_steps(
        [30, 21, 19, 10, 0, 0, 0, 0], {"held": ("4 waiting",)}, {"sent": "1 uncertain"}
    )
    assert [step.lost for step in steps] == [0, 9, 2, 9, 10, 0, 0, 0]
    assert [step.lost_percent for step in steps][1:5] == [30, 10, None, None]
    assert (steps[3].waits, steps[3].width, steps[3].left) == (("4 waiting",), 33.3, 33.35)
    assert [step.stands for step in steps][4:6] == [(), ("1 uncertain",)]
    assert [step.width for step in funnel.build_steps([0] * 8, {}, {})] == [0.0] * 8


def test_who_is_beyond_a_step_has_passed_it() -> None:
    assert funnel.count_reached([0, 0, 5, 7]) == [4, 2, 2, 2, 2, 2, 1, 1]


@pytest.mark.django_db
def test_what_came_of_the_users_approvals_is_said(
    client: Client, viewer: User, reviewer: User
) -> None:
    waiting = factories.held_email()
    Message.objects.filter(pk=waiting.pk).update(due_at=timezone.now() + timedelta(days=1))
    for person, who in ((reviewer, "you"), (viewer, "a decision")):
        client.force_login(person)
        page = " ".join(client.get("/sales").content.decode().split())
        assert f"1 email waits for {who}" in page
        assert "answered emails that you approved" not in page
        says_so = "You are keeping up: no email has waited 4 hours." in page
        assert says_so is ("You today: 0 decided" in page) is (person is reviewer)
    answered = factories.held_email()
    review_actions.approve_email(answered, answered.version, by=reviewer)
    Decision.objects.create(
        message=answered,
        verdict="approved",
        version=1,
        by=reviewer,
        edited=False,
        held_at=timezone.now(),
        is_evidence=True,
    )
    factories.create_feedback(answered)
    old = timezone.now() - timedelta(hours=5)
    Message.objects.filter(pk=waiting.pk).update(held_at=old)
    client.force_login(reviewer)
    page = " ".join(client.get("/sales").content.decode().split())
    assert "In 30 days 1 person answered emails that you approved." in page
    assert "You are keeping up" not in page
    client.force_login(viewer)
    assert "answered emails that you approved" not in client.get("/sales").content.decode()


@pytest.mark.django_db
def test_an_approval_that_was_undone_and_made_again_is_one(reviewer: User) -> None:
    message = factories.held_email()
    for _ in range(2):
        message = review_actions.approve_email(message, message.version, by=reviewer)
        review_actions.undo_approval(message, by=reviewer)
        message.refresh_from_db()
    review_actions.approve_email(message, message.version, by=reviewer)
    counts = {stage.code: stage.count for stage in flow.flow_stages()}
    assert (counts["cleared"], counts["waiting"]) == (1, 1)


@pytest.mark.django_db
def test_an_approval_that_was_undone_is_none(reviewer: User) -> None:
    message = factories.held_email()
    message = review_actions.approve_email(message, message.version, by=reviewer)
    review_actions.undo_approval(message, by=reviewer)
    counts = {stage.code: stage.count for stage in flow.flow_stages()}
    assert (counts["cleared"], counts["waiting"]) == (0, 1)


@pytest.mark.django_db
def test_examples_alone_are_nobody_and_the_funnel_says_why(client: Client, viewer: User) -> None:
    factories.VisitFactory(lead=factories.LeadFactory(kind="example"))
    client.force_login(viewer)
    page = " ".join(client.get("/sales").content.decode().split())
    assert "Example, test and training visitors are not counted." in page


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_second_look_stands_in_the_menu_of_who_may_decide(
    client: Client, request: pytest.FixtureRequest, role: str
) -> None:
    client.force_login(request.getfixturevalue(role))
    page = client.get("/sales").content.decode()
    assert ("Second look" in page) is (role == "reviewer")
    assert client.get("/sales/rereading").status_code == (200 if role == "reviewer" else 403)


@pytest.mark.django_db
@pytest.mark.parametrize("connected", [True, False])
def test_next_can_be_sent_knows_the_working_hours(
    client: Client, viewer: User, request: pytest.FixtureRequest, connected: bool
) -> None:
    if connected:
        request.getfixturevalue("ghl")
    with time_machine.travel(datetime(2026, 3, 7, 17, 0, tzinfo=UTC), tick=False):  # a Saturday
        client.force_login(viewer)
        page = " ".join(client.get("/sales").content.decode().split())
    told = page.partition("Next can be sent")[2].partition("</dd>")[0]
    assert ("Mar 9, 8:00 AM ET" in told and "outside working hours" in told) == connected
    assert told.endswith(">now") != connected
