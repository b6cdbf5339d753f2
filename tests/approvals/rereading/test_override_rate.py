"""The override rate: only what chance drew counts, and what nobody read is unread."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from approvals.models import RereadingItem
from approvals.rereading import override_rate
from outreach.choices import Phase
from outreach.control import phase
from tests.approvals.rereading.reread_steps import approved, chance_items, judge, next_morning

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("assisted")]


@pytest.fixture
def items(settings: Any, clock: Any) -> list[RereadingItem]:
    settings.REREADING_ONE_IN = 1
    approved(6)
    next_morning(clock)
    return chance_items()


def rate() -> override_rate.OverrideRate:
    since = override_rate.counted_since(phase.current_control())
    return override_rate.count_rate(override_rate.load_drawn(since))


def counts() -> tuple[int, int, int, int]:
    found = rate()
    return found.drawn, found.read, found.unread, found.overridden


def test_nothing_read_is_no_rate(items: list[Any]) -> None:
    assert counts() == (6, 0, 6, 0)
    assert (rate().rate, rate().interval, rate().percent, rate().range) == (None, None, "", "")


def test_edits_and_rejections_are_overrides(items: list[Any], reviewer: User) -> None:
    for item, judgement in zip(items, ["approve", "edit", "reject", "approve"], strict=False):
        judge(item, reviewer, judgement)
    assert counts() == (6, 4, 2, 2)
    assert rate().rate == 0.5
    low, high = rate().interval or (0, 0)
    assert low < 0.5 < high and rate().percent == "50.0\u00a0%"


@pytest.mark.parametrize("change", [{"draw": None}, {"machine": False}, {"fault": "no_footer"}])
def test_what_chance_did_not_draw_counts_nowhere(
    change: dict[str, Any], items: list[Any], reviewer: User
) -> None:
    judge(items[0], reviewer, "reject")
    RereadingItem.objects.filter(pk=items[0].pk).update(**change)
    assert counts() == (5, 0, 5, 0)


def test_the_count_begins_with_assisted(items: list[Any], reviewer: User, clock: Any) -> None:
    judge(items[0], reviewer)
    phase.change_phase(Phase.AUTONOMOUS, by=None, reason="test")
    assert counts()[:2] == (6, 1)
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    assert counts()[:2] == (6, 1)  # back from above: assisted was never left downwards
    phase.change_phase(Phase.PARALLEL, by=None, reason="test")
    assert override_rate.counted_since(phase.current_control()) is None
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    assert counts()[:2] == (0, 0)


def test_days_are_counted_in_their_order(items: list[Any], reviewer: User, clock: Any) -> None:
    judge(items[0], reviewer, "reject")
    judge(items[1], reviewer)
    clock.shift(86_400)
    judge(items[2], reviewer)
    found = override_rate.counts_by_day(override_rate.load_drawn(None))
    assert [counts for _, *counts in found] == [[1, 2], [0, 1]]


class TestPageAndApi:
    def test_the_page_shows_each_group_and_faults(
        self, items: list[Any], reviewer: User, client: Client, viewer: User
    ) -> None:
        judge(items[0], reviewer, "reject")
        RereadingItem.objects.filter(pk=items[1].pk).update(fault="no_footer", draw=None)
        judge(RereadingItem.objects.get(pk=items[1].pk), reviewer)
        client.force_login(viewer)

        page = client.get("/sales/rereading/rate").content.decode()

        assert "Override rate: 100.0\u00a0%" in page and "4 are unread" in page
        assert "By template" in page and "By band" in page and "By reviewer" in page
        assert "rita: 0 of 1 found" in page

    def test_an_empty_page_says_so(self, client: Client, viewer: User) -> None:
        client.force_login(viewer)
        page = client.get("/sales/rereading/rate").content.decode()
        assert "Not enough yet." in page and "Override rate" not in page

    def test_the_api_says_the_same(self, items: list[Any], reviewer: User, client: Client) -> None:
        judge(items[0], reviewer, "edit")
        client.force_login(reviewer)
        found = client.get("/api/rereading").json()
        assert (found["drawn"], found["read"], found["unread"], found["overridden"]) == (6, 1, 5, 1)
        assert found["rate"] == 1.0 and len(found["interval"]) == 2 and found["since"]
        assert found["by_band"]["LOW"]["drawn"] == 6
        assert found["by_reviewer"]["rita"]["overridden"] == 1
        assert len(found["by_template"]) == 1
