"""Assess leads: score them from visits, fit and connections, and store the result."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from caio_project.lib.words.clock_words import stamp_words
from leads import locks
from leads.identity import company_matching
from leads.models import Assessment, Lead, Switch, Visit
from leads.ownership import owner_assignment, owner_team
from leads.scoring import calculation, connections, rule_versions, to_hot, visit_sources
from leads.scoring_rules import Rules

log = logging.getLogger(__name__)

SWITCH_NAME = "intent_monitor"
SWITCH_DESCRIPTION = (
    "Scores leads and drafts emails for them. Off: visits are still stored and Clay is still "
    "asked; nobody is scored and nothing is drafted, until it is on again and all that came in is "
    "worked off. Emails that wait or are approved go their way."
)
MAX_ATTEMPTS = 5
MAX_VISITS = 200  # the newest; more visits only add to the cost
LEASE_SECONDS = 60
ASSESSED_FIELDS = (
    "score", "tier", "draft_due_at", "needs_assessment_at", "lease_until", "error", "attempts",
)  # fmt: skip


@dataclass(frozen=True)
class OffSwitch:
    """What has switched scoring and drafting off: the switch in the admin, or else the setting."""

    since: datetime | None = None  # None for the setting

    def __str__(self) -> str:
        """Words that follow "off by"."""
        if self.since is None:
            return "INTENT_MONITOR_ENABLED"
        return f"the switch in the admin, since {stamp_words(self.since)}"


def is_on() -> bool:
    return switched_off_by() is None


def switched_off_by() -> OffSwitch | None:
    """The setting is read at process start; the switch takes effect at once."""
    if not settings.INTENT_MONITOR_ENABLED:
        return OffSwitch()
    row = Switch.objects.filter(name=SWITCH_NAME, on=False).first()
    return OffSwitch(row.changed_at) if row else None


@dataclass(frozen=True)
class HotOutlook:
    """How far a lead is from HOT under the current rules."""

    intent: int  # scored now
    stored_intent: int | None
    ways: list[to_hot.WayToHot]

    @property
    def missing(self) -> int:
        return calculation.HOT_MIN_INTENT - self.intent


def assess_due(batch: int = 200) -> int:
    """Assess every lead that has new data and whose enrichment is settled."""
    if not is_on():
        return 0
    rule_versions.mark_for_rescoring()
    company_matching.mark_leads_of_changed_companies()
    due = (
        Lead.objects.filter(needs_assessment_at__lte=timezone.now())
        .exclude(enrichments__state__in=["due", "requested"])
        .order_by("needs_assessment_at")
    )
    count, shared = 0, list[ScoringBatch]()
    with owner_team.team_read_once():
        for lead in claims.lease_rows(due, LEASE_SECONDS, batch, on_read=shared.clear):
            if not shared:
                # Rules are read after the leads: one that newly published rules had marked before
                # is scored by them, and one that they mark later is marked anew while it is scored
                # by older ones.
                shared.append(load_batch())
            count += 1
            _assess_safely(lead, shared[0])
    return count


@dataclass(frozen=True)
class ScoringBatch:
    """What the scores of a few leads share."""

    rules: Rules
    network: connections.TeamNetwork


def load_batch() -> ScoringBatch:
    return ScoringBatch(rule_versions.current_rules(), connections.load_network())


def mark_recently_seen(batch: int = 500) -> int:
    """Mark all recently seen leads for a new assessment, in short transactions.

    Needed when the team's connections change. Returns how many were marked.
    """
    now, last, count = timezone.now(), 0, 0
    lately = Lead.objects.filter(last_seen_at__gte=now - rule_versions.SEEN_WITHIN).order_by("pk")
    while pks := list(lately.filter(pk__gt=last).values_list("pk", flat=True)[:batch]):
        with transaction.atomic():
            locks.lock_rows(pks)
            Lead.objects.filter(pk__in=pks).exclude(needs_assessment_at__gt=now).update(
                needs_assessment_at=now
            )
        last, count = pks[-1], count + len(pks)
    nudge("leads.assess_due")
    return count


def cool_down(batch: int = 500) -> int:
    """Mark leads whose visits no longer count since their last score; else they stay HOT for ever.

    An age step in between is skipped on purpose: an email in review keeps the urgency that the
    visit gave. The search goes back twice the look-back, so that a pause of the system is made up
    for.
    """
    if not is_on():
        return 0
    now, counts_for = timezone.now(), rule_versions.current_rules().look_back
    cold = Lead.objects.filter(
        last_seen_at__gte=now - 2 * counts_for, last_seen_at__lt=now - counts_for
    )
    scored_cold = Assessment.objects.filter(
        lead=OuterRef("pk"), made_at__gt=OuterRef("last_seen_at") + counts_for
    )
    due = cold.filter(needs_assessment_at=None, score__gt=0, error="").exclude(Exists(scored_cold))
    pks = list(due.order_by("pk").values_list("pk", flat=True)[:batch])
    with transaction.atomic():
        locks.lock_rows(pks)
        return Lead.objects.filter(pk__in=pks, needs_assessment_at=None).update(
            needs_assessment_at=now
        )


def _assess_safely(lead: Lead, batch: ScoringBatch) -> None:
    try:
        with transaction.atomic():
            person = locks.lock_lead(lead.pk)
            if person != lead:
                return  # merged meanwhile; the surviving lead is due itself
            is_marked_anew = person.needs_assessment_at != lead.needs_assessment_at
            made = assess_lead(person, batch=load_batch() if is_marked_anew else batch)
        log.debug("lead %s assessed: %s, %s", lead.pk, made.intent, made.tier)
    except Exception as error:
        log.exception("lead %s could not be assessed", lead.pk)
        later = (
            None
            if lead.attempts >= MAX_ATTEMPTS
            else timezone.now() + claims.retry_delay(lead.attempts)
        )
        Lead.objects.filter(pk=lead.pk).update(
            error=f"{type(error).__name__}: {error}"[:300],
            lease_until=None,
            needs_assessment_at=later,
        )


def assess_lead(
    lead: Lead, now: datetime | None = None, batch: ScoringBatch | None = None
) -> Assessment:
    """Score `lead`, which is locked, store the result and ask for a draft."""
    now, batch = now or timezone.now(), batch or load_batch()
    warm = connections.best_connection(lead, batch.rules, batch.network)
    facts = with_connection(scoring_facts(lead), warm)
    result = calculation.score_lead(facts, now, batch.rules)
    assessment = Assessment.objects.create(
        lead=lead,
        made_at=now,
        rules_version=batch.rules.version,
        intent=result.intent,
        reasons=[reason.as_row() for reason in result.reasons],
        icp=result.icp,
        icp_reasons=[reason.as_row() for reason in result.icp_reasons],
        tier=result.tier,
        angle=result.angle,
        topic=result.topic,
        warm=warm,
    )
    lead.score, lead.tier, lead.draft_due_at = result.intent, result.tier, now
    lead.needs_assessment_at, lead.lease_until, lead.error, lead.attempts = None, None, "", 0
    owner = owner_assignment.prepare_owner(lead)
    lead.save(update_fields=[*ASSESSED_FIELDS, *owner_assignment.OWNER_FIELDS])
    if owner:
        owner_assignment.record_owner(lead, owner)
    nudge("outreach.draft_due")
    return assessment


def scoring_facts(lead: Lead, until: datetime | None = None) -> calculation.ScoringFacts:
    """Collect the facts that scoring reads, with visits up to `until` and without connections."""
    company = lead.company
    mine = Q(lead=lead)
    if company is not None:
        mine |= Q(company=company, lead=None)
    if until is not None:
        mine &= Q(seen_at__lte=until)
    visits = (
        Visit.objects.filter(mine)
        .order_by("-seen_at", "-pk")
        .values_list("path", "seen_at", "lead_id", "referrer")
    )
    return calculation.ScoringFacts(
        title=lead.title,
        industry=company.industry if company else "",
        employees_from=company.employees_from if company else None,
        visits=tuple(
            calculation.PageView(path, at, lead_id is not None, _source_name(referrer))
            for path, at, lead_id, referrer in visits[:MAX_VISITS]
        ),
        open_roles=company.open_roles if company else None,
    )


def _source_name(referrer: str) -> str:
    return visit_sources.source_name(referrer, frozenset(settings.OWN_DOMAINS)) if referrer else ""


def with_connection(
    facts: calculation.ScoringFacts, warm: dict[str, Any] | None
) -> calculation.ScoringFacts:
    if warm is None:
        return facts
    return replace(facts, warm_kind=warm["kind"], warm_sentence=warm["sentence"])


def hot_outlook(lead: Lead, now: datetime | None = None) -> HotOutlook | None:
    """What would make `lead` HOT; None where the lead is HOT now."""
    now, version = now or timezone.now(), rule_versions.current_rules()
    warm = connections.best_connection(lead, version, connections.load_network())
    facts = with_connection(scoring_facts(lead), warm)
    found = calculation.score_lead(facts, now, version)
    if calculation.is_hot(found.intent, found.tier, facts.employees_from):
        return None
    return HotOutlook(found.intent, lead.score, to_hot.find_ways(facts, now, version))
