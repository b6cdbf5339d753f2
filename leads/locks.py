"""In which order rows are locked, so that no two transactions wait for each other.

People come first, by pk; then their companies; then what points to either: visits, questions to Clay, stops, emails.
Whoever writes a row that points to a person locks the person before it, for the database does so itself when the
transaction commits, and by then somebody else may wait for that row.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import transaction

from leads.models import Lead

T = TypeVar("T")


class LeadsChanged(Exception):
    """Who is whom has changed in between: by a merge, an undo, or somebody who is known only now."""


def lock_leads(*pks: int) -> list[Lead]:
    """The people whom these rows stand for now, each once, in the order given; locked in the order of pk."""
    return retry_until_unchanged(lambda: lock_leads_once(*pks))


def lock_rows(pks: Iterable[int]) -> None:
    """Lock these rows themselves, in their order, for whoever changes many at once: an UPDATE locks in any order."""
    list(Lead.rows.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk"))


def retry_until_unchanged(work: Callable[[], T]) -> T:
    """Do `work` again where something moved before it was locked; going back to the savepoint lets go of the locks."""
    while True:
        try:
            with transaction.atomic():
                return work()
        except LeadsChanged:
            continue


def lock_leads_once(*pks: int) -> list[Lead]:
    """As `people`, once; raises Moved."""
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
