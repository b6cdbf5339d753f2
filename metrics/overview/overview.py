"""The overview: stages, what is left today, the user's own decisions, recent actions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from approvals.models import Decision, Verdict
from approvals.queue import review_queue, what_waits
from caio_project.lib import calendar
from caio_project.lib.vendor_access.access import is_sandboxed
from leads.models import Kind
from leads.scoring import assess
from metrics.overview import experiments_page, flow, funnel, headline
from outreach.control import phase
from outreach.limits import current_limits, limit_rules, office_hours
from outreach.limits.limit_rules import CurrentLimits
from outreach.models import ControlChange, Message, Reply

MAX_ACTIONS = 8
KEEPING_UP_WITHIN = timedelta(hours=4)
APPROVED_VERDICTS = [Verdict.APPROVED, Verdict.WOULD_APPROVE]


@dataclass(frozen=True)
class RecentAction:
    at: datetime
    text: str
    by: str
    message: Message | None = None


def overview_context(user: Any) -> dict[str, Any]:
    now = timezone.now()
    overdue, waits = review_queue.count_overdue(), what_waits.what_waits()
    stages = flow.flow_stages(now, waits.blocked_by())
    control = phase.current_control()
    limits = current_limits.read_limits(control, now)
    decides = user.has_perm("approvals.decide")
    beside = headline.read_beside(halted=phase.is_halted(control), decides=decides)
    said = headline.overview_headline(stages, overdue, waits, beside)
    return {
        "stages": stages,
        "headline": said,
        "proven": said.proven,
        "funnel": funnel.read_funnel(now, stages, waits),
        "waits": waits,
        "oldest": review_queue.waiting_messages().first(),
        "standing": limits,
        "left_this_hour": limits.left_this_hour,
        "hourly": settings.HOURLY_LIMIT,
        **_next_can_be_sent(limits, now),
        "mine": _decided_today(user, now),
        "answered_to_me": _people_who_answered(user, now),
        "keeping_up": not overdue and not _any_held_before(now - KEEPING_UP_WITHIN),
        "actions": last_actions(),
        "tests": experiments_page.running_experiments(),
        "checked_at": now,
        "monitor_off_by": assess.switched_off_by(),
    }


def _next_can_be_sent(limits: CurrentLimits, now: datetime) -> dict[str, Any]:
    """The limit on every email, or when the first office opens where that is later."""
    binding = limit_rules.limit_on_everything(limits)
    opens = None if is_sandboxed("ghl") else office_hours.first_opening(now)
    if opens and binding and (binding.until is None or binding.until >= opens):
        opens = None
    return {"binding": binding, "opens": opens}


def _decided_today(user: Any, now: datetime) -> dict[str, int]:
    start = calendar.start_of_day(now, settings.TEAM_TIME_ZONE)
    return (
        Decision.objects.standing()
        .filter(by=user, at__gte=start)
        .exclude(message__kind=Kind.TRAINING)
        .aggregate(
            decided=Count("pk"),
            approved=Count("pk", filter=Q(verdict__in=APPROVED_VERDICTS)),
            edited=Count("pk", filter=Q(verdict__in=APPROVED_VERDICTS, edited=True)),
        )
    )


def _any_held_before(when: datetime) -> bool:
    return review_queue.waiting_messages().filter(held_at__lt=when).exists()


def _people_who_answered(user: Any, now: datetime) -> int:
    """What the user's approvals of 30 days led to: people who answered one of those emails."""
    mine = Decision.objects.standing().filter(
        by=user, at__gte=now - timedelta(days=funnel.DAYS), verdict=Verdict.APPROVED
    )
    answers = Reply.objects.counted().filter(message__in=mine.values("message"))
    return answers.order_by().values("lead").distinct().count()


def last_actions() -> list[RecentAction]:
    real = Decision.objects.exclude(message__kind=Kind.TRAINING)
    decided = real.select_related("message__lead", "undo").order_by("-at")[:MAX_ACTIONS]
    found = [RecentAction(d.at, _decision_text(d), d.by_name, d.message) for d in decided]
    found += [
        RecentAction(c.at, _change_text(c), c.by_name)
        for c in ControlChange.objects.all()[:MAX_ACTIONS]
    ]
    return sorted(found, key=lambda action: action.at, reverse=True)[:MAX_ACTIONS]


def _decision_text(decision: Decision) -> str:
    said: str = decision.get_verdict_display()
    return f"{said}, undone" if hasattr(decision, "undo") else said


def _change_text(change: ControlChange) -> str:
    if change.what == "halt":
        return "Sending halted" if change.after == "halted" else "Sending resumed"
    if change.what == "warm_up":
        is_new = change.after.startswith("from ")
        return "Sending domain: warm-up started" if is_new else "Sending domain: established"
    return f"{change.what.replace('_', ' ').capitalize()}: {change.before} to {change.after}"
