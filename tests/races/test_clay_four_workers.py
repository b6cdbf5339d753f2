"""Four worker processes and one Clay with every kind of answer. Deadlines are 2 s, not 30."""

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from leads.integrations import breaker
from leads.models import Breaker, Enrichment, InboundEvent, Lead
from metrics.gates import gate_measures
from tests import factories
from tests.fakes.clay import FakeClay
from tests.fakes.clock import wait_for
from tests.races.conftest import Workers

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("committed")]

PUSH = "POST /v3/sources/webhook/{source}"
DEADLINE = 2  # seconds


@pytest.fixture
def four_workers(clay: FakeClay, live_server: Any) -> Iterator[None]:
    clay.configure(callback_url=f"{live_server.url}/webhooks/clay")
    workers = Workers(
        "tests.races.work_clay",
        SANDBOX="ghl",
        CLAY_WORKBOOK_WEBHOOK_URL=clay.source_url("src-1"),
        CLAY_WEBHOOK_AUTH_TOKEN="clay-auth",
        CLAY_CALLBACK_TOKEN="clay-callback-token",
        CLAY_TIMEOUT_SECONDS=str(DEADLINE),
    )
    for _ in range(4):
        workers.start()
    yield
    workers.stop()


def wanted(count: int, name: str = "Dana") -> list[Enrichment]:
    """Questions about `count` new people of this first name, all due at one moment."""
    leads = [factories.LeadFactory(first_name=name) for _ in range(count)]
    return Enrichment.objects.bulk_create(Enrichment(lead=lead) for lead in leads)


def now_are(rows: list[Enrichment]) -> Counter[str]:
    """How many have which outcome, or which state where they are open."""
    found = Enrichment.objects.filter(pk__in=[row.pk for row in rows]).values_list(
        "outcome", "state"
    )
    return Counter(outcome or state for outcome, state in found)


def become(rows: list[Enrichment], timeout: float = 90, **expected: int) -> None:
    try:
        wait_for(lambda: now_are(rows) == expected, timeout)
    except TimeoutError:
        assert now_are(rows) == expected


def thirty_seconds_pass(rows: list[Enrichment]) -> None:
    asked = Enrichment.objects.filter(pk__in=[row.pk for row in rows], state="requested")
    asked.update(not_before=F("not_before") - timedelta(seconds=30))


def pushes(clay: FakeClay) -> int:
    return len(clay.requests(PUSH))


# Every way in which Clay may answer: what is to come of two questions


def two_answers_are_one(clay: FakeClay) -> None:
    clay.configure(answers=2)
    rows = wanted(2, "Twice")
    become(rows, answered=2)
    clay.wait_for_callbacks(5)  # the first question's, and four
    wait_for(lambda: not InboundEvent.objects.filter(state="waiting").exists(), 60)
    become(rows, answered=2)


def the_deadline_divides_asked_from_failed(clay: FakeClay) -> None:
    clay.on(PUSH, containing='"Slow"').delay(DEADLINE * 29 / 30 - 0.5)
    clay.on(PUSH, containing='"Late"').delay(DEADLINE * 31 / 30 + 0.5)
    slow, late = wanted(2, "Slow"), wanted(2, "Late")
    become(slow, answered=2)
    # It was over the deadline and acted all the same: the lead had gone on, and the answer is
    # still used.
    become(late, late=2)
    assert set(
        Enrichment.objects.filter(pk__in=[row.pk for row in late]).values_list("attempts")
    ) == {(1,)}


def an_answer_in_drops_is_cut_at_the_deadline(clay: FakeClay) -> None:
    clay.configure(answers=0)
    clay.on(PUSH, containing='"Drip"').drip(0.2)
    began = time.monotonic()
    rows = wanted(2, "Drip")
    become(rows, failed=2)
    assert time.monotonic() - began < DEADLINE + 30  # in drops it would take minutes
    assert "did not answer in time" in Enrichment.objects.get(pk=rows[0].pk).reason


def without_answer_a_lead_is_partial_until_later(clay: FakeClay) -> None:
    clay.configure(answers=0)
    rows = wanted(2, "Silent")
    become(rows, requested=2)
    thirty_seconds_pass(rows)
    become(rows, partial=2)
    clay.configure(answers=1)
    for row in clay.submissions()[-2:]:
        clay.call_back(row)
    become(rows, late=2)


def a_refusal_for_the_rate_is_a_failure_and_asked_once(clay: FakeClay) -> None:
    refused(clay, 429)


def a_refusal_is_a_failure_and_asked_once(clay: FakeClay) -> None:
    refused(clay, 500)


def refused(clay: FakeClay, status: int) -> None:
    clay.on(PUSH, containing='"Refused"').status(status)
    before = pushes(clay)
    rows = wanted(2, "Refused")
    become(rows, failed=2)
    assert pushes(clay) - before == 2


def a_server_that_never_answers_is_a_failure(clay: FakeClay) -> None:
    clay.on(PUSH, containing='"Never"').never()
    become(wanted(2, "Never"), failed=2)


