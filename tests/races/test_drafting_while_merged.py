"""Drafting, a merge and its emails lock in one order and do not deadlock."""

import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections, transaction

from leads.identity import merging
from leads.models import Lead
from outreach.drafting import open_drafts
from outreach.models import Message
from outreach.review import merged_leads
from tests import factories

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sender"),
]


class Work(Thread):
    """What one process does, on a connection of its own; `error` is what it raised."""

    def __init__(self, work: Callable[[], Any]):
        super().__init__()
        self.work, self.error = work, None
        self.start()

    def run(self) -> None:
        try:
            self.work()
        except Exception as error:
            self.error = error
        finally:
            connections.close_all()

    def until_it_waits(self, for_: str) -> None:
        """Until it waits for a lock in a statement that has these words, or has ended."""
        give_up = time.monotonic() + 60
        while self.is_alive() and not is_waited_for(for_):
            assert time.monotonic() < give_up, for_
            time.sleep(0.01)


def is_waited_for(words: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_clear_snapshot()"
        )  # else a transaction sees its first look for ever
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
            "wait_event_type = 'Lock' AND query LIKE %s",
            [f"%{words}%"],
        )
        return cursor.fetchone()[0] > 0


def hold(table: Any, pk: Any) -> None:
    """Another process has this row, until the transaction ends."""
    list(table.objects.select_for_update().filter(pk=pk).values_list("pk"))


def test_neither_of_them_is_thrown_back() -> None:
    stays, goes, last = (
        factories.LeadFactory(),
        factories.held_email().lead,
        factories.held_email().lead,
    )
    for lead in (stays, goes, last):
        factories.VisitFactory(lead=lead)
        factories.AssessmentFactory(lead=lead)
    with transaction.atomic():
        hold(Message, last.messages.get().pk)
        reading = Work(open_drafts.open_new_drafts)
        reading.until_it_waits(
            'UPDATE "outreach_message"'
        )  # an email to the first is opened, the second's changed
        merge = Work(lambda: merging.merge_leads(stays, goes, source="person"))
        merge.until_it_waits('"leads_lead"')
        following = Work(merged_leads.follow_merges)
        following.until_it_waits('"outreach_message"."lead_id"')
    for work in (reading, merge, following):
        work.join(60)
    assert [work.error for work in (reading, merge, following)] == [None, None, None]
    merged_leads.follow_merges()
    assert list(Lead.objects.order_by("pk")) == [stays, last]
    assert Message.objects.filter(lead=stays).exclude(status="withdrawn").count() == 1
