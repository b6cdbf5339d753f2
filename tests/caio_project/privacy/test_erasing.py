"""Of an erased person no table, file or log keeps a trace but the mark."""

import logging
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from caio_project.privacy import erasing, subject
from leads.inbound import spool
from leads.models import Erasure, Lead, Suppression
from leads.suppression import suppression
from tests.caio_project.privacy.whole_person import (
    ADDRESS,
    NAME,
    OTHER_ADDRESS,
    PROFILE,
    make_person,
    traces,
)
from tests.outreach.conftest import WORKING

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(lead_user: User) -> Lead:
    return make_person(lead_user)


def erase(address: str = ADDRESS, user: User | None = None) -> erasing.ErasureReport:
    return erasing.erase_subject(subject.find_subject(address), Erasure.Source.COMMAND, user)


def test_no_table_keeps_a_trace_but_the_mark(
    person: Lead, lead_user: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    spooled = spool.keep_body("rb2b", f'{{"email": "{ADDRESS}"}}'.encode(), "", kind="live")
    aside = Path(settings.SPOOL_DIR) / "1-x.bad"
    aside.write_bytes(f"half of {OTHER_ADDRESS}".encode())
    assert len(traces()) > 20

    report = erase(user=lead_user)

    assert traces() == []
    assert not list(Path(settings.SPOOL_DIR).glob(f"{spooled}*")) and not aside.exists()
    assert NAME not in caplog.text.lower()
    assert NAME not in Path(settings.ERASURES_FILE).read_text().lower()
    assert suppression.is_marked(ADDRESS) and suppression.is_marked(OTHER_ADDRESS)
    assert suppression.is_marked(PROFILE) and suppression.is_marked(f"{NAME}@proton.me")
    assert suppression.find_stop(ADDRESS).reason == "unsubscribed"  # the first reason still counts
    assert report.emails.withdrawn == 1
    assert report.rows["leads.KnownContact"] == 1


def test_the_ledger_stays(person: Lead, lead_user: User) -> None:
    from approvals.models import Decision
    from outreach.models import EmailEvent, Move

    def ledger() -> list[Any]:
        return [list(model.objects.order_by("pk").values()) for model in (Decision, EmailEvent)]

    before, moves = ledger(), Move.objects.count()
    erase(user=lead_user)
    assert ledger() == before
    assert Move.objects.count() == moves + 1  # the withdrawal


def test_a_second_time_changes_nothing(person: Lead, lead_user: User) -> None:
    erase(user=lead_user)
    again = erasing.finish_erasure(Erasure.objects.get())
    assert again.rows == {}
    call_command("erase_person", ADDRESS, "--as", "lena")
    assert Erasure.objects.count() == 1
    assert erasing.repeat_erasures() == 0


def test_an_unknown_address_is_said_and_only_marked_on_demand(lead_user: User) -> None:
    with pytest.raises(CommandError, match="nobody here has this address") as refused:
        call_command("erase_person", "nobody@example.com", "--as", "lena")
    assert refused.value.returncode == 2
    assert not Suppression.objects.exists() and not Erasure.objects.exists()

    call_command("erase_person", "Nobody+News@Example.com", "--as", "lena", "--mark")
    assert suppression.is_marked("nobody@example.com")
    assert not Suppression.objects.filter(value__contains="@").exists()


@pytest.mark.parametrize("typed", [ADDRESS.upper(), f"{NAME}+x@northline.test", OTHER_ADDRESS])
def test_any_spelling_and_address_finds_the_person(person: Lead, typed: str) -> None:
    from leads import normal

    assert person.pk in subject.find_subject(normal.clean_email(typed)).pks


def test_a_reviewer_may_not(person: Lead, reviewer: User) -> None:
    with pytest.raises(CommandError, match="does not have leads.erase_person"):
        call_command("erase_person", ADDRESS, "--as", "rita")
    assert not Erasure.objects.exists() and len(traces()) > 20


@time_machine.travel(WORKING)
def test_slack_shows_neither_card_nor_notice_about_them(
    slack: Any, lead_user: User, sender: Any, settings: Any
) -> None:
    from approvals import tasks
    from tests import factories

    settings.DIGEST_AT = []  # it would count the email too

    lead = factories.LeadFactory(first_name=NAME.title(), email=ADDRESS)
    factories.create_feedback(factories.held_email(lead))
    tasks.tell()
    posts = slack.posts()
    assert len(posts) == 2 and all(NAME in str(post).lower() for post in posts)

    report = erase(user=lead_user)
    assert report.slack_waiting == 2
    tasks.tell()

    assert all("was erased" in str(post) for post in slack.posts())
    assert NAME not in str(slack.posts()).lower()
    assert traces() == []
