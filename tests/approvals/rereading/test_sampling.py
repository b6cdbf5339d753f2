"""How many emails are drawn and which: at least 30 a month or all, and the same from one seed."""

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.rereading import faults, sampling
from approvals.rereading.faults import Fault, Recipient, ShownText

JUNE = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("approved", "before", "day", "one_in", "drawn"),
    [
        (0, 0, JUNE, 5, 0),
        (100, 0, JUNE, 5, 20),
        (101, 0, JUNE, 5, 21),
        (3, 0, JUNE, 5, 1),  # 30 are short in 30 days
        (50, 10, date(2026, 6, 30), 5, 20),  # all that the month is short of
        (5, 10, date(2026, 6, 30), 5, 5),
        (50, 30, date(2026, 6, 30), 5, 10),
        (7, 90, JUNE, 1, 7),
        (40, 90, JUNE, 20, 2),
    ],
)
def test_a_day_draws_its_share_and_what_the_month_lacks(
    approved: int, before: int, day: date, one_in: int, drawn: int
) -> None:
    assert sampling.count_by_chance(approved, before, day, one_in) == drawn


@given(days=st.lists(st.integers(0, 40), min_size=30, max_size=30), one_in=st.integers(1, 20))
def test_a_month_draws_thirty_or_all(days: list[int], one_in: int) -> None:
    """With what the last day draws of the rest of the month."""
    drawn = rest = 0
    for number, approved in enumerate(days):
        day = JUNE + timedelta(days=number)
        count = sampling.count_by_chance(approved, drawn, day, one_in)
        assert count * one_in >= approved and count <= approved
        drawn, rest = drawn + count, rest + approved - count
    drawn += min(max(0, sampling.LEAST_A_MONTH - drawn), rest)
    assert drawn >= min(30, sum(days))


@given(st.sets(st.integers(1, 1000)), st.integers(0, 50), st.integers())
def test_one_seed_draws_the_same(pks: set[int], count: int, seed: int) -> None:
    first = sampling.draw(pks, count, random.Random(seed))
    assert first == sampling.draw(sorted(pks, reverse=True), count, random.Random(seed))
    assert len(set(first)) == len(first) == min(count, len(pks)) and set(first) <= pks


@pytest.mark.parametrize(
    ("day", "is_last"),
    [(date(2026, 6, 29), False), (date(2026, 6, 30), True), (date(2028, 2, 28), False)],
)
def test_the_last_day_of_a_month_is_known(day: date, is_last: bool) -> None:
    assert sampling.is_last_of_month(day) is is_last


def test_others_are_half_as_many_rounded_up() -> None:
    assert [sampling.count_others(number) for number in (0, 1, 2, 3, 10)] == [0, 1, 1, 2, 5]


def test_one_of_ten_has_a_fault_put_into_it() -> None:
    chance = random.Random(3)
    assert [sampling.count_tests(items, chance) for items in (0, 10, 30)] == [0, 1, 3]
    found = [sampling.count_tests(4, chance) for _ in range(1_000)]
    assert set(found) == {0, 1} and 320 <= sum(found) <= 480  # 400, five deviations


def test_each_is_as_likely_as_any_other() -> None:
    chance, counts = random.Random(7), dict.fromkeys(range(10), 0)
    for _ in range(5_000):
        for pk in sampling.draw(range(10), 2, chance):
            counts[pk] += 1
    assert all(850 <= count <= 1_150 for count in counts.values())  # 1000 each, five deviations


TEXT = ShownText(
    "Routing at Northline",
    "Hi Dana,\n\nNorthline moves a lot, Dana. Danach not.",
    "Alex Moreno\n\n1 Example Street\nUnsubscribe: https://x",
    ({"text": "Northline", "field": "company", "source": "RB2B"},),
)
DANA = Recipient("Dana", "Northline")


@pytest.mark.parametrize(
    ("fault", "body", "subject"),
    [
        (Fault.WRONG_NAME, "Hi Jordan,\n\nNorthline moves a lot, Jordan. Danach not.", None),
        (
            Fault.WRONG_COMPANY,
            "Hi Dana,\n\nHalden Labs moves a lot, Dana. Danach not.",
            "Routing at Halden Labs",
        ),
        (
            Fault.PLACEHOLDER,
            "Hi {{first_name}},\n\nNorthline moves a lot, {{first_name}}. Danach not.",
            None,
        ),
        (Fault.INVENTED_FACT, f"Hi Dana,\n\n{faults.INVENTED[0]} Northline moves a lot", None),
        (Fault.NO_FOOTER, TEXT.body, None),
    ],
)
def test_a_fault_changes_the_text(fault: Fault, body: str, subject: str | None) -> None:
    changed = faults.put_fault(fault, TEXT, DANA, 0)
    assert changed != TEXT and changed.body.startswith(body)
    assert changed.subject == (subject or TEXT.subject)
    assert (changed.footer == "Alex Moreno") is (fault == Fault.NO_FOOTER)


def test_only_fitting_faults_are_offered() -> None:
    bare = ShownText("Hello", "One paragraph.", "Alex")
    assert faults.fitting_faults(bare, Recipient("", "")) == []
    assert set(faults.fitting_faults(TEXT, DANA)) == set(Fault)
