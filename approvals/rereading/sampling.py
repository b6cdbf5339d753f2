"""How many automatic approvals of a day are re-read, and which. Pure: the seed is an argument."""

import calendar
import random
from collections.abc import Iterable
from datetime import date

LEAST_A_MONTH = 30
OTHERS_PER_MACHINE = 2  # for so many emails of the machine's, one that it did not pass
TESTS_ONE_IN = 10  # for so many emails, one with a fault put into it


def count_by_chance(approved: int, drawn_in_month: int, day: date, one_in: int) -> int:
    """How many of `approved` emails are drawn: 1 in `one_in`, and what the month is short of.

    What is short is spread over the days that are left of the month.
    """
    short = max(0, LEAST_A_MONTH - drawn_in_month)
    days_left = calendar.monthrange(day.year, day.month)[1] - day.day + 1
    return min(approved, max(-(-approved // one_in), -(-short // days_left)))


def is_last_of_month(day: date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


def draw(candidates: Iterable[int], count: int, chance: random.Random) -> list[int]:
    """`count` of the candidates, each as likely as any other; all where there are fewer."""
    ordered = sorted(set(candidates))
    return chance.sample(ordered, min(count, len(ordered)))


def count_others(of_machine: int) -> int:
    return -(-of_machine // OTHERS_PER_MACHINE)


def count_tests(items: int, chance: random.Random) -> int:
    whole, rest = divmod(items, TESTS_ONE_IN)
    return whole + (chance.random() < rest / TESTS_ONE_IN)
