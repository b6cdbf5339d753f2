"""What people were told, newest first."""

from approvals.models import Notice

PAGE = 50


def newest(before: int | None = None) -> tuple[list[Notice], int | None]:
    """One page, and the cursor of what is older."""
    rows = Notice.objects.select_related("to", "message__lead", "reply").order_by("-pk")
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None
