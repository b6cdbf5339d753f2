"""People who answered, and open opportunities, as gates count them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Max, Min, QuerySet, Sum

from metrics.evidence import reply_cohorts
from metrics.figures.sources import vendors
from metrics.gates.gate import ReasonCode
from outreach.choices import Status, Transport
from outreach.models import Message, Opportunity, Reply, SyncCursor

READ_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class ReplyCount:
    """Of the people emailed first in a window, how many answered until now."""

    people: int
    answered: int

    @property
    def rate(self) -> float | None:
        return self.answered / self.people if self.people else None


def count_replies(start: datetime, end: datetime) -> ReplyCount:
    """People first emailed through GoHighLevel from `start` to before `end`, bounces included.

    Whoever asked to stop, or for whom only a program answered, has not answered.
    """
    firsts = reply_cohorts.first_emails(end).filter(transport=Transport.GHL, sent_at__gte=start)
    emailed = dict(firsts.values_list("lead").annotate(at=Min("sent_at")))
    replies = Reply.objects.counted().filter(lead__in=firsts.values("lead"))
    last = dict(replies.values_list("lead").annotate(at=Max("received_at")))
    return ReplyCount(
        len(emailed), sum(1 for lead, at in emailed.items() if lead in last and last[lead] >= at)
    )


@dataclass(frozen=True)
class PipelineValue:
    """The open opportunities of our pipeline; `through_us` is the part after an email of ours."""

    value: Decimal
    through_us: Decimal
    deals: int
    unknown: ReasonCode | None = None  # why the value is not known


def open_pipeline(now: datetime) -> PipelineValue:
    """As GoHighLevel listed it within the hour."""
    deals = vendors.open_deals()
    ours = deals.filter(
        lead__in=Message.objects.filter(status=Status.SENT, transport=Transport.GHL).values("lead")
    )
    return PipelineValue(
        _total_value(deals), _total_value(ours), deals.count(), _unknown_reason(now)
    )


def _total_value(deals: QuerySet[Opportunity]) -> Decimal:
    return deals.aggregate(sum=Sum("value"))["sum"] or Decimal(0)


def _unknown_reason(now: datetime) -> ReasonCode | None:
    if not settings.GHL_PIPELINE_ID:
        return ReasonCode.PIPELINE_NOT_SET
    read = SyncCursor.objects.filter(name="opportunities", polled_at__gt=now - READ_WITHIN)
    return None if read.exists() else ReasonCode.OPPORTUNITIES_NOT_READ
