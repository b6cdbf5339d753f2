"""What a visit costs does not grow with the visits there are; `make bench` measures it, this looks
at the plans.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from bench import cost
from tests.fakes.clay import FakeClay

MOST = 100  # rows that one statement looks at, of thousands


def looked_at(plan: dict[str, Any]) -> Iterator[int]:
    """Rows found and passed over, of every step of a plan that was carried out."""
    passed = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    yield round((plan["Actual Rows"] + passed) * plan["Actual Loops"])
    for part in plan.get("Plans", []):
        yield from looked_at(part)


@pytest.mark.postgres
@pytest.mark.django_db
def test_statements_read_only_their_own_rows(clay: FakeClay) -> None:
    said: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, *more: Any) -> Any:
        said.append((sql, params))
        return execute(sql, params, *more)

    with connection.cursor() as cursor:
        cost.load_visits(cursor, 20_000)
        cursor.execute("ANALYZE")
        cost.run_round(clay, cost.round_visits(20_000))
        with connection.execute_wrapper(listen):
            cost.run_round(clay, cost.round_visits(20_000))
        reading = [(sql, params) for sql, params in said if sql.startswith(("SELECT", "UPDATE"))]
        assert len(reading) > 50
        for sql, params in reading:
            with transaction.atomic():
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
                [(found,)] = cursor.fetchall()
                transaction.set_rollback(True)
            plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
            assert max(looked_at(plan)) < MOST, f"{sql}\n{json.dumps(plan, indent=1)}"
