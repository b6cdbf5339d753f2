"""GHL allows 100 calls in 10 seconds per location; all workers together never make more than 99."""

from bisect import bisect_right

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from caio_project.lib import http
from leads.integrations import ghl
from leads.models import RateWindow

START = 1_772_550_000.0


def taken(moments: list[float]) -> list[float]:
    """The moments at which a call was granted."""
    granted = []
    for moment in moments:
        try:
            ghl.claim_call(moment)
        except http.ServiceUnavailable as wait:
            assert 0 < wait.retry_after <= ghl.PACE.burst * ghl.PACE.every
            continue
        granted.append(moment)
    return granted


def most_in_ten_seconds(moments: list[float]) -> int:
    """The most that fall into any closed interval of ten seconds.

    Calls that are granted may take up to 0.3 s longer than others to get there.
    """
    return max(
        (bisect_right(moments, start + 10.3) - n for n, start in enumerate(moments)), default=0
    )


@pytest.mark.postgres_is_enough
@pytest.mark.django_db
@pytest.mark.parametrize("offset", [0.0, 0.001, 2.5, 4.999])
def test_steady_stream_stays_under_99_per_ten_seconds(offset: float) -> None:
    granted = taken([START + offset + n * 0.1 for n in range(400)])
    assert most_in_ten_seconds(granted) <= 99
    assert len(granted) >= 90 * 4  # and nine tenths of the rate are used


@pytest.mark.django_db
def test_the_worst_pattern_gets_99_and_no_more() -> None:
    """A rest, and then as much as is granted."""
    granted = taken([START + 7.0 + n * 0.01 for n in range(1_500)])
    assert granted[: ghl.PACE.burst] == [START + 7.0 + n * 0.01 for n in range(ghl.PACE.burst)]
    assert most_in_ten_seconds(granted) in (98, 99)


@pytest.mark.django_db
def test_refusal_names_the_next_turn_and_takes_nothing() -> None:
    taken([START] * ghl.PACE.burst)
    with pytest.raises(http.ServiceUnavailable, match="rate") as refused:
        ghl.claim_call(START + 0.05)
    assert refused.value.retry_after == pytest.approx(ghl.PACE.every - 0.05, abs=1e-5)
    turn = RateWindow.objects.get(vendor="ghl").next_turn
    assert turn == pytest.approx(START + ghl.PACE.burst * ghl.PACE.every)
    assert taken([START + 0.051 + refused.value.retry_after]) != []


@pytest.mark.django_db
def test_worker_with_slow_clock_gets_no_turn_twice() -> None:
    taken([START + 100] * ghl.PACE.burst)
    with pytest.raises(http.ServiceUnavailable):
        ghl.claim_call(START)


class AnyTraffic(TestCase):
    @given(st.lists(st.floats(0, 30), max_size=400).map(sorted))
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    def test_any_pattern_stays_under_99_per_ten_seconds(self, offsets: list[float]) -> None:
        assert most_in_ten_seconds(taken([START + offset for offset in offsets])) <= 99
