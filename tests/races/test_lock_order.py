"""Work on several leads locks them first and in one order, so that it cannot deadlock."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.identity import merge_undo, merging
from leads.models import Lead
from leads.scoring import assess
from outreach.drafting import open_drafts
from tests import factories

pytestmark = [pytest.mark.postgres, pytest.mark.django_db, pytest.mark.usefixtures("sender")]
WRITES = ("UPDATE", "INSERT")


@pytest.fixture
def sender(db: None) -> Any:
    return factories.TeamMemberFactory(default_sender=True)


def said(work: Callable[[], Any], *tables: str) -> list[str]:
    """The statements of `work` that lock people, or write to one of `tables`, in their order."""
    with CaptureQueriesContext(connection) as found:
        work()
    statements = [query["sql"] for query in found]
    locking = [sql for sql in statements if "FOR UPDATE" in sql and '"leads_lead"' in sql]
    writing = [
        sql
        for sql in statements
        if sql.startswith(WRITES) and any(f'"{name}"' in sql for name in tables)
    ]
    return [sql for sql in statements if sql in locking + writing]


@pytest.mark.parametrize("work", [assess.mark_recently_seen, assess.cool_down])
def test_leads_made_due_together_are_locked_in_order(work: Callable[[], int]) -> None:
    ago = timedelta(days=35) if work is assess.cool_down else timedelta()
    leads = [factories.LeadFactory(last_seen_at=timezone.now() - ago, score=40) for _ in range(3)]
    statements = said(work, "leads_lead")
    assert [sql.split(" ", 1)[0] for sql in statements] == ["SELECT", "UPDATE"], statements
    assert statements[0].endswith("ORDER BY 1 ASC FOR UPDATE")
    assert Lead.objects.exclude(needs_assessment_at=None).count() == len(leads)


def test_what_was_merged_before_follows_in_order() -> None:
    """A merge and its undo move the rows that stand for the loser: locked first, by number."""
    survivor, loser, *parts = [factories.LeadFactory() for _ in range(4)]
    for part in parts:
        merging.merge_leads(loser, part, source="person")
    merge: list[Any] = []
    work = (
        lambda: merge.append(merging.merge_leads(survivor, loser, source="person")),
        lambda: merge_undo.undo_merge(merge[0], by=None, reason="two people"),
    )
    for one, into in zip(work, (survivor, loser), strict=True):
        statements = said(one, "leads_lead")
        begins = f'UPDATE "leads_lead" SET "merged_into_id" = {into.pk} '
        moving = [n for n, sql in enumerate(statements) if sql.startswith(begins)]
        assert statements[moving[0] - 1].endswith("ORDER BY 1 ASC FOR UPDATE"), statements
        assert {*Lead.rows.filter(merged_into=into)} >= {*parts}


def test_leads_are_locked_before_their_emails() -> None:
    new, known = factories.VisitFactory().lead, factories.held_email().lead
    for lead in (new, known):
        factories.AssessmentFactory(lead=lead)
    statements = said(open_drafts.open_new_drafts, "outreach_message")
    kinds = " ".join(_kind(sql) for sql in statements)
    opened = 'lock INSERT INTO "outreach_message" UPDATE "outreach_message"'
    rewritten = 'lock UPDATE "outreach_message"'
    # each in a transaction of its own, in any order
    assert kinds in (f"{opened} {rewritten}", f"{rewritten} {opened}"), kinds
    assert new.messages.count() == known.messages.count() == 1


def test_merged_row_is_never_locked_before_its_survivor() -> None:
    survivor, merged = factories.VisitFactory().lead, factories.LeadFactory()
    factories.AssessmentFactory(lead=merged)
    Lead.rows.filter(pk=merged.pk).update(merged_into=survivor)
    locking = [sql for sql in said(open_drafts.open_new_drafts) if "FOR UPDATE" in sql]
    both = [sql for sql in locking if '"merged_into_id" IS NULL' not in sql]
    assert len(both) == 1 and both[0].endswith('ORDER BY "leads_lead"."id" ASC FOR UPDATE'), locking
    assert _listed_pks(both[0]) == {survivor.pk, merged.pk}
    assert not Lead.rows.filter(draft_due_at__isnull=False).exists()
    assert (survivor.messages.count(), merged.messages.count()) == (
        0,
        0,
    )  # the survivor has no score here


def _listed_pks(sql: str) -> set[int]:
    """The numbers after IN, which stand in any order."""
    listed = re.search(r"IN \(([\d, ]+)\)", sql)
    return set(map(int, listed[1].split(", "))) if listed else set()


def _kind(sql: str) -> str:
    if "FOR UPDATE" in sql:
        return "lock"
    words = sql.split(" ")
    return " ".join(words[: 3 if words[0] == "INSERT" else 2])
