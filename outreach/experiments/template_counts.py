"""How often each template was sent and answered, versions together."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils import timezone

from caio_project.lib import statistics
from leads.models import Kind
from outreach.choices import Status, Transport
from outreach.experiments.experiments import LOOK_BACK, RIPE_AFTER
from outreach.models import Message, Reply


@dataclass
class TemplateCounts:
    """Emails sent to real people, and how many of the older ones were answered."""

    sent: int = 0
    ripe: int = 0  # sent at least three days ago: an answer takes its time
    answered: int = 0  # of the ripe

    @property
    def rate(self) -> float | None:
        return self.answered / self.ripe if self.ripe else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return statistics.wilson_interval(self.answered, self.ripe)

    @property
    def sentence(self) -> str:
        if self.rate is None or self.interval is None:
            return "no replies can be counted yet"
        low, high = self.interval
        return f"{self.answered} of {self.ripe} answered: {self.rate:.0%} ({low:.0%} to {high:.0%})"


def counts_by_template(now: datetime | None = None) -> dict[str, TemplateCounts]:
    """Count by template key what was sent through GoHighLevel in the last 60 days."""
    now = now or timezone.now()
    answers = Reply.objects.counted().filter(
        lead=OuterRef("lead"), received_at__gte=OuterRef("sent_at")
    )
    sent = Message.objects.filter(
        status=Status.SENT,
        transport=Transport.GHL,
        kind=Kind.LIVE,
        lead__kind=Kind.LIVE,
        sent_at__gte=now - LOOK_BACK,
        template__isnull=False,
    ).annotate(said=Exists(answers))
    found: dict[str, TemplateCounts] = {}
    for key, sent_at, has_answered in sent.values_list("template__key", "sent_at", "said"):
        counts = found.setdefault(key, TemplateCounts())
        counts.sent += 1
        if sent_at and sent_at <= now - RIPE_AFTER:
            counts.ripe += 1
            counts.answered += has_answered
    return found
