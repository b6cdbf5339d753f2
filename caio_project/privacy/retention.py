"""Deletes what is older than the settings say, in small batches, so that nothing waits for it.

A setting of 0 days keeps a kind of data for good: each of them is off until it is set.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from approvals.models import Notice
from caio_project.lib.db.append_only import AGE_TO_DELETE
from caio_project.lib.models import AccessEvent
from leads.models import InboundEvent, Visit
from outreach.models import ReplyText, SandboxEmail

BATCH = 500


@dataclass(frozen=True)
class RetentionRule:
    """`old` gives the rows from before a moment; `blanked` are fields set where the row stays."""

    setting: str
    what: str
    shortest: int  # days
    old: Callable[[datetime], QuerySet[Any]]
    blanked: tuple[tuple[str, Any], ...] = ()

    @property
    def days(self) -> int:
        return int(getattr(settings, self.setting))

    def rows(self, now: datetime) -> QuerySet[Any]:
        found = self.old(now - timedelta(days=self.days))
        return found if self.days else found.none()


def _old_events(before: datetime) -> QuerySet[InboundEvent]:
    # What waits or is parked is still to be worked off by somebody.
    events = InboundEvent.objects.filter(received_at__lt=before)
    held = ~Q(body=b"") | ~Q(reason_args={}) | ~Q(notes=[])
    return events.filter(held, state=InboundEvent.State.PROCESSED)


RULES = (
    RetentionRule(
        "RETAIN_RAW_EVENTS_DAYS",
        "bodies as they came in",
        30,
        _old_events,
        (("body", b""), ("reason", ""), ("reason_args", {}), ("notes", [])),
    ),
    RetentionRule(
        "RETAIN_VISITS_DAYS",
        "visits",
        90,
        lambda before: Visit.objects.filter(received_at__lt=before, seen_at__lt=before),
    ),
    RetentionRule(
        "RETAIN_SANDBOX_EMAILS_DAYS",
        "emails kept in the sandbox",
        7,
        lambda before: SandboxEmail.objects.filter(kept_at__lt=before).exclude(html=""),
        (("html", ""),),
    ),
    RetentionRule(
        "RETAIN_REPLY_TEXTS_DAYS",
        "words of replies",
        90,
        lambda before: ReplyText.objects.filter(reply__received_at__lt=before),
    ),
    RetentionRule(
        "RETAIN_NOTICE_TEXTS_DAYS",
        "words of notices",
        30,
        lambda before: Notice.objects.filter(told_at__lt=before).exclude(text="", error=""),
        (("text", ""), ("error", "")),
    ),
    RetentionRule(
        "RETAIN_ACCESS_LOG_DAYS",
        "sign-ins",
        AGE_TO_DELETE[AccessEvent._meta.db_table],
        lambda before: AccessEvent.objects.filter(at__lt=before),
    ),
)


def count_old(now: datetime | None = None) -> dict[str, int]:
    """How many rows are due, by setting; deletes nothing."""
    moment = now or timezone.now()
    return {rule.setting: rule.rows(moment).count() for rule in RULES if rule.days}


def purge(now: datetime | None = None, batch: int = BATCH) -> dict[str, int]:
    """Delete at most `batch` rows of each kind; returns how many by setting."""
    moment = now or timezone.now()
    return {rule.setting: _purge_batch(rule, moment, batch) for rule in RULES if rule.days}


def _purge_batch(rule: RetentionRule, now: datetime, batch: int) -> int:
    keys = list(rule.rows(now).order_by("pk").values_list("pk", flat=True)[:batch])
    rows = rule.old(now).model._default_manager.filter(pk__in=keys)
    if rule.blanked:
        return rows.update(**dict(rule.blanked)) if keys else 0
    if keys:
        rows.delete()
    return len(keys)


def setting_errors() -> list[tuple[str, str]]:
    """Settings that are refused at boot: (name, why)."""
    return [
        (rule.setting, f"{rule.setting}={rule.days}: 0 (for good), or {rule.shortest} at least.")
        for rule in RULES
        if rule.days and rule.days < rule.shortest
    ]
