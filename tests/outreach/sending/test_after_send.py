"""After a send: tags and the workflow, which neither delay nor repeat the send."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from leads.integrations import ghl as ghl_client
from leads.models import Alarm
from leads.suppression import suppression
from outreach.control import phase
from outreach.feedback import unsubscribes
from outreach.models import AfterSend, Message
from outreach.sending import after_send, send, uncertain
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.sending.send_steps import now_is

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

TAGS, WORKFLOW = "POST /contacts/{id}/tags", "POST /contacts/{id}/workflow/{id}"
SEND, CONTACT = "POST /conversations/messages", "GET /contacts/{id}"


@pytest.fixture
def workflow(ghl: FakeGhl, settings: Any) -> str:
    settings.GHL_WORKFLOW_ID = ghl.add_workflow(id="wfl_1")["id"]
    return settings.GHL_WORKFLOW_ID


def sent(ghl: FakeGhl) -> Message:
    """To somebody whom GoHighLevel knows, whose contact gets its tags afterwards."""
    message = factories.cleared_email()
    ghl.add_contact(message.to_address)
    assert send.send_due() == 1
    message.refresh_from_db()
    return message


def states() -> dict[str, str]:
    return dict(AfterSend.objects.values_list("what", "state"))


def alarms() -> list[str]:
    return list(
        Alarm.objects.filter(key="ghl:afterwards", closed_at=None).values_list("text", flat=True)
    )


def test_sent_email_tags_contact_and_starts_workflow(ghl: FakeGhl, workflow: str) -> None:
    message = sent(ghl)
    assert (ghl.requests(TAGS), ghl.requests(WORKFLOW)) == ([], [])  # the send does not wait for it
    assert after_send.run_due_actions() == 2
    assert ghl.contact(message.ghl_contact_id)["tags"] == ["rb2b-visitor", "priority-tier_1"]
    assert ghl.workflow_contacts(workflow) == [message.ghl_contact_id]
    assert states() == {"tags": "done", "workflow": "done"}
    assert (after_send.run_due_actions(), len(ghl.requests(WORKFLOW)), len(ghl.sent_emails())) == (
        0,
        1,
        1,
    )


def test_tags_of_before_stay(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    ghl.add_contact(message.to_address, tags=["vip"])
    send.send_due()
    after_send.run_due_actions()
    message.refresh_from_db()
    assert ghl.contact(message.ghl_contact_id)["tags"] == ["vip", "rb2b-visitor", "priority-tier_1"]


def test_a_contact_that_is_created_has_its_tags_at_once(ghl: FakeGhl, workflow: str) -> None:
    message = factories.cleared_email()
    assert send.send_due() == 1
    contact = ghl.contact(now_is(message).ghl_contact_id)
    assert contact["tags"] == ["rb2b-visitor", "priority-tier_1"]
    assert states() == {"tags": "done", "workflow": "due"}
    assert AfterSend.objects.get(what="tags").settled_at is not None
    assert (after_send.run_due_actions(), ghl.requests(TAGS)) == (1, [])


def test_a_contact_that_has_its_tags_gets_none_again(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    ghl.add_contact(message.to_address, tags=["vip", "Priority-Tier_1", "rb2b-visitor"])
    assert send.send_due() == 1
    assert (states(), after_send.run_due_actions()) == ({"tags": "done"}, 0)


def test_without_a_workflow_there_are_only_tags(ghl: FakeGhl) -> None:
    sent(ghl)
    assert states() == {"tags": "due"}


def test_email_found_sent_gets_after_send_actions(ghl: FakeGhl, workflow: str, clock: Any) -> None:
    ghl.on(SEND).act_then_close(times=1)
    factories.cleared_email()
    send.send_due()
    assert AfterSend.objects.count() == 0
    clock.shift(timedelta(seconds=6))
    uncertain.settle_due()
    assert states() == {"tags": "due", "workflow": "due"}


def test_only_emails_settled_as_sent_get_actions(ghl: FakeGhl, workflow: str) -> None:
    ghl.on(SEND).close_before(times=2)
    first, second = factories.cleared_email(), factories.cleared_email()
    send.send_due()
    for message, was_sent in ((first, True), (second, False)):
        message.refresh_from_db()
        uncertain.settle_by_person(message, was_sent=was_sent, by=None, reason="I looked.")
    assert set(AfterSend.objects.values_list("message", "what")) == {
        (first.pk, "tags"),
        (first.pk, "workflow"),
    }


def test_sandbox_actions_are_stored_and_never_run(
    ghl: FakeGhl, settings: Any, workflow: str
) -> None:
    settings.SANDBOXED = ["ghl"]
    sent(ghl)
    assert (states(), after_send.run_due_actions()) == ({"tags": "kept", "workflow": "kept"}, 0)
    settings.SANDBOXED = []
    assert (after_send.run_due_actions(), ghl.requests()) == (0, [])


def test_a_halt_stops_it_between_two_calls(
    ghl: FakeGhl, workflow: str, settings: Any, clock: Any
) -> None:
    sent(ghl)
    phase.halt_sending(by=None, reason="test")
    assert (after_send.run_due_actions(), ghl.requests(TAGS)) == (0, [])
    phase.resume_sending(by=None, reason="test")
    AfterSend.objects.filter(what="tags").delete()
    act = ghl.get_contact

    def stopped_meanwhile(request: Any) -> Any:
        settings.EMERGENCY_STOP = True
        return act(request)

    ghl.get_contact = stopped_meanwhile
    assert after_send.run_due_actions() == 1
    assert (ghl.requests(WORKFLOW), states()) == ([], {"workflow": "due"})


@pytest.mark.parametrize("route", [TAGS, WORKFLOW])
@pytest.mark.parametrize(
    "away",
    [
        lambda s: s.status(429, {}, times=1),
        lambda s: s.status(
            401, {"message": "The token is not authorized for this scope."}, times=1
        ),
    ],
    ids=["429", "scope"],
)
def test_what_certainly_was_not_done_is_tried_again(
    ghl: FakeGhl, workflow: str, clock: Any, route: str, away: Any
) -> None:
    message = sent(ghl)
    away(ghl.on(route))
    after_send.run_due_actions()
    row = AfterSend.objects.get(what="tags" if route == TAGS else "workflow")
    assert (row.state, row.lease_until, row.not_before > timezone.now()) == ("due", None, True)
    assert row.error
    clock.shift(timedelta(minutes=2))
    after_send.run_due_actions()
    assert states() == {"tags": "done", "workflow": "done"}
    assert ghl.workflow_contacts(workflow) == [message.ghl_contact_id]


@pytest.mark.parametrize(
    "fault",
    [lambda s: s.act_then_close(times=1), lambda s: s.act_then_status(502, times=1)],
    ids=["reset", "502"],
)
def test_tags_may_be_added_twice(ghl: FakeGhl, clock: Any, fault: Any) -> None:
    sent(ghl)
    fault(ghl.on(TAGS))
    after_send.run_due_actions()
    assert states() == {"tags": "due"}
    clock.shift(timedelta(minutes=1))
    after_send.run_due_actions()
    assert (states(), len(ghl.requests(TAGS)), alarms()) == ({"tags": "done"}, 2, [])


@pytest.mark.parametrize(
    "fault",
    [
        lambda s: s.act_then_close(times=1),
        lambda s: s.act_then_status(500, times=1),
        lambda s: s.act_then_status(408, times=1),
        lambda s: s.act_then_garbage(times=1),
    ],
    ids=["reset", "500", "408", "no JSON"],
)
def test_workflow_is_never_requested_twice_automatically(
    ghl: FakeGhl, workflow: str, clock: Any, fault: Any
) -> None:
    message = sent(ghl)
    fault(ghl.on(WORKFLOW))
    after_send.run_due_actions()
    for _ in range(3):
        clock.shift(timedelta(hours=1))
        assert after_send.run_due_actions() == 0
    assert (states()["workflow"], len(ghl.requests(WORKFLOW))) == ("uncertain", 1)
    (text,) = alarms()
    assert text.startswith("We don't know whether a contact was added to the workflow")
    assert ghl.workflow_contacts(workflow) == [message.ghl_contact_id]


def test_dead_process_leaves_workflow_to_a_person(ghl: FakeGhl, workflow: str, clock: Any) -> None:
    sent(ghl)
    AfterSend.objects.filter(what="workflow").update(
        state="asking", lease_until=timezone.now() + timedelta(seconds=60)
    )
    after_send.run_due_actions()
    assert states() == {"tags": "done", "workflow": "asking"}
    clock.shift(timedelta(seconds=61))
    after_send.run_due_actions()
    assert (states()["workflow"], ghl.requests(WORKFLOW), len(alarms())) == ("uncertain", [], 1)


def test_only_a_person_retries_a_refused_action(
    ghl: FakeGhl, settings: Any, client: Client, lead_user: User, reviewer: User
) -> None:
    settings.GHL_WORKFLOW_ID = "wfl_unknown"
    message = sent(ghl)
    after_send.run_due_actions()
    row = AfterSend.objects.get(what="workflow")
    assert (row.state, "Workflow with id wfl_unknown not found" in row.error) == ("refused", True)
    assert "refused what follows a send (add the contact to the workflow)" in alarms()[0]
    settings.GHL_WORKFLOW_ID = ghl.add_workflow()["id"]
    url, wanted = "/admin/outreach/aftersend/", {"action": "do_again", "_selected_action": [row.pk]}
    client.force_login(reviewer)
    client.post(url, wanted)
    row.refresh_from_db()
    assert row.state == "refused"
    client.force_login(lead_user)
    client.post(url, wanted)
    assert after_send.run_due_actions() == 1
    assert ghl.workflow_contacts(settings.GHL_WORKFLOW_ID) == [message.ghl_contact_id]
    assert (states(), alarms()) == ({"tags": "done", "workflow": "done"}, [])


def test_suppressed_recipient_is_not_added_to_workflow(ghl: FakeGhl, workflow: str) -> None:
    stopped, blocked = sent(ghl), sent(ghl)
    suppression.suppress(stopped.to_address, "unsubscribed", "test", stopped.lead)
    ghl.set_dnd(blocked.ghl_contact_id)
    after_send.run_due_actions()
    rows = {(row.message_id, row.what): row for row in AfterSend.objects.all()}
    assert rows[stopped.pk, "workflow"].error == "Do not contact: Unsubscribed."
    assert rows[blocked.pk, "workflow"].error == "Do-not-disturb is set at GoHighLevel."
    assert {rows[one.pk, "workflow"].state for one in (stopped, blocked)} == {"dropped"}
    assert (ghl.requests(WORKFLOW), alarms()) == ([], [])


def test_missing_contact_drops_its_actions(ghl: FakeGhl, workflow: str) -> None:
    sent(ghl)
    ghl._contacts.clear()
    after_send.run_due_actions()
    assert (states(), alarms()) == ({"tags": "dropped", "workflow": "dropped"}, [])


def test_outage_stops_the_batch_of_actions(ghl: FakeGhl) -> None:
    for _ in range(3):
        ghl.add_contact(factories.cleared_email().to_address)
    assert send.send_due() == 3
    ghl.stop()
    assert after_send.run_due_actions() == 1
    assert set(AfterSend.objects.values_list("state", flat=True)) == {"due"}


def test_process_that_stood_still_starts_no_workflow_that_a_person_started(
    ghl: FakeGhl, workflow: str, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(ghl)
    wait_turn = ghl_client._await_turn

    def sleep_and_retry() -> None:
        wait_turn()
        if not AfterSend.objects.filter(state="asking").exists():
            return
        monkeypatch.setattr(ghl_client, "_await_turn", wait_turn)
        clock.shift(timedelta(minutes=5))
        after_send.run_due_actions()
        assert after_send.retry_failed(AfterSend.objects.all()) == 1
        after_send.run_due_actions()

    monkeypatch.setattr(ghl_client, "_await_turn", sleep_and_retry)
    after_send.run_due_actions()

    assert len(ghl.requests(WORKFLOW)) == 1
    assert states()["workflow"] == "done"


def test_stop_while_the_workflow_waits_its_turn_is_heard(
    ghl: FakeGhl, workflow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sent(ghl)
    wait_turn = ghl_client._await_turn

    def unsubscribe_meanwhile() -> None:
        wait_turn()
        if AfterSend.objects.filter(state="asking").exists():
            unsubscribes.unsubscribe_by_token(message.unsubscribe_token)

    monkeypatch.setattr(ghl_client, "_await_turn", unsubscribe_meanwhile)
    after_send.run_due_actions()

    assert ghl.workflow_contacts(workflow) == []
    assert states()["workflow"] == "dropped"
