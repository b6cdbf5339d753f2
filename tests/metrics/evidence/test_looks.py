"""What a look counts, and that the strongest one is found."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.evidence.evidence import INTO_ASSISTED, WeekCount, evidence
from metrics.evidence.looks import Cohort, Look, all_looks, monday_of, strongest_look

MONDAY = date(2026, 3, 2)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def looks(cohorts: list[Cohort], last: int) -> dict[date, Look]:
    return {look.day: look for look in all_looks(cohorts, INTO_ASSISTED, day(last))}


def test_whom_an_email_reached_is_counted_after_three_days() -> None:
    found = looks([Cohort(day(0), None, 25)], 2)
    assert found == {day(2): Look(day(2), (), 1.0)}
    assert looks([Cohort(day(0), None, 25)], 3)[day(3)].weeks == ((MONDAY, WeekCount(0, 25)),)


@pytest.mark.parametrize(("answered", "counts_on"), [(0, 3), (3, 3), (9, 9)])
def test_an_answer_counts_once_its_person_does(answered: int, counts_on: int) -> None:
    found = looks([Cohort(day(0), day(answered), 1)], 20)
    before = [look for look in found.values() if look.day < day(counts_on)]
    assert all(look.weeks == ((MONDAY, WeekCount(0, 1)),) for look in before)
    assert found[day(counts_on)].weeks == ((MONDAY, WeekCount(1, 1)),)


def test_weeks_run_from_monday_to_sunday_by_the_first_email() -> None:
    assert [monday_of(day(n)) for n in (0, 6, 7)] == [MONDAY, MONDAY, day(7)]
    found = looks([Cohort(day(6), day(8), 2), Cohort(day(7), None, 3)], 30)
    assert found[day(30)].weeks == ((MONDAY, WeekCount(2, 2)), (day(7), WeekCount(0, 3)))


def test_the_strongest_is_not_forgotten_in_worse_weeks() -> None:
    good = [Cohort(day(n), day(n + 1), 5) for n in range(5)]
    good += [Cohort(day(n), None, 20) for n in range(5)]
    bad = [Cohort(day(n), None, 25) for n in range(7, 40) if n % 7 < 5]
    found = list(looks([*good, *bad], 60).values())
    assert strongest_look(found).day == day(7)  # Friday's people, three days later
    assert strongest_look(found).evidence > 20 > found[-1].evidence


cohorts = st.lists(
    st.builds(
        lambda emailed, later, people: Cohort(
            day(emailed), None if later is None else day(emailed + later), people
        ),
        st.integers(0, 40),
        st.none() | st.integers(0, 30),
        st.integers(1, 30),
    ),
    max_size=25,
)


@given(cohorts, st.integers(0, 80))
def test_each_look_is_the_evidence_of_its_own_weeks(found: list[Cohort], last: int) -> None:
    made = list(all_looks(found, INTO_ASSISTED, day(last)))
    assert made[-1].day == day(last)
    for look in made:
        assert look.evidence == pytest.approx(evidence([w for _, w in look.weeks], INTO_ASSISTED))
        ripe = [one for one in found if one.emailed + timedelta(days=3) <= look.day]
        assert sum(week.people for _, week in look.weeks) == sum(one.people for one in ripe)
        assert sum(week.answered for _, week in look.weeks) == sum(
            one.people for one in ripe if one.answered and one.answered <= look.day
        )


@given(cohorts, st.integers(0, 60), st.integers(1, 20))
def test_a_later_look_never_takes_the_strongest_away(
    found: list[Cohort], last: int, later: int
) -> None:
    """More evidence never turns what was reached into what was not."""
    strongest, then = (
        max(1.0, strongest_look(all_looks(found, INTO_ASSISTED, day(number))).evidence)
        for number in (last, last + later)
    )
    assert then >= strongest
