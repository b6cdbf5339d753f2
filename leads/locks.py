"""The order in which rows are locked, so that no two transactions wait for each other.

Leads come first, by pk; then their companies; then what points to either: visits, requests to Clay,
stops, emails. Whoever writes a row that points to a lead locks the lead before it, because the
database does so itself at commit, and by then another transaction may wait for that row.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import transaction
from django.db.models import Q

from leads.models import Lead, person_of

T = TypeVar("T")


class LeadsChanged(Exception):
    """A merge, an undo, a new lead or a new company came in between."""


def lock_leads(*pks: int) -> list[Lead]:
    """The leads that these rows stand for, each once, in the order given; locked by pk."""
    return retry_until_unchanged(lambda: lock_leads_once(*pks))


def lock_lead(pk: int) -> Lead:
    """The lead that row `pk` stands for, locked, with its company: one statement.

    Of a merged row both are locked, in the order of pk.
    """
    while True:
        either = Q(pk=pk) | Q(pk=person_of(pk))
        locked = Lead.rows.select_for_update(of=("self",)).select_related("company").filter(either)
        rows = {row.pk: row for row in locked.order_by("pk")}
        if pk not in rows:
            raise Lead.DoesNotExist(f"There is no lead {pk}.")
        person = rows.get(rows[pk].merged_into_id or pk)
        if person is not None and person.merged_into_id is None:
            return person


def lock_rows(pks: Iterable[int]) -> None:
    """For changing many leads at once: an UPDATE locks rows in any order."""
    list(Lead.rows.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk"))


def retry_until_unchanged(work: Callable[[], T]) -> T:
    """Repeat `work` while it raises LeadsChanged; going back to the start of its transaction, or to
    a savepoint where another is open, releases the locks.
    """
    while True:
        try:
            with transaction.atomic():
                return work()
        except LeadsChanged:
            continue


def lock_leads_once(*pks: int) -> list[Lead]:
    stands_for = {
        pk: into or pk for pk, into in Lead.rows.filter(pk__in=pks).values_list("pk", "merged_into")
    }
    wanted = {*stands_for, *stands_for.values()}
    rows = {
        row.pk: row for row in Lead.rows.select_for_update().filter(pk__in=wanted).order_by("pk")
    }
    if any((rows[pk].merged_into_id or pk) != person for pk, person in stands_for.items()):
        raise LeadsChanged
    if any(rows[person].merged_into_id for person in stands_for.values()):
        raise LeadsChanged
    return [rows[person] for person in dict.fromkeys(stands_for[pk] for pk in pks)]
