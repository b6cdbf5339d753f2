"""Who was emailed first since a phase began, and when they answered, counted by day."""

from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Min, QuerySet
from django.db.models.functions import TruncDate

from leads.models import Kind
from metrics.evidence.looks import Cohort
from outreach.choices import Phase, Status, Transport
from outreach.models import ControlChange, Message, Reply


def list_begins(phase: Phase) -> datetime | None:
    """When the evidence of `phase` begins: at the newest change to it.

    None where nobody has ever changed to it: then with the first email there is.
    """
    changes = ControlChange.objects.filter(what="phase", after=phase)
    return changes.order_by("-pk").values_list("at", flat=True).first()


def count_cohorts(since: datetime | None, now: datetime) -> list[Cohort]:
    """People by the team's days; emails from before the phase and imported ones are left out."""
    emails = _sent_by_us(now)
    if since is not None:
        emails = emails.filter(sent_at__gte=since)
    people, answered = people_by_day(emails), answered_by_days(emails, now)
    found = [Cohort(*days, number) for days, number in sorted(answered.items())]
    with_answer = Counter[date]()
    for (emailed, _), number in answered.items():
        with_answer[emailed] += number
    rest = people - with_answer
    return found + [Cohort(day, None, number) for day, number in sorted(rest.items())]


def list_start(phase: Phase, now: datetime) -> datetime | None:
    """The same, or when that first email left; None where nothing has left either."""
    first = _sent_by_us(now).order_by("sent_at").values_list("sent_at", flat=True)
    return list_begins(phase) or first.first()


def _sent_by_us(before: datetime) -> QuerySet[Message]:
    return first_emails(before).filter(transport=Transport.GHL)


def first_emails(before: datetime) -> QuerySet[Message]:
    """First emails to real people, bounces included, by whatever transport."""
    return Message.objects.filter(step=1, status=Status.SENT, kind=Kind.LIVE, sent_at__lt=before)


def _team_day(moment: str) -> TruncDate:
    return TruncDate(moment, tzinfo=ZoneInfo(settings.TEAM_TIME_ZONE))


def people_by_day(emails: QuerySet[Message]) -> Counter[date]:
    by_day = emails.annotate(day=_team_day("sent_at"))
    found = Counter(dict(by_day.values_list("day").annotate(n=Count("lead", distinct=True))))
    repeated = emails.values("lead").annotate(n=Count("*")).filter(n__gt=1).values("lead")
    seen: set[int] = set()
    pairs = by_day.filter(lead__in=repeated).values_list("lead", "day").distinct()
    for lead, day in pairs.order_by("day"):
        found[day] -= lead in seen  # one person once, on the first day
        seen.add(lead)
    return found


def answered_by_days(emails: QuerySet[Message], now: datetime) -> Counter[tuple[date, date]]:
    """By the days of email and answer; whoever asked to stop, or for whom only a program answered,
    has not answered.
    """
    replies = Reply.objects.counted().filter(lead__in=emails.values("lead"), received_at__lte=now)
    emailed = dict(
        emails.filter(lead__in=replies.values("lead")).values_list("lead").annotate(Min("sent_at"))
    )
    first: dict[int, datetime] = {}
    for lead, at in replies.order_by("received_at").values_list("lead", "received_at"):
        if lead in emailed and at >= emailed[lead]:
            first.setdefault(lead, at)
    zone = ZoneInfo(settings.TEAM_TIME_ZONE)
    return Counter(
        (emailed[lead].astimezone(zone).date(), at.astimezone(zone).date())
        for lead, at in first.items()
    )
