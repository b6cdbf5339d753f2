"""Which tests begin, and which .ci/run runs on PostgreSQL alone."""

from collections import Counter
from collections.abc import Callable

import pytest

# Beginnings of names. The first worker begins with those that wait for most of their time, the
# second with those that compute: one that starts last would leave the other workers idle.
WAITING = (
    "tests/races/test_chaos.py",
    "tests/races/test_limits_under_load.py::test_two_processes",
    "tests/races/test_halt.py::test_a_halt_stops",
    "tests/outreach/sending/test_send_uncertain.py::test_missing_answer",
    "tests/approvals/escalation/test_escalation.py::test_a_slack_that_hangs",
    "tests/caio_project/lib/web/test_worker.py",
)
COMPUTING = (
    "tests/pages/test_axe_in_browser.py",
    "tests/journeys/test_worker_on_redis.py",
    "tests/leads/inbound/test_hanging_database.py",
    "tests/permissions/test_shown_tokens.py::test_no_page",
    "tests/leads/identity/test_merging.py::WhicheverOrder",
    "tests/leads/identity/test_any_order.py::AnyOrder",
    "tests/races/test_clay_four_workers.py",
    "tests/permissions/test_admin_and_commands.py::TestAdmin",
    "tests/leads/ownership/test_owner_merges.py::test_the_strongest_origin",
)

# What a page shows and whom it refuses is asked of each database by every other test as well; these
# many cost a third of the run on SQLite, and .ci/run leaves them to PostgreSQL.
PAGES_AND_ROLES = (
    "tests/permissions/",
    "tests/approvals/",
    "tests/caio_project/event_vault/",
    "tests/caio_project/lead_pages/",
    "tests/caio_project/team_access/",
    "tests/caio_project/test_admin",
    "tests/caio_project/weekly_pages/",
    "tests/metrics/overview/",
    "tests/metrics/promotion/",
)


CASES_ON_EACH_DATABASE = 1  # of a test with many cases; PostgreSQL has all of them


class LeftToPostgres:
    """Which tests .ci/run leaves out on SQLite, because the run on PostgreSQL follows."""

    def __init__(self, uses_services: Callable[[pytest.Item], bool]):
        self.uses_services = uses_services
        self.seen: Counter[str] = Counter()

    def is_wanted(self, item: pytest.Item) -> bool:
        if item.get_closest_marker("postgres_is_enough"):
            return False
        if not self.uses_services(item):
            return True
        test = item.nodeid.partition("[")[0]
        self.seen[test] += 1
        is_many = self.seen[test] > CASES_ON_EACH_DATABASE
        return not is_many and not item.nodeid.startswith(PAGES_AND_ROLES)


def start_with_the_longest(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """With --dist worksteal each worker begins with an equal part of the list."""
    waiting = _named(items, WAITING)
    computing = _named(items, COMPUTING)
    long = {*waiting, *computing}
    rest = [item for item in items if item not in long]
    second = max(len(items) // workers - len(waiting), 0)
    return [*waiting, *rest[:second], *computing, *rest[second:]]


def _named(items: list[pytest.Item], names: tuple[str, ...]) -> list[pytest.Item]:
    return [item for name in names for item in items if item.nodeid.startswith(name)]