def garbage_acknowledges_nothing_that_is_relied_on(clay: FakeClay) -> None:
    clay.on(PUSH, containing='"Garbage"').garbage()
    rows = wanted(2, "Garbage")
    become(rows, requested=2)
    thirty_seconds_pass(rows)
    become(rows, partial=2)


WAYS: list[Callable[[FakeClay], None]] = [
    two_answers_are_one,
    the_deadline_divides_asked_from_failed,
    an_answer_in_drops_is_cut_at_the_deadline,
    without_answer_a_lead_is_partial_until_later,
    a_refusal_for_the_rate_is_a_failure_and_asked_once,
    a_refusal_is_a_failure_and_asked_once,
    a_server_that_never_answers_is_a_failure,
    garbage_acknowledges_nothing_that_is_relied_on,
]


def test_every_way_clay_may_answer(
    clay: FakeClay, four_workers: None, subtests: pytest.Subtests
) -> None:
    """One after the other with the same four processes, which take seconds to start.

    Two that fail, then one that is answered, so that the breaker stays closed.
    """
    become(wanted(1), answered=1)
    for way in WAYS:
        with subtests.test(way.__name__):
            way(clay)
        clay.clear_behaviours()
        clay.configure(answers=1)
        with subtests.test(f"after {way.__name__}"):
            become(wanted(1), answered=1)
            assert not breaker.is_open()
            assert not InboundEvent.objects.filter(state="parked").exists()
            assert not Lead.objects.filter(needs_assessment_at=None).exists(), (
                "somebody does not go on"
            )


def test_the_enrichment_rate_is_what_clay_answered(clay: FakeClay, four_workers: None) -> None:
    clay.on(PUSH, containing='"Refused"').status(500)
    rows = wanted(12)
    become(rows, answered=12)
    refused = wanted(2, "Refused")
    become(refused, failed=2)
    clay.configure(answers=0)
    silent = wanted(6, "Silent")
    become(silent, requested=6)
    thirty_seconds_pass(silent)
    become(silent, partial=6)
    clay.configure(variant="junk_na", answers=1)
    empty = wanted(4, "Empty")
    become(empty, answered=4)
    gate = gate_measures.enrichment_rate(timezone.now())
    assert (gate.raw, gate.value) == ({"settled": 24, "gained": 12}, 0.5)


def test_at_most_ten_a_second_each_asked_once(clay: FakeClay, four_workers: None) -> None:
    rows = wanted(45)
    become(rows, answered=45)
    times = sorted(request.time for request in clay.requests(PUSH))
    busiest = max(bisect_right(times, start + 1.0) - n for n, start in enumerate(times))
    assert len(times) == len({row["request_id"] for row in clay.submissions()}) == 45
    assert (
        busiest <= 10 + 4
    )  # ten are claimed; each worker may have one that arrives late, together with the next
    assert (
        times[-1] - times[0] < 45
    )  # and the rate is used: more than one a second, on however busy a machine


def test_the_breaker_opens_probes_and_closes_once(clay: FakeClay, four_workers: None) -> None:
    clay.configure(answers=0)
    clay.on(PUSH).status(500)
    clay.on(PUSH, containing='"Straggler"').never()
    straggler = wanted(1, "Straggler")
    wait_for(lambda: pushes(clay) == 1, 60)
    rows = wanted(12)
    become(rows + straggler, failed=13)  # the straggler long after the others have opened it
    assert (
        4 <= pushes(clay) <= 6
    )  # three open it; the other workers may each have had one under way
    assert (breaker.is_open(), breaker.breaker_row().openings) == (True, 1)

    for failed_probes in (1, 2, 3):
        assert asked_while_open(clay, probe_is_due=False) == 0
        assert asked_while_open(clay, probe_is_due=True) == 1
        state = breaker.breaker_row()
        wait = state.probe_at - timezone.now()  # type: ignore[operator]
        expected = breaker.FIRST_PROBE * 2**failed_probes
        assert (state.openings, expected - timedelta(seconds=30) < wait <= expected) == (
            1 + failed_probes,
            True,
        )

    clay.on(PUSH).normal(times=1)
    clay.configure(answers=0)
    assert asked_while_open(clay, probe_is_due=True, requested=1) == 1
    assert asked_while_open(clay, probe_is_due=False) == 0
    assert breaker.is_open(), "an acknowledgement is no answer"

    [probe] = clay.submissions()
    clay.call_back(probe)
    wait_for(lambda: not breaker.is_open(), 60)
    clay.reset()
    before = pushes(clay)
    become(wanted(6), requested=6)
    assert pushes(clay) - before == 6


def asked_while_open(clay: FakeClay, *, probe_is_due: bool, requested: int = 0) -> int:
    """How often Clay was asked while four workers had eight questions and one minute had passed, or
    not.
    """
    before = pushes(clay)
    if probe_is_due:
        Breaker.objects.update(probe_at=timezone.now())
    rows = wanted(8)
    become(rows, **{"failed": 8 - requested} | ({"requested": requested} if requested else {}))
    return pushes(clay) - before
