"""What Clay was asked and gave, and the open opportunities at GoHighLevel."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from leads.models import Enrichment, Kind
from metrics.figures.definitions import Tally
from metrics.figures.sources.facts import Day, Source, count, lead_groups, of_lead, share
from outreach.models import Opportunity

GAINED_WITHIN = timedelta(hours=24)


def settled_requests() -> QuerySet[Enrichment]:
    """Requests about real people that Clay was asked."""
    live = Enrichment.objects.filter(settled_at__isnull=False, lead__kind=Kind.LIVE)
    return live.exclude(outcome__in=Enrichment.NOT_ASKED)


def has_gained(
    fields: list[str], created_at: datetime, answered_at: datetime | None, verified: bool
) -> bool:
    """Whether the answer brought a verified email, a title or a company field in 24 hours."""
    if answered_at is None or answered_at - created_at > GAINED_WITHIN:
        return False
    for name in fields:
        if name in ("title", "email_verified") or name.startswith("company."):
            return True
    return "email" in fields and verified


def count_enrichments(day: Day) -> Source:
    rows = (
        settled_requests()
        .filter(**day.within("settled_at"))
        .values_list(
            "gained", "created_at", "answered_at", "lead__email_verified", *of_lead("lead__")
        )
    )
    for fields, created_at, answered_at, verified, *values in rows:
        is_gain = has_gained(fields, created_at, answered_at, verified)
        yield share(Tally.ENRICHMENT, lead_groups(values), is_gain)


def count_credits(day: Day) -> Source:
    asked = Enrichment.objects.filter(**day.within("requested_at"), lead__kind=Kind.LIVE)
    for values in asked.filter(is_test=False).values_list(*of_lead("lead__")):
        yield count(Tally.CLAY_CREDITS, lead_groups(values))


def open_deals() -> QuerySet[Opportunity]:
    """The open opportunities of our pipeline; none where no pipeline is set."""
    pipeline = settings.GHL_PIPELINE_ID
    rows = Opportunity.objects.filter(status=Opportunity.OPEN, pipeline_id=pipeline)
    return rows if pipeline else rows.none()


def count_pipeline(day: Day) -> Source:
    rows = open_deals().filter(**day.within("opened_at"))
    for value, *values in rows.values_list("value", *of_lead("lead__")):
        yield count(Tally.PIPELINE, lead_groups(values), round(value * 100), 1)
