"""A sender whose true reply rate is known: up by evidence, down by a guardrail; or not up.

Here one in eight answers, so that five weeks do. WHOLE_MONTHS=1 in the environment makes it one in
ten, which takes the two months of the rollout plan and twice the time.
"""

import os
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command

from leads.integrations import background_calls
from leads.integrations.rates import Pace
from metrics.gates.gate import PASS
from metrics.models import GateEvaluation
from outreach.choices import Phase, Status
from outreach.control import phase
from outreach.limits import sending_domains
from outreach.models import ControlChange, Message, Reply, SendIntent
from tests import factories
from tests.fakes.clay import FakeClay
from tests.fakes.dns import FakeDns
from tests.fakes.ghl import FakeGhl
from tests.journeys.simulated_months import FIRST_DAY, SimulatedMonths, run
from tests.metrics.conftest import dkim_key

# Six weeks of work: once is enough, on the stricter database.
pytestmark = [pytest.mark.django_db, pytest.mark.postgres_is_enough]

WHOLE = os.environ.get("WHOLE_MONTHS") == "1"
PROMOTED_BY = 21  # days after the first; the second test looks then, too
DOMAIN = "mail.ours.example.com"


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(FIRST_DAY, tick=True) as travelled:
        yield travelled


@pytest.fixture
def months(
    clock: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    ghl: FakeGhl,
    clay: FakeClay,
    loose: None,
    reviewer: User,
    lead_user: User,
) -> Iterator[SimulatedMonths]:
    settings.SANDBOXED = []
    settings.GHL_WEBHOOK_PUBLIC_KEY, settings.GHL_PIPELINE_ID = ghl.public_key_b64, "pl_1"
    monkeypatch.setattr(background_calls, "PACE", Pace(1_000, 0.01))
    factories.TeamMemberFactory(default_sender=True)
    sending_domains.mark_established(DOMAIN, by=lead_user, reason="In use for years.")
    with FakeDns() as dns:
        settings.DNS_SERVER, settings.DKIM_SELECTORS = dns.address, ["k1"]
        dns.texts = {
            DOMAIN: ["v=spf1 include:mailgun.org ~all"],
            "mailgun.org": ["v=spf1 ip4:192.0.2.0/24 ~all"],
            f"k1._domainkey.{DOMAIN}": [dkim_key()],
            f"_dmarc.{DOMAIN}": ["v=DMARC1; p=none"],
        }
        yield SimulatedMonths(clock, ghl, clay, reviewer, lead_user, 10 if WHOLE else 8)


def missing_gates(to: Phase) -> set[str]:
    """By the evaluation on record of this day, as the sweep stored it."""
    newest = GateEvaluation.objects.filter(target=to).order_by("-pk").first()
    assert newest is not None
    return {gate["name"] for gate in newest.gates if gate["verdict"] != PASS}


def work_until_ready(months: SimulatedMonths, to: Phase, most: int, signed: set[str]) -> int:
    """Days until nothing is missing but `signed`; what the page refuses before is refused."""
    for days in range(most):
        months.pass_day()
        ready = missing_gates(to) <= signed
        if days == 7 or ready:
            assert months.ask_to_move_up(to) == ready
        if ready:
            return days
        months.next_day()
    raise AssertionError(f"{to} is missing {missing_gates(to)} after {most} days")


def test_a_good_sender_goes_up_and_falls(months: SimulatedMonths, lead_user: User) -> None:
    in_parallel = work_until_ready(months, Phase.ASSISTED, 30, signed=set())
    assert 14 <= in_parallel <= PROMOTED_BY
    assert not Message.objects.filter(by_machine=True).exists()

    phase.set_auto_approval(True, by=lead_user, reason="Three weeks of agreement.")
    buyer = months.ghl.state()["contacts"][0]["id"]
    deal = {"status": "open", "pipelineId": "pl_1", "monetaryValue": 190_000}
    months.ghl.add_opportunity(buyer, **deal)
    numbers = ("--emails=375", "--reply-rate=9.9", "--meetings=3", "--pipeline-value=142000")
    call_command("record_baseline", *numbers, "--as", lead_user.username)
    months.next_day()

    in_assisted = work_until_ready(months, Phase.AUTONOMOUS, 40, signed={"sign-off"})
    assert 14 <= in_assisted <= 30
    assert Message.objects.filter(by_machine=True).count() >= 30
    changes = ControlChange.objects.filter(what="phase").order_by("pk")
    moves = changes.values_list("before", "after", "by__username", "override")
    assert list(moves) == [
        ("parallel", "assisted", lead_user.username, False),
        ("assisted", "autonomous", lead_user.username, False),
    ]

    months.next_working_day()
    months.pass_day()
    assert SendIntent.objects.filter(day=months.today).count() == 100
    months.next_working_day()
    months.at(9)
    months.visitors_come(2)
    run("outreach.clear_due")
    for email in months.ghl.sent_emails()[-3:]:
        assert phase.current_control().phase == Phase.AUTONOMOUS
        months.ghl_posts(months.ghl.email_event("failed", email["emailMessageId"]))
        run("outreach.work_off_inbox")

    control = phase.current_control()
    assert (control.phase, control.halted) == (Phase.ASSISTED, True)
    assert changes.last().by is None
    before = len(months.ghl.sent_emails())
    run("outreach.clear_due", "outreach.send_due")
    assert len(months.ghl.sent_emails()) == before
    assert not Message.objects.filter(status=Status.CLEARED, by_machine=True).exists()
    assert not months.ask_to_move_up(Phase.AUTONOMOUS)
    with pytest.raises(SystemExit) as verified:
        call_command("verify_evaluations", stdout=StringIO())
    assert verified.value.code == 0


def test_a_true_five_percent_stays(months: SimulatedMonths) -> None:
    """It has all that the good one had but the answers: nothing else is missing."""
    months.answers_in = 20
    for _ in range(PROMOTED_BY):
        months.pass_day()
        months.next_day()
    months.pass_day()

    assert missing_gates(Phase.ASSISTED) == {"reply rate"}
    assert not months.ask_to_move_up(Phase.ASSISTED)
    assert phase.current_control().phase == Phase.PARALLEL
    assert not ControlChange.objects.filter(what="phase").exists()
    assert Reply.objects.count() >= 15
