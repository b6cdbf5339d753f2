"""What is compiled once asks and answers as the query that it was made from."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from approvals.escalation import escalation, held_notices
from approvals.queue import review_queue, what_waits
from caio_project.lib.db import kept_queries
from caio_project.lib.db.kept_queries import kept_query
from caio_project.operations import sweeps
from leads.models import Kind, Lead
from leads.suppression import suppression
from outreach.contact_history import recipients
from outreach.control import phase
from outreach.guardrails import guardrail_counts
from outreach.limits import current_limits, send_order
from outreach.review import merged_leads
from tests import factories

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY_AGO = NOW - timedelta(days=1)
STEP = {"number": 1, "unopened_since": DAY_AGO, "opened_since": NOW, "now": NOW}
FREE = {"now": NOW, "full": ["acme.test", "other.test"]}
KEPT: list[tuple[Any, dict[str, Any]]] = [
    (recipients._rows_with_answers, {"lead": 7}),
    (sweeps._all_heartbeats, {}),
    (merged_leads._astray, {}),
    (review_queue._counts_of_kinds, {}),
    (what_waits._blocked_codes, {}),
    (escalation._untold_replies, {"since": DAY_AGO}),
    (held_notices._due_at_step, {**STEP, "band": "hot", "critical_reason": ""}),
    (held_notices._due_at_step, {**STEP, "band": "low", "critical_reason": None}),
    (held_notices._due_at_step, {**STEP, "band": None, "critical_reason": None}),
    (
        held_notices._due_at_step,
        {**STEP, "band": "hot", "critical_reason": "", "opened_since": None},
    ),
    (recipients._emails_with_fate, {"leads": [7, 8], "address": "jane@acme.test"}),
    (recipients._emails_with_fate, {"leads": [7], "address": None}),
    (
        recipients._pks_of_colleagues,
        {
            "company": 5,
            "kind": Kind.LIVE,
            "but": [7],
            "sent_after": DAY_AGO,
            "queued_since": DAY_AGO,
        },
    ),
    (
        suppression._rows_of_values,
        {"now": NOW, "address": ["jane@acme.test"], "domain": ["acme.test", "test"]},
    ),
    (suppression._rows_of_values, {"now": NOW}),
    (phase._control_rows, {}),
    (current_limits._control_query, {"day": date(2026, 3, 3), "domain": "mail.ours.test"}),
    (current_limits._claims_since, {"since": DAY_AGO}),
    (guardrail_counts._events_since, {"at": DAY_AGO, "noted_at": DAY_AGO}),
    (guardrail_counts._moves_since, {"at": DAY_AGO}),
    (guardrail_counts._newest_of, {"domain": "mail.ours.test"}),
    (send_order._heads_of_places, {"places": [1, 2], **FREE}),
    (send_order._first_of_heads, {"heads": [3], **FREE}),
    (send_order._first_of_heads, {"heads": [], "now": NOW, "full": []}),
    (send_order._where_overtaking, {"message": 3, "rank": 2, "places": [1], **FREE}),
    (send_order._where_overtaking, {"message": 3, "rank": 2, "places": [], **FREE}),
]


class Asked:
    """The statements that are made, with their values."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, tuple[str, ...]]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements.append((sql, tuple(map(str, params or ()))))
        return execute(sql, params, many, context)


@pytest.mark.parametrize(("query", "values"), KEPT)
def test_statement_and_values_are_those_of_the_query(query: Any, values: dict[str, Any]) -> None:
    plain, kept = Asked(), Asked()
    with connection.execute_wrapper(plain):
        list(query.__wrapped__(**values))
    for _ in range(2):  # compiled, and as it was compiled
        with connection.execute_wrapper(kept):
            query(**values)
    assert kept.statements == plain.statements * 2


def test_every_kept_query_is_compared() -> None:
    root = Path(kept_queries.__file__).parents[3]
    found = {
        name
        for package in ("leads", "outreach", "approvals", "metrics", "caio_project")
        for file in (root / package).rglob("*.py")
        for name in re.findall(r"^@kept_query\ndef (\w+)", file.read_text(), re.MULTILINE)
    }
    assert found == {query.__name__ for query, _ in KEPT}


@kept_query
def _leads_of(leads: list[int], since: datetime, kind: str | None) -> QuerySet[Lead]:
    rows = Lead.objects.select_related("company").filter(pk__in=leads, first_seen_at__gt=since)
    return rows.filter(Q(kind=kind)).order_by("pk")


def test_rows_are_those_of_the_values_that_are_given() -> None:
    first, second = factories.LeadFactory(), factories.LeadFactory()
    asked: dict[str, Any] = {"since": DAY_AGO - timedelta(days=3650), "kind": "live"}
    (found,) = _leads_of(leads=[first.pk], **asked)
    assert found == first
    assert found.company == first.company
    assert _leads_of(leads=[second.pk], **asked) == [second]
    assert _leads_of(leads=[first.pk, second.pk, -1], **asked) == [first, second]
    assert _leads_of(leads=[], **asked) == []
    assert _leads_of(leads=[first.pk], **{**asked, "kind": "test"}) == []
    assert _leads_of(leads=[first.pk], **{**asked, "kind": None}) == []
    late = timezone.now() + timedelta(days=1)
    assert _leads_of(leads=[first.pk], **{**asked, "since": late}) == []


def test_a_list_of_any_length_takes_few_statements() -> None:
    said = Asked()
    with connection.execute_wrapper(said):
        for length in range(1, 17):
            _leads_of(leads=list(range(length)), since=DAY_AGO, kind="live")
    assert len({sql for sql, _ in said.statements}) == 5  # for 1, 2, 4, 8 and 16


def test_what_it_was_compiled_to_is_not_changed_by_asking() -> None:
    lead = factories.LeadFactory()
    kept = kept_queries.KeptQuery(Lead.objects.filter(pk=kept_queries.Placeholder("lead")))
    assert kept.rows({"lead": lead.pk}) == [lead]
    before = {name: vars(one[0]).copy() for name, one in kept._compiled.items()}
    assert kept.rows({"lead": -1}) == []
    assert {name: vars(one[0]) for name, one in kept._compiled.items()} == before


def test_related_rows_by_further_queries_are_refused() -> None:
    with pytest.raises(AssertionError, match="related rows"):
        kept_queries.KeptQuery(Lead.objects.prefetch_related("visits"))


def test_compiling_leaves_the_query_as_it_was() -> None:
    """Another thread may be compiling it at the same time."""
    rows = Lead.objects.select_related("company").filter(pk=kept_queries.Placeholder("lead"))
    kept = kept_queries.KeptQuery(rows)
    before = (dict(rows.query.alias_map), dict(rows.query.alias_refcount))
    kept.rows({"lead": 1})
    assert (dict(rows.query.alias_map), dict(rows.query.alias_refcount)) == before
