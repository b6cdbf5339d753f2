"""One new visitor of a new company: no sweep asks anything twice, nor more than it needs.

The tables are warm: a visitor came before. In these tests a transaction is a savepoint in the
test's own, so that the outer savepoint of each is not counted.
"""

import re
from collections import Counter

import pytest
from django.db import connection

from leads.enrichment import clay_push
from leads.inbound import events
from leads.models import Assessment, Lead
from leads.scoring import assess
from tests import factories
from tests.fakes import rb2b
from tests.statements import Statements, shape_of

pytestmark = pytest.mark.django_db

SWEEPS = {"process": events.process_due, "push": clay_push.push_due, "assess": assess.assess_due}
AT_MOST = {"process": 13, "push": 5, "assess": 13}
AT_MOST_IN_BATCH = {"process": 10.2, "push": 4.1, "assess": 5.5}  # for each of BATCH
BATCH = 20

# What the sweeps of one visit may ask once each, and why. Anything else is asked once in all.
ONCE_A_SWEEP = (
    # each sweep begins with the team as it is
    r'SELECT .* FROM "leads_teammember" WHERE "leads_teammember"\."active" ORDER',
    r'SELECT .* FROM "leads_ownerrule"',
    # each locks the lead, and reads it under its lock
    r'SELECT .* FROM "leads_lead" LEFT OUTER JOIN "leads_company" .*"leads_lead"\."id" = %s\)',
)


@pytest.fixture(autouse=True)
def warm_tables() -> None:
    factories.TeamMemberFactory(default_sender=True)
    come_and_be_assessed(1)


def come_and_be_assessed(visitors: int) -> dict[str, list[str]]:
    """New people at new companies; returns what each sweep said."""
    for _ in range(visitors):
        events.store_event("rb2b", rb2b.to_body(rb2b.person()))
    said = {}
    for name, sweep in SWEEPS.items():
        statements = Statements()
        with connection.execute_wrapper(statements):
            assert sweep() == visitors
        said[name] = statements.shapes
    return said


def test_one_visit_takes_few_statements() -> None:
    said = come_and_be_assessed(1)
    assert Assessment.objects.count() == Lead.objects.exclude(draft_due_at=None).count() == 2
    too_many = {name: found for name, found in said.items() if len(found) > AT_MOST[name]}
    assert not too_many, "\n".join(f"{name}: {one}" for name in too_many for one in said[name])


def test_nothing_is_asked_twice_about_one_visit() -> None:
    said = come_and_be_assessed(1)
    for name, found in said.items():
        twice = [one for one, times in Counter(found).items() if times > 1]
        assert not twice, f"{name}: {twice}"
    in_all = Counter(one for found in said.values() for one in found)
    again = [
        one
        for one, times in in_all.items()
        if times > 1 and not any(re.match(allowed, one) for allowed in ONCE_A_SWEEP)
    ]
    assert not again, "\n".join(again)


def test_each_visit_of_a_batch_takes_fewer() -> None:
    said = come_and_be_assessed(BATCH)
    found = {name: len(statements) / BATCH for name, statements in said.items()}
    assert all(found[name] <= most for name, most in AT_MOST_IN_BATCH.items()), found


def test_count_of_statements_sees_each_and_inner_savepoints() -> None:
    statements = Statements()
    with connection.execute_wrapper(statements), connection.cursor() as cursor:
        for sql in (
            'SAVEPOINT "s1"', 'SAVEPOINT "s2"', "SELECT 1", 'RELEASE SAVEPOINT "s2"',
            'RELEASE SAVEPOINT "s1"',
        ):  # fmt: skip
            cursor.execute(sql)
    assert statements.shapes == ["SAVEPOINT", "SELECT 1", "RELEASE SAVEPOINT"]
    assert shape_of("x IN (%s, %s, %s)") == shape_of("x IN (%s)")
