"""What is chosen to be re-read: by chance within a day, by risk, and what is mixed in."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from approvals.decisions import decisions
from approvals.decisions.decisions import Decider
from approvals.models import RereadingDraw, RereadingItem
from approvals.rereading import drawing, sampling
from outreach.auto_approval import template_runs
from outreach.models import EmailEvent, Message, TemplateRun
from tests import factories
from tests.approvals.rereading.reread_steps import approved, chance_items, next_morning

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("assisted")]


def of_machine(trigger: str = "") -> list[RereadingItem]:
    rows = RereadingItem.objects.filter(machine=True, fault="")
    return [row for row in rows if not trigger or trigger in row.triggers]


def test_nothing_approved_draws_nothing(clock: Any) -> None:
    assert (next_morning(clock), RereadingDraw.objects.count()) == (0, 0)


def test_one_in_five_of_a_day_is_drawn(clock: Any) -> None:
    emails = approved(10)
    assert drawing.draw_due() == 0  # the day is not over
    next_morning(clock)
    row = RereadingDraw.objects.get()
    assert (row.day, row.approved, row.drawn, row.one_in) == (date(2026, 3, 3), 10, 2, 5)
    assert len(chance_items()) == 2
    assert {item.message_id for item in chance_items()} <= {email.pk for email in emails}


def test_the_seed_repeats_the_draw(clock: Any) -> None:
    emails = approved(10)
    next_morning(clock)
    row = RereadingDraw.objects.get()
    again = sampling.draw((one.pk for one in emails), row.drawn, random.Random(row.seed))
    assert {item.message_id for item in chance_items()} == set(again)


def test_the_setting_says_how_many(clock: Any, settings: Any) -> None:
    settings.REREADING_ONE_IN = 1
    approved(4)
    next_morning(clock)
    assert len(chance_items()) == 4


def test_a_day_is_drawn_once(clock: Any) -> None:
    approved(5)
    next_morning(clock)
    items = RereadingItem.objects.count()
    assert (drawing.draw_due(), drawing.draw_due()) == (0, 0)
    assert (RereadingDraw.objects.count(), RereadingItem.objects.count()) == (1, items)


def test_missed_days_are_made_up_for(clock: Any) -> None:
    approved(5)
    clock.shift(timedelta(days=1))
    approved(10)
    clock.shift(timedelta(days=3))
    drawing.draw_due()
    found = RereadingDraw.objects.order_by("day").values_list("day__day", "approved", "drawn")
    assert list(found) == [(3, 5, 2), (4, 10, 2), (5, 0, 0), (6, 0, 0)]


def test_the_last_day_of_a_month_makes_up_thirty_or_all(clock: Any) -> None:
    approved(12)
    clock.shift(timedelta(days=29))  # the first of April
    drawing.draw_due()
    assert len(chance_items()) == 12
    assert RereadingDraw.objects.get(day=date(2026, 3, 31)).drawn > 0


def test_practice_is_never_drawn(clock: Any) -> None:
    emails = approved(5)
    Message.objects.filter(pk__in=[one.pk for one in emails]).update(kind="training")
    next_morning(clock)
    assert not RereadingItem.objects.exists()


class TestRisk:
    def test_the_first_of_a_template_are_read_and_do_not_count(self, clock: Any) -> None:
        approved(12)
        next_morning(clock)
        first = of_machine("new_template")
        assert len(first) == 5
        assert sum(item.draw is not None for item in of_machine()) == 3

    def test_an_email_near_the_limit_is_read(self, clock: Any) -> None:
        near, far = approved(2)
        Message.objects.filter(pk=near.pk).update(intent=39)
        next_morning(clock)
        assert [item.message_id for item in of_machine("near_limit")] == [near.pk]

    def test_a_complaint_brings_an_email_here_later(self, clock: Any) -> None:
        emails = approved(12)
        next_morning(clock)
        known = set(RereadingItem.objects.values_list("message", flat=True))
        late = next(one for one in emails if one.pk not in known)
        EmailEvent.objects.create(
            key="c", message=late, kind="complained", source="w", at=timezone.now()
        )
        assert (drawing.draw_due(), drawing.draw_due()) == (1, 0)
        item = RereadingItem.objects.get(message=late)
        assert (item.triggers, item.draw) == (["bad_answer"], None)

    def test_a_full_run_brings_its_newest_email_here(self) -> None:
        emails = approved(3)
        TemplateRun.objects.update(approved=template_runs.MOST_IN_A_ROW)
        assert (drawing.draw_due(), drawing.draw_due()) == (1, 0)
        item = RereadingItem.objects.get()
        assert item.triggers == ["in_a_row"]
        assert item.message_id in {one.pk for one in emails}

    def test_what_chance_draws_later_counts_then(self, clock: Any) -> None:
        approved(5)
        TemplateRun.objects.update(approved=template_runs.MOST_IN_A_ROW)
        drawing.draw_due()
        item = RereadingItem.objects.get()
        RereadingItem.objects.filter(pk=item.pk).update(triggers=["in_a_row"])
        clock.shift(timedelta(days=29))
        drawing.draw_due()
        item.refresh_from_db()
        assert item.draw is not None and item.triggers == ["in_a_row"]
        assert len(chance_items()) == 5


class TestMixedIn:
    def test_emails_that_the_machine_did_not_pass_are_among_them(
        self, clock: Any, reviewer: User
    ) -> None:
        hot = [factories.held_email() for _ in range(4)]
        for one in hot:
            decisions.approve(one, one.version, Decider(reviewer, "desk"))
        approved(5)
        next_morning(clock)
        others = RereadingItem.objects.filter(machine=False)
        machine = RereadingItem.objects.filter(machine=True, fault="").count()
        assert others.count() == min(4, -(-machine // 2)) > 0
        assert {item.message_id for item in others} <= {one.pk for one in hot}
        assert all(item.draw is None for item in others)

    def test_a_share_are_tests_that_are_no_emails(self, clock: Any, settings: Any) -> None:
        settings.REREADING_ONE_IN = 2
        emails = approved(20)
        messages = Message.objects.count()
        next_morning(clock)
        tests = RereadingItem.objects.exclude(fault="")
        others = RereadingItem.objects.filter(fault="").count()
        assert others // 10 <= tests.count() <= others // 10 + 1 and tests.count() > 0
        assert all(item.draw is None for item in tests)
        assert Message.objects.count() == messages
        assert {item.message_id for item in tests} <= {one.pk for one in emails}

    def test_kinds_stand_in_no_order(
        self, clock: Any, reviewer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(drawing.secrets, "token_hex", lambda size: f"seed of {size}")
        for _ in range(10):
            one = factories.held_email()
            decisions.approve(one, one.version, Decider(reviewer, "desk"))
        approved(20)
        next_morning(clock)
        rows = RereadingItem.objects.order_by("order", "pk")
        kinds = list(rows.values_list("machine", flat=True))
        assert kinds not in (sorted(kinds), sorted(kinds, reverse=True))
