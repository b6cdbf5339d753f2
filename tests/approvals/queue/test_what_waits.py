"""Blocked, parked and uncertain: one count, wherever somebody looks."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from approvals.queue import what_waits
from caio_project.lib.models import Heartbeat
from caio_project.operations import status
from caio_project.operations.deployment_check import deployment
from caio_project.schedule import SWEEPS
from leads.models import InboundEvent, Kind, Lead
from outreach.choices import BlockedBy
from outreach.drafting import drafts
from outreach.lifecycle.block_causes import TEXT_CHECKS
from outreach.models import Message, MessageText
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]


@pytest.fixture(autouse=True)
def all_seen() -> None:
    for name in ("beat", *SWEEPS):
        Heartbeat.beat(name, worked=True)
    cache.clear()


def write(lead: Lead | None = None) -> Message:
    return drafts.write_draft(factories.draft_email(lead))


def companyless() -> Message:
    message = write(factories.LeadFactory(company=factories.CompanyFactory(name="")))
    assert (message.status, message.blocked_by) == ("blocked", "missing_field")
    return message


def without_address(settings: Any) -> Message:
    settings.POSTAL_ADDRESS = ""
    message = write()
    assert (message.status, message.blocked_by) == ("blocked", "postal_address")
    return message


def without_sender(settings: Any) -> Message:
    from leads.models import TeamMember

    TeamMember.objects.update(is_default_sender=False)
    settings.SENDER_NAME = ""
    return write()


def without_template(settings: Any) -> Message:
    message = write()
    Message.objects.update(status="blocked", blocked_by="template")
    return message


def with_broken_words(settings: Any) -> Message:
    from outreach.models import EmailTemplate

    EmailTemplate.objects.update(body="Hi {{first_name}}, [NAME] {{company}}")
    return write()


def not_written(settings: Any) -> Message:
    message = factories.draft_email()
    Message.objects.update(status="blocked", blocked_by="draft")
    return message


def page_of(client: Client, user: User, path: str) -> str:
    client.force_login(user)
    return " ".join(client.get(path).content.decode().split())


def diagnose() -> tuple[int, str]:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("diagnose_pipeline", stdout=out)
    return int(str(ended.value.code)), out.getvalue()


BY_US = [without_address, without_sender, without_template, with_broken_words, not_written]


@pytest.mark.parametrize("block", BY_US)
def test_what_we_block_is_unhealthy_everywhere(
    client: Client, viewer: User, settings: Any, block: Any
) -> None:
    assert status.pipeline_problems() == []
    block(settings)
    [problem] = status.pipeline_problems()
    assert problem.startswith("1 draft is blocked: ")
    assert status.build_queue_status()["pipeline_healthy"] is False
    assert status.build_queue_status()["pipeline"]["waits"]["blocked_by_us"] == 1
    assert client.get("/api/health").status_code == 503
    code, said = diagnose()
    assert code == 1 and "1 draft is blocked" in said and "Everything works" not in said
    for path in ("/sales", "/sales/queue"):
        page = page_of(client, viewer, path)
        assert problem in page and "All caught up" not in page


def test_a_persons_data_is_said_and_no_fault(client: Client, viewer: User) -> None:
    companyless()
    assert status.pipeline_problems() == []
    assert status.build_queue_status()["pipeline_healthy"] is True
    code, said = diagnose()
    assert code == 0 and "Everything works. Not in the queue: 1 draft is blocked" in said
    assert "a field that the template needs is not known" in " ".join(said.split())
    page = page_of(client, viewer, "/sales")
    assert "No email waits for you, but 1 draft is blocked." in page
    assert "All caught up" not in page


@pytest.mark.parametrize(("blocked", "healthy"), [(20, True), (21, False)])
def test_too_many_of_the_last_sixty_are_a_fault(blocked: int, healthy: bool) -> None:
    for _ in range(blocked):
        companyless()
    assert (status.pipeline_problems() == []) is healthy
    assert diagnose()[0] == (0 if healthy else 1)


@pytest.mark.parametrize(("newer", "healthy"), [(39, False), (40, True)])
def test_drafts_before_the_last_sixty_do_not_count(newer: int, healthy: bool) -> None:
    for _ in range(21):
        companyless()
    Message.objects.update(created_at=timezone.now() - timedelta(hours=1))
    factories.create_many_held(newer)
    assert (status.pipeline_problems() == []) is healthy


@pytest.mark.parametrize(("days", "healthy"), [(1, True), (2.9, True), (3.1, False), (6, False)])
def test_one_that_is_too_old_is_a_fault(clock: Any, days: float, healthy: bool) -> None:
    companyless()  # on a Tuesday
    clock.shift(timedelta(days=days))
    for name in ("beat", *SWEEPS):
        Heartbeat.beat(name, worked=True)
    assert (status.pipeline_problems() == []) is healthy


def test_days_off_do_not_count(clock: Any) -> None:
    clock.shift(timedelta(days=3))  # a Friday
    companyless()
    clock.shift(timedelta(days=4))  # the Tuesday after
    assert what_waits.problems_by_person_data(timezone.now()) == []
    clock.shift(timedelta(days=1, minutes=1))
    assert len(what_waits.problems_by_person_data(timezone.now())) == 1


def test_age_counts_from_the_block_and_not_from_the_draft(clock: Any, reviewer: User) -> None:
    from outreach.review import review_actions

    message = factories.held_email()
    clock.shift(timedelta(days=6))
    review_actions.edit_text(message, 1, subject="Hello", body="Hi [NAME], well.", by=reviewer)
    assert what_waits.what_waits().blocked_by(BlockedBy.PERSON) == 1
    assert what_waits.problems_by_person_data(timezone.now()) == []


def test_typed_and_imported_words_are_not_ours(reviewer: User) -> None:
    typed, imported, drafted = write(), write(), write()
    Message.objects.update(status="blocked", blocked_by="placeholder")
    MessageText.objects.filter(message=typed).update(author=reviewer)
    Message.objects.filter(pk=imported.pk).update(template=None)
    found = what_waits.what_waits()
    assert (found.blocked_by(BlockedBy.US), found.blocked_by(BlockedBy.PERSON)) == (1, 2)
    assert found.blocked_by() == 3 and drafted.pk


def test_who_waits_for_a_colleague_is_counted_and_no_fault() -> None:
    company = factories.CompanyFactory()
    factories.held_email(factories.LeadFactory(company=company))
    assert write(factories.LeadFactory(company=company)).blocked_by == "colleague_first"
    assert what_waits.what_waits().blocked_by(BlockedBy.EARLIER) == 1
    assert status.pipeline_problems() == [] and diagnose()[0] == 0


@pytest.mark.parametrize("kind", [Kind.TEST, Kind.TRAINING])
def test_tests_and_training_are_not_counted(settings: Any, kind: Kind) -> None:
    settings.POSTAL_ADDRESS = ""
    message = write(factories.LeadFactory(kind=kind))
    assert (message.status, what_waits.what_waits().is_any) == ("blocked", False)
    assert status.pipeline_problems() == []


def test_parked_and_uncertain_are_never_caught_up(client: Client, viewer: User) -> None:
    InboundEvent.objects.create(
        source="rb2b", body=b"{", body_sha256="x", state="parked", reason="no",
        received_at=timezone.now() - timedelta(days=9),
    )  # fmt: skip
    factories.cleared_email()
    Message.objects.update(status="uncertain", uncertain_at=timezone.now())
    page = page_of(client, viewer, "/sales")
    assert (
        "No email waits for you, but 1 inbound event is parked and 1 email may or may not have "
        "been sent." in page
    )
    assert "All caught up" not in page
    found = status.build_queue_status()["pipeline"]["waits"]
    assert (found["parked"], found["uncertain"]) == (1, 1)
    said = diagnose()[1]
    assert "uncertain emails" in said


def test_blocked_drafts_can_be_read_in_the_queue(client: Client, viewer: User) -> None:
    message = companyless()
    for _ in range(52):
        companyless()
    page = page_of(client, viewer, "/sales/queue?show=blocked")
    assert str(message.lead) in page and "The template needs" in page
    assert "53 drafts blocked" in page and "3 more with this cause." in page
    assert "Blocked <b>53</b>" in page
    beside_the_lane = client.get("/sales/queue?show=blocked").context
    assert [len(group.drafts) for group in beside_the_lane["lane"]] == [50]
    assert beside_the_lane["page"].rows == []
    found = client.get(f"/sales/queue?show=blocked&search={message.lead.last_name}").context
    assert (found["lane"], found["page"].rows) == ([], [message])


def test_count_takes_the_same_queries_at_any_size(django_assert_num_queries: Any) -> None:
    for _ in range(3):
        companyless()
    with django_assert_num_queries(4):
        what_waits.what_waits()
    for _ in range(9):
        companyless()
    with django_assert_num_queries(4):
        what_waits.what_waits()


def test_whose_words_they_are_is_asked_where_it_decides(django_assert_num_queries: Any) -> None:
    message = companyless()
    Message.objects.filter(pk=message.pk).update(blocked_by=next(iter(TEXT_CHECKS)))
    with django_assert_num_queries(5):
        what_waits.what_waits()


@pytest.mark.parametrize(
    ("waits", "ok", "text"),
    [
        ({}, True, "0"),
        ({"blocked_by_us": 0, "parked": 2}, True, "2 parked"),
        ({"blocked_by_person": 3}, True, "3 blocked by person"),
        ({"blocked_by_us": 4, "uncertain": 1}, False, "4 blocked by us, 1 uncertain"),
    ],
)
def test_check_of_a_deployment_says_it(waits: dict[str, int], ok: bool, text: str) -> None:
    found = deployment._check_waits(json.loads(json.dumps({"waits": waits})))
    assert (found.ok, found.text) == (ok, text)


def test_public_words_name_nobody(settings: Any) -> None:
    company = factories.CompanyFactory(name="Secretive Holdings")
    lead = factories.LeadFactory(first_name="Zebulon", company=company)
    factories.held_email(lead)
    settings.POSTAL_ADDRESS = ""
    write(factories.LeadFactory(company=company, first_name="Ottilie"))
    Message.objects.filter(status="blocked").update(blocked_by="draft", error="Ottilie broke")
    said = json.dumps(status.build_queue_status(), default=str) + str(status.pipeline_problems())
    assert not any(name in said for name in ("Zebulon", "Ottilie", "Secretive"))


@pytest.mark.parametrize("chosen", ["blocked", "snoozed", "training"])
def test_an_empty_filter_that_is_chosen_stays_in_sight(
    client: Client, viewer: User, chosen: str
) -> None:
    client.force_login(viewer)
    chips = client.get(f"/sales/queue?show={chosen}").context["chips"]
    assert chosen in {chip.name for chip in chips}
    assert chosen not in {chip.name for chip in client.get("/sales/queue").context["chips"]}
