"""The log of the whole path: one id from the webhook to the email, and nothing about the person.

The visitor's name, address, company, title and page are words that stand nowhere else.
"""

import json
import uuid
from typing import Any

import pytest
import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from approvals.models import Decision
from leads.inbound import events
from leads.models import InboundEvent, Lead
from leads.scoring import assess
from outreach.choices import Status
from outreach.drafting import open_drafts
from outreach.feedback import webhook_inbox
from outreach.models import Message
from outreach.sending import send
from tests.caio_project.lib.logs.capture import LogText, captured_logs
from tests.caio_project.test_api import key
from tests.conftest import TOKEN, person
from tests.fakes import rb2b
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl
from tests.journeys.test_spine import arrive, site, work

assert site  # a fixture

MARKS = ("Quendolyn", "Zzyzxmark", "Vexilloid", "quibbledom", "Wintergreen", "Nudibranch")
VISITOR: dict[str, Any] = {
    "First Name": "Quendolyn",
    "Last Name": "Zzyzxmark",
    "Title": "VP Vexilloid Operations",
    "Company Name": "Quibbledom Freight",
    "Website": "https://quibbledom.test",
    "LinkedIn URL": "https://www.linkedin.com/in/quendolyn-zzyzxmark",
    "Captured URL": "https://oursite.example.com/pricing?wintergreen",
    "City": "Nudibranch",
}
SECRETS = (TOKEN, "clay-auth", "clay-callback-token", "pit-test", settings.SECRET_KEY)
SEND = "POST /conversations/messages"


def assert_says_nothing_of_anybody(log: LogText) -> None:
    text = log.text.lower()
    assert [mark for mark in (*MARKS, *SECRETS) if mark.lower() in text] == []


def approve(site: Any, message: Message, by: User) -> None:
    answer = Client(headers={"host": "localhost"}).post(
        f"/api/emails/{message.public_id}/approve",
        json.dumps({"version": message.version}),
        content_type="application/json",
        headers=key("approvals:decide", user=by),
    )
    assert answer.status_code == 200, answer.content


@pytest.fixture
def lena(committed: None) -> User:
    return person("lena", "Lead")


def test_one_id_leads_from_the_webhook_to_the_email(
    site: Any, clay: FakeClay, ghl: FakeGhl, lena: User
) -> None:
    with captured_logs() as log:
        message = arrive(site, clay, **VISITOR)
        approve(site, message, lena)
        assert send.send_due() == 1

    event = str(InboundEvent.objects.get(source="rb2b").public_id)
    mine = [row["message"] for row in log.rows if row.get("correlation_id") == event]
    told = "\n".join(mine)
    for part in ("event of rb2b stored", "request_finished", "processed", "Clay asked",
                 "Clay answered", "from draft to held", "from held to cleared",
                 "from cleared to sending", "from sending to sent"):  # fmt: skip
        assert part in told, part
    (approval,) = log.rows_saying("from held to cleared")
    assert uuid.UUID(approval["request_id"])
    assert_says_nothing_of_anybody(log)


def test_each_line_of_work_on_a_row_has_an_id(
    site: Any, clay: FakeClay, ghl: FakeGhl, lena: User
) -> None:
    with captured_logs() as log:
        message = arrive(site, clay, **VISITOR)
        approve(site, message, lena)
        send.send_due()

    rows = [row for row in log.rows if row["logger"].split(".")[0] in ("leads", "outreach")]
    assert [row for row in rows if not row.get("correlation_id")] == []


def test_every_failure_keeps_the_id_and_says_nothing_of_the_person(
    site: Any, clay: FakeClay, ghl: FakeGhl, lena: User
) -> None:
    """Vendors quote the person in their errors, and rows hold what our code does not expect."""
    secret = "Vexilloid of quendolyn.zzyzxmark@quibbledom.test"
    with captured_logs() as log:
        message = arrive(site, clay, **VISITOR)
        event = str(InboundEvent.objects.get(source="rb2b").public_id)
        approve(site, message, lena)
        ghl.on(SEND).status(500, {"message": secret}, times=1)
        send.send_due()
        assert Message.objects.get().status == Status.UNCERTAIN

        Lead.objects.update(past_employers=[secret], needs_assessment_at="2026-01-01T00:00:00Z")
        assess.assess_due()
        assert "Error" in Lead.objects.get().error

        events.store_event("rb2b", b'{"First Name": ["Quendolyn", ')
        events.store_event("clay", json.dumps({"request_id": secret}).encode())
        events.store_event("ghl", json.dumps({"type": secret, "email": secret}).encode())
        events.process_due()
        webhook_inbox.process_inbox()

    (failed,) = log.rows_saying("could not be assessed")
    assert (failed["correlation_id"], failed["error"]["frames"] != []) == (event, True)
    assert_says_nothing_of_anybody(log)
    assert not Decision.objects.exclude(by=lena).exists()


def test_what_a_stranger_sends_stands_in_no_line(site: Any) -> None:
    mark = "Quendolyn-Zzyzxmark"
    addresses = (
        f"/webhooks/rb2b/{mark}", f"/webhooks/rb2b?token={mark}", f"/u/{mark}", f"/{mark}",
        f"/api/emails/{mark}/approve", f"/sales/leads?q={mark}", f"/accounts/login/?next=/{mark}",
    )  # fmt: skip
    with captured_logs() as log:
        for address in addresses:
            for method in ("GET", "POST"):
                requests.request(
                    method,
                    site.url + address,
                    data={"login": f"{mark}@quibbledom.test", "password": mark},
                    headers={
                        "User-Agent": mark,
                        "X-Request-ID": mark,
                        "Referer": f"http://{mark}/",
                    },
                    timeout=60,
                )
        requests.get(site.url, headers={"Host": f"{mark}.test"}, timeout=60)
        requests.post(
            f"{site.url}/webhooks/rb2b?token={TOKEN}", data=rb2b.to_body(rb2b.person()), timeout=60
        )
        work()
        open_drafts.open_new_drafts()

    assert len(log.rows_saying("request_finished")) >= 2 * len(addresses) + 2
    assert_says_nothing_of_anybody(log)
