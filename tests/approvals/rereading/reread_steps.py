"""What the tests of re-reading arrange: automatic approvals on past days, and readers."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from approvals.models import RereadingItem
from approvals.rereading import drawing, reading
from approvals.rereading.reading import Typed
from outreach.auto_approval import approval_sweep
from outreach.models import Message
from tests.outreach.auto_approval.approval_steps import low, verdict

REASON = "The first line is about us, not about them."


def approved(count: int) -> list[Message]:
    """Emails that the machine has approved just now."""
    verdict()
    made = [low() for _ in range(count)]
    assert approval_sweep.approve_due(batch=200) == count
    return [Message.objects.get(pk=one.pk) for one in made]


def next_morning(clock: Any) -> int:
    clock.shift(timedelta(days=1))
    return drawing.draw_due()


def chance_items() -> list[RereadingItem]:
    return list(RereadingItem.objects.filter(draw__isnull=False, fault="").order_by("pk"))


def shown_long_ago(item: RereadingItem) -> RereadingItem:
    RereadingItem.objects.filter(pk=item.pk).update(shown_at=timezone.now() - timedelta(minutes=5))
    item.refresh_from_db()
    return item


def give(item: RereadingItem, user: Any) -> RereadingItem:
    RereadingItem.objects.filter(pk=item.pk).update(reader=user)
    return shown_long_ago(item)


def judge(item: RereadingItem, user: Any, judgement: str = "approve") -> Any:
    typed = Typed(judgement, "tone_style", REASON) if judgement != "approve" else Typed("approve")
    return reading.store_judgement(give(item, user), user, typed)
