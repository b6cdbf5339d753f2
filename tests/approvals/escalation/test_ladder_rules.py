"""Who is told when: order, people who are away, delegates, windows, and every reason to skip."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.choices import Channel, Count, SkipReason, Who
from approvals.escalation.ladder_rules import (
    Away,
    Delegation,
    Ladder,
    LadderStep,
    People,
    Person,
    Sweep,
    find_stand_in,
    who_is_told,
)
from caio_project.lib.hours.business_calendar import BusinessCalendar, Span

NEW_YORK = ZoneInfo("America/New_York")
OFFICE = BusinessCalendar("America/New_York", ((Span(time(9), time(17)),),) * 5 + ((), ()), "US")
NEVER = BusinessCalendar("America/New_York", ((),) * 7)
EVENINGS = BusinessCalendar("America/New_York", ((Span(time(7), time(22)),),) * 7)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
HOT = Ladder(tuple(LadderStep(n * MINUTE) for n in (0, 30, 60, 120)))
ALEX, SAM, KIM = Person(1, "Alex", 1), Person(2, "Sam", 2), Person(3, "Kim", 3)
TEAM = People((ALEX, SAM, KIM))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


TUESDAY = at("2026-11-24 10:00")
ALL_YEAR = (at("2026-01-01 00:00"), at("2027-01-01 00:00"))


def away(person: Person, *span: datetime) -> Person:
    return replace(person, away=(Away(*(span or ALL_YEAR)),))


def delegating(person: Person, to: Person) -> Person:
    return replace(person, delegations=(Delegation(to.pk, *ALL_YEAR),))


def names(ladder: Ladder, people: People, held: datetime) -> list[str]:
    steps = who_is_told(ladder, OFFICE, people, held)
    return [one.person.name if one.person else str(one.skipped) for one in steps]


def times(ladder: Ladder, held: str, people: People = TEAM) -> list[str]:
    steps = who_is_told(ladder, OFFICE, people, at(held))
    return [f"{one.at.astimezone(NEW_YORK):%a %H:%M}" if one.at else "never" for one in steps]


# When


def test_each_is_told_in_order_and_then_the_first_again() -> None:
    assert names(HOT, TEAM, TUESDAY) == ["Alex", "Sam", "Kim", "Alex"]
    assert times(HOT, "2026-11-24 10:00") == ["Tue 10:00", "Tue 10:30", "Tue 11:00", "Tue 12:00"]


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ("2026-11-20 16:40", ["Fri 16:40", "Mon 09:10", "Mon 09:40", "Mon 10:40"]),
        ("2026-11-21 03:00", ["Mon 09:00", "Mon 09:30", "Mon 10:00", "Mon 11:00"]),
        ("2026-11-25 16:40", ["Wed 16:40", "Fri 09:10", "Fri 09:40", "Fri 10:40"]),
        ("2026-03-06 16:40", ["Fri 16:40", "Mon 09:10", "Mon 09:40", "Mon 10:40"]),
        ("2026-10-30 16:40", ["Fri 16:40", "Mon 09:10", "Mon 09:40", "Mon 10:40"]),
    ],
    ids=["weekend", "a night", "Thanksgiving", "clock forward", "clock back"],
)
def test_business_time_stands_still_when_nobody_works(held: str, told: list[str]) -> None:
    assert times(HOT, held) == told


def test_clock_time_reaches_the_next_person_on_a_friday_evening() -> None:
    ladder = Ladder((LadderStep(0 * MINUTE), LadderStep(120 * MINUTE, Count.CLOCK)))
    assert times(ladder, "2026-11-20 16:50") == ["Fri 16:50", "Fri 18:50"]
    assert names(ladder, TEAM, at("2026-11-20 16:50")) == ["Alex", "Sam"]


@pytest.mark.parametrize(
    ("held", "told"), [("2026-03-08 01:30", "Sun 04:30"), ("2026-11-01 00:30", "Sun 01:30")]
)
def test_two_hours_of_clock_time_are_two_hours_over_a_clock_change(held: str, told: str) -> None:
    assert times(Ladder((LadderStep(120 * MINUTE, Count.CLOCK),)), held) == [told]


def test_a_window_holds_a_step_of_clock_time_until_the_morning() -> None:
    step = LadderStep(60 * MINUTE, Count.CLOCK, window=EVENINGS)
    assert times(Ladder((step,)), "2026-11-21 22:30") == ["Sun 07:00"]
    assert times(Ladder((step,)), "2026-11-21 20:30") == ["Sat 21:30"]


def test_later_steps_wait_longer_once_it_was_opened() -> None:
    ladder = replace(HOT, opened_extra=15 * MINUTE)
    steps = who_is_told(ladder, OFFICE, TEAM, TUESDAY, is_opened=True)
    waited = [(one.at - TUESDAY) / MINUTE for one in steps if one.at]
    assert waited == [0, 45, 75, 135]


def test_a_step_is_never_before_the_one_above_it() -> None:
    ladder = Ladder((LadderStep(60 * MINUTE), LadderStep(10 * MINUTE, Count.CLOCK)))
    assert times(ladder, "2026-11-20 16:50") == ["Mon 09:50", "Mon 09:50"]


def test_without_working_hours_nobody_is_ever_told() -> None:
    (told,) = who_is_told(Ladder((LadderStep(MINUTE),)), NEVER, TEAM, TUESDAY)
    assert (told.at, told.person, told.skipped) == (None, None, SkipReason.NEVER_OPEN)


# Whom


def test_the_owner_and_a_named_person_are_told() -> None:
    ladder = Ladder(
        (
            LadderStep(0 * MINUTE, who=Who.OWNER, channel=Channel.EMAIL),
            LadderStep(MINUTE, who=Who.PERSON, person=2),
            LadderStep(2 * MINUTE),
        )
    )
    assert names(ladder, replace(TEAM, owner=3), TUESDAY) == ["Kim", "Sam", "Alex"]
    first = who_is_told(ladder, OFFICE, replace(TEAM, owner=3), TUESDAY)[0]
    assert (first.channel, first.number) == (Channel.EMAIL, 0)


@pytest.mark.parametrize(
    ("step", "people", "reason"),
    [
        (LadderStep(MINUTE, who=Who.OWNER), TEAM, SkipReason.NO_OWNER),
        (LadderStep(MINUTE, who=Who.OWNER), replace(TEAM, owner=9), SkipReason.GONE),
        (LadderStep(MINUTE, who=Who.PERSON, person=9), TEAM, SkipReason.GONE),
        (LadderStep(MINUTE), People(()), SkipReason.NOBODY),
        (LadderStep(MINUTE), People((replace(ALEX, order=0),)), SkipReason.NOBODY),
        (LadderStep(MINUTE), People((away(ALEX), away(SAM))), SkipReason.ALL_AWAY),
        (LadderStep(MINUTE, who=Who.PERSON, person=1), People((away(ALEX), SAM)), SkipReason.AWAY),
    ],
)
def test_a_step_that_nobody_can_serve_is_skipped(
    step: LadderStep, people: People, reason: SkipReason
) -> None:
    (told,) = who_is_told(Ladder((step,)), OFFICE, people, TUESDAY)
    assert (told.person, told.skipped) == (None, reason)


def test_after_a_skipped_step_the_next_one_is_due_at_once() -> None:
    ladder = Ladder(
        (LadderStep(0 * MINUTE, who=Who.OWNER), LadderStep(30 * MINUTE), LadderStep(60 * MINUTE))
    )
    assert times(ladder, "2026-11-24 10:00") == ["Tue 10:00", "Tue 10:00", "Tue 11:00"]
    assert names(ladder, TEAM, TUESDAY) == ["no_owner", "Alex", "Sam"]


def test_a_step_keeps_its_own_time_where_everybody_is_away_until_then() -> None:
    back = away(ALEX, TUESDAY - DAY, TUESDAY + 45 * MINUTE)
    assert names(HOT, People((back,)), TUESDAY) == ["all_away", "all_away", "Alex", "Alex"]
    told = times(HOT, "2026-11-24 10:00", People((back,)))
    assert told == ["Tue 10:00", "Tue 10:30", "Tue 11:00", "Tue 12:00"]


def test_who_is_away_is_passed_over_and_who_left_just_now_is_not() -> None:
    leaves = away(SAM, TUESDAY + 31 * MINUTE, TUESDAY + DAY)
    assert names(HOT, People((ALEX, leaves)), TUESDAY) == ["Alex", "Sam", "Alex", "Alex"]
    assert names(HOT, People((ALEX, away(SAM), KIM)), TUESDAY) == ["Alex", "Kim", "Alex", "Kim"]


# Delegates


def test_a_delegate_stands_in_and_both_are_named() -> None:
    first = who_is_told(HOT, OFFICE, People((delegating(ALEX, KIM), SAM, KIM)), TUESDAY)[0]
    assert first.person and first.instead_of
    assert (first.person.name, first.instead_of.name) == ("Kim", "Alex")


def test_nobody_is_told_twice_running_while_somebody_else_is_there() -> None:
    people = People((delegating(ALEX, SAM), SAM, KIM))
    assert names(HOT, people, TUESDAY) == ["Sam", "Kim", "Sam", "Kim"]


def test_a_delegate_who_is_away_passes_it_on_up_to_three() -> None:
    four = Person(4, "Lee")
    people = People(
        (delegating(away(ALEX), SAM), delegating(SAM, KIM), delegating(KIM, four), four)
    )
    assert find_stand_in(people, people.find(1), TUESDAY) == (four, people.find(1))


def test_more_than_three_delegates_are_too_many() -> None:
    chain = [Person(n, f"P{n}") for n in range(1, 6)]
    linked = [delegating(one, after) for one, after in zip(chain, chain[1:], strict=False)]
    people = People((*linked, chain[-1]))
    assert find_stand_in(people, people.find(1), TUESDAY) == SkipReason.LONG_CHAIN


def test_a_delegate_who_is_away_without_a_delegate_ends_the_step() -> None:
    people = People((delegating(ALEX, SAM), away(SAM)))
    assert find_stand_in(people, people.find(1), TUESDAY) == SkipReason.DELEGATES_AWAY


def test_a_delegate_who_left_ends_the_step() -> None:
    assert find_stand_in(People((delegating(ALEX, SAM),)), delegating(ALEX, SAM), TUESDAY) == (
        SkipReason.AWAY
    )


def test_a_circle_of_delegates_is_skipped_and_the_next_person_told() -> None:
    people = People((delegating(ALEX, SAM), delegating(SAM, ALEX), KIM))
    assert find_stand_in(people, people.find(1), TUESDAY) == SkipReason.CIRCLE
    assert names(HOT, people, TUESDAY) == ["Kim", "Kim", "Kim", "Kim"]


def test_of_two_delegates_at_once_the_later_range_holds() -> None:
    both = replace(
        ALEX, delegations=(Delegation(2, *ALL_YEAR), Delegation(3, TUESDAY - DAY, TUESDAY + DAY))
    )
    assert both.delegate_at(TUESDAY) == 3
    assert both.delegate_at(TUESDAY + 2 * DAY) == 2


# What holds for every ladder

moments = st.datetimes(datetime(2026, 2, 1), datetime(2026, 12, 1), timezones=st.just(UTC))
spans = st.tuples(moments, st.integers(1, 20_000)).map(lambda x: (x[0], x[0] + x[1] * MINUTE))
persons = st.builds(
    Person,
    pk=st.just(0),
    name=st.just("P"),
    order=st.integers(0, 3),
    away=st.lists(spans.map(lambda s: Away(*s)), max_size=2).map(tuple),
    delegations=st.lists(
        st.tuples(st.integers(1, 6), spans).map(lambda x: Delegation(x[0], *x[1])), max_size=2
    ).map(tuple),
)
teams = st.builds(
    People,
    st.lists(persons, max_size=5).map(
        lambda found: tuple(replace(one, pk=n) for n, one in enumerate(found, 1))
    ),
    st.none() | st.integers(1, 6),
)
steps = st.builds(
    LadderStep,
    after=st.integers(0, 3000).map(lambda n: n * MINUTE),
    counts=st.sampled_from(Count),
    who=st.sampled_from(Who),
    person=st.none() | st.integers(1, 6),
    window=st.none() | st.just(EVENINGS),
)
ladders = st.builds(
    Ladder, st.lists(steps, max_size=5).map(tuple), st.sampled_from([0 * MINUTE, 30 * MINUTE])
)


@given(ladders, teams, moments, st.booleans())
def test_times_never_decrease_and_who_is_told_is_there(
    ladder: Ladder, people: People, held: datetime, opened: bool
) -> None:
    told = who_is_told(ladder, OFFICE, people, held, is_opened=opened)
    assert [one.number for one in told] == list(range(len(ladder.steps)))
    before = held
    for one in told:
        assert one.at is not None and one.at >= before
        before = one.at
        assert (one.person is None) == (one.skipped is not None)
        if one.person:
            assert one.person.is_available(one.at) and one.person in people.members
            assert one.instead_of is None or not one.instead_of.is_available(one.at)
            assert one.instead_of != one.person


@given(ladders, teams, moments, moments)
def test_whom_a_sweep_tells_is_there_at_the_sweep(
    ladder: Ladder, people: People, held: datetime, now: datetime
) -> None:
    for one in who_is_told(ladder, OFFICE, people, held, sweep=Sweep(now)):
        if one.person:
            assert one.at is not None and one.person.is_available(max(one.at, now))


@given(ladders, teams, moments)
def test_a_step_never_rings_outside_of_its_window(
    ladder: Ladder, people: People, held: datetime
) -> None:
    for step, one in zip(ladder.steps, who_is_told(ladder, OFFICE, people, held), strict=True):
        if step.window and one.at:
            assert step.window.is_open(one.at)


@given(ladders, moments)
def test_a_team_that_is_there_is_told_at_each_steps_own_time(
    ladder: Ladder, held: datetime
) -> None:
    everybody = Ladder(tuple(replace(step, who=Who.NEXT) for step in ladder.steps))
    told = who_is_told(everybody, OFFICE, TEAM, held)
    assert all(one.person for one in told)
    assert not any(a.person == b.person for a, b in zip(told, told[1:], strict=False))
