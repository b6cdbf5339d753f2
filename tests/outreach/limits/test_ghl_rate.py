"""GHL allows 100 calls in 10 seconds per location; all workers together never take more than 99."""

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
            assert 0 < wait.retry_after <= ghl.WINDOW_SECONDS
            continue
        granted.append(moment)
    return granted


def most_in_ten_seconds(moments: list[float]) -> int:
    """The most that fall into any closed interval of ten seconds."""
    return max(
        (bisect_right(moments, start + 10.0) - n for n, start in enumerate(moments)), default=0
    )


@pytest.mark.django_db
@pytest.mark.parametrize("offset", [0.0, 0.001, 2.5, 4.999])
def test_steady_stream_stays_under_99_per_ten_seconds(offset: float) -> None:
    granted = taken([START + offset + n * 0.05 for n in range(800)])
    assert most_in_ten_seconds(granted) <= 99
    assert len(granted) >= 33 * 8  # and the rate is used: 33 in each window of 5 s


@pytest.mark.django_db
def test_the_worst_burst_gets_99_and_no_more() -> None:
    edges = [START + 4.999] * 40 + [START + 7.0] * 40 + [START + 12.0] * 40 + [START + 14.999] * 40
    granted = taken(edges)
    assert most_in_ten_seconds(granted) == 99
    assert len(granted) == 99


@pytest.mark.django_db
def test_refusal_names_next_window_and_takes_nothing() -> None:
    taken([START] * 33)
    with pytest.raises(http.ServiceUnavailable, match="rate") as refused:
        ghl.claim_call(START + 1.5)
    assert refused.value.retry_after == pytest.approx(3.5)
    assert RateWindow.objects.get(vendor="ghl").used == 33
    assert taken([START + 1.5 + refused.value.retry_after]) != []


@pytest.mark.django_db
def test_worker_with_slow_clock_gets_no_second_window() -> None:
    taken([START + 100] * 33)
    assert taken([START] * 5) == []


class AnyTraffic(TestCase):
    @given(st.lists(st.floats(0, 60), max_size=220).map(sorted))
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    def test_any_pattern_stays_under_99_per_ten_seconds(self, offsets: list[float]) -> None:
        assert most_in_ten_seconds(taken([START + offset for offset in offsets])) <= 99
