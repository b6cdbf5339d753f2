"""The agreement report, and that the machine's verdict is unseen until it belongs there."""

import csv
import io
import re
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.decisions import decisions
from approvals.decisions.decisions import Decider
from caio_project.lib.spreadsheets.cells import safe_cell
from outreach.choices import Phase
from outreach.control import phase
from outreach.models import Message
from outreach.review import review_actions
from tests import factories

pytestmark = pytest.mark.django_db
PAGE, CSV = "/sales/phase/agreement", "/sales/phase/agreement.csv"
REASON = "=The first line is about us, not about them."
WHY_NOT = "a phrase has no source"


@pytest.fixture(autouse=True)
def no_undo(settings: Any, ghl: object) -> None:
    settings.UNDO_SECONDS = 0


def store_verdict(message: Message, says: bool) -> None:
    stored = {"machine_approves": says, "reasons": [] if says else [WHY_NOT]}
    Message.objects.filter(pk=message.pk).update(
        verdicts={"assisted": stored, "autonomous": stored}
    )


def decide(reviewer: User, says: bool, verdict: str) -> Message:
    message = factories.held_email()
    store_verdict(message, says)
    decider = Decider(reviewer, "desk")
    if verdict == "rejected":
        decisions.reject(message, message.version, decider, tag="tone_style", reason=REASON)
        return message
    if verdict == "edited":
        text = message.text
        message = review_actions.edit_text(
            message, 1, subject=text.subject, body=f"{text.body}\n\nMore.", by=reviewer
        )
        store_verdict(message, says)
    message.refresh_from_db()
    decisions.approve(message, message.version, decider)
    return message


def test_each_decision_stands_with_its_reasons(client: Client, reviewer: User) -> None:
    for says, verdict in [
        (True, "approved"), (True, "rejected"), (False, "approved"), (True, "edited"),
    ]:  # fmt: skip
        decide(reviewer, says, verdict)
    client.force_login(reviewer)

    page = client.get(PAGE).content.decode()

    assert "<b>4 decisions</b>" in page
    assert "Rejected by rita" in page and "Tone or style: “=The first line is about us" in page
    assert "Would have asked a person" in page and WHY_NOT in page
    assert "Approved, edited by rita" in page and "1 added." in page


@pytest.mark.parametrize(
    ("show", "rows"),
    [("", 3), ("differs", 2), ("same", 1), ("rejected", 1), ("edited", 0), ("nothing", 0)],
)
def test_the_report_shows_one_kind(show: str, rows: int, client: Client, reviewer: User) -> None:
    for says, verdict in [(True, "approved"), (True, "rejected"), (False, "approved")]:
        decide(reviewer, says, verdict)
    client.force_login(reviewer)
    page = client.get(PAGE, {"show": show, "page": "0"}).content.decode()
    assert page.count('<th scope="row">') == rows


def test_the_export_has_a_row_for_each_and_no_formula(client: Client, reviewer: User) -> None:
    message = decide(reviewer, True, "rejected")
    client.force_login(reviewer)
    answer = client.get(CSV)
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert answer["Content-Disposition"] == 'attachment; filename="agreement.csv"'
    assert len(rows) == 1
    assert (rows[0]["email_id"], rows[0]["decision"], rows[0]["machine_would"]) == (
        str(message.public_id),
        "rejected",
        "approve",
    )
    assert (rows[0]["reason"], rows[0]["outcome"]) == (f"'{REASON}", "rejected")


@pytest.mark.parametrize(
    ("typed", "cell"),
    [("=1+1", "'=1+1"), (" @x", "' @x"), ("-5", "'-5"), ("plain", "plain"), ("", "")],
)
def test_cells_are_no_formulas(typed: str, cell: str) -> None:
    assert safe_cell(typed) == cell


def test_nothing_to_compare_is_said(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    assert "No decision to compare yet." in client.get(PAGE).content.decode()
    assert len(client.get(CSV).content.decode().splitlines()) == 1


# --- Unseen until the decision is final ---

CHANGING = re.compile(
    r'''name="(?:csrfmiddlewaretoken|shown)"\s*value="[^"]*"|nonce="[^"]*"'''
    r'''|"X-CSRFToken": "[^"]*"'''
)


def seen(client: Client, message: Message) -> list[str]:
    paths = (
        f"/sales/queue/{message.public_id}",
        "/sales/queue",
        "/api/pending-emails",
        f"/api/messages/{message.public_id}",
        f"/sales/leads/{message.lead.public_id}",
        "/admin/approvals/approval/",
        f"/admin/approvals/approval/{message.pk}/change/",
        f"/admin/outreach/message/{message.pk}/change/",
    )
    found = []
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        found.append(CHANGING.sub("", answer.content.decode()))
    return found


@pytest.mark.parametrize("in_phase", [Phase.SHADOW, Phase.PARALLEL])
def test_no_page_tells_the_verdict_before_the_decision(
    in_phase: Phase, client: Client, admin_user: User
) -> None:
    if in_phase != phase.current_control().phase:
        phase.change_phase(in_phase, by=None, reason="test")
    message = factories.held_email()
    client.force_login(admin_user)
    with time_machine.travel(timezone.now(), tick=False):
        store_verdict(message, True)
        seen(client, message)  # what only the first look has
        approves = seen(client, message)
        store_verdict(message, False)
        asks = seen(client, message)
    for before, after in zip(approves, asks, strict=True):
        assert before.splitlines() == after.splitlines()
    assert WHY_NOT not in "".join(asks)


def test_the_desk_tells_it_after_the_time_to_undo(
    client: Client, reviewer: User, settings: Any
) -> None:
    settings.UNDO_SECONDS = 30
    message = decide(reviewer, False, "rejected")
    client.force_login(reviewer)
    address = f"/sales/queue/{message.public_id}"
    verdict = "The machine of Assisted would have left it to a person."
    assert "The machine of Assisted" not in client.get(address).content.decode()
    settings.UNDO_SECONDS = 0
    page = client.get(address).content.decode()
    assert verdict in page and WHY_NOT in page
