"""The order in which rows are locked, so that no two transactions wait for each other.

Leads come first, by pk; then their companies; then what points to either: visits, requests to Clay,
stops, emails. Whoever writes a row that points to a lead locks the lead before it, because the
database does so itself at commit, and by then another transaction may wait for that row.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet

from leads.models import Lead

T = TypeVar("T")
MOST_TRIES = 50  # of work that others come in between of; fewer workers than that wait for a lead


class LeadsChanged(Exception):
    """A merge, an undo, a new lead or a new company came in between."""


def lock_leads(*pks: int) -> list[Lead]:
    """The leads that these rows stand for, each once, in the order given; locked by pk."""
    return retry_until_unchanged(lambda: lock_leads_once(*pks))


def lock_lead(pk: int) -> Lead:
    """The lead that row `pk` stands for, locked; with its company, in one statement, where the row
    is not merged and nobody else has it.

    That statement never waits. After waiting, its row could be merged and hold up whoever has the
    survivor, and its company would be the one from before. So all else goes by `lock_leads`.
    """
    lead = free_leads().filter(pk=pk).first()
    if lead is not None and _has_its_company(lead):
        return lead
    return lock_leads(pk)[0]


def free_leads() -> QuerySet[Lead]:
    """Leads that are not merged and that nobody else has locked, with their companies; whoever
    reads them locks them. Never waits.
    """
    free = Lead.objects.select_for_update(of=("self",), skip_locked=True)
    return free.select_related("company")


def _has_its_company(lead: Lead) -> bool:
    """False where the lead got another company between the read and the lock of one statement."""
    return lead.company_id == (lead.company.pk if lead.company else None)


def lock_rows(pks: Iterable[int]) -> None:
    """For changing many leads at once: an UPDATE locks rows in any order."""
    list(Lead.rows.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk"))


def retry_until_unchanged(work: Callable[[], T]) -> T:
    """Repeat `work` while it raises LeadsChanged; going back to the start of its transaction, or to
    a savepoint where another is open, releases the locks.

    Raises LeadsChanged after MOST_TRIES: then it is a fault that every try meets.
    """
    for n in range(1, MOST_TRIES + 1):
        try:
            with transaction.atomic():
                return work()
        except LeadsChanged:
            if n == MOST_TRIES:
                raise
    raise AssertionError("not reached")


def lock_leads_once(*pks: int) -> list[Lead]:
    stands_for = {
        pk: into or pk for pk, into in Lead.rows.filter(pk__in=pks).values_list("pk", "merged_into")
    }
    if gone := {*pks} - stands_for.keys():
        raise Lead.DoesNotExist(f"There is no lead {min(gone)}.")
    wanted = {*stands_for, *stands_for.values()}
    rows = {
        row.pk: row for row in Lead.rows.select_for_update().filter(pk__in=wanted).order_by("pk")
    }
    if any((rows[pk].merged_into_id or pk) != person for pk, person in stands_for.items()):
        raise LeadsChanged
    if any(rows[person].merged_into_id for person in stands_for.values()):
        raise LeadsChanged
    return [rows[person] for person in dict.fromkeys(stands_for[pk] for pk in pks)]
