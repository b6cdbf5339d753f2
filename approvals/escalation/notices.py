"""What people were told, newest first."""

from approvals.models import Notice

PAGE_SIZE = 50


def newest_notices(before: int | None = None) -> tuple[list[Notice], int | None]:
    rows = Notice.objects.select_related("to", "message__lead", "reply").order_by("-pk")
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None
