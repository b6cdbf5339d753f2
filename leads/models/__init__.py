"""Leads, companies, visits, scores, owners, suppressions and the state of vendor calls."""

from leads.models.companies import Company
from leads.models.erasures import Erasure, ErasureRun
from leads.models.events import Alarm, InboundEvent, Kind, Switch
from leads.models.owners import OwnerChange, OwnerHow, OwnerRule, OwnerRun
from leads.models.people import Lead, LeadManager, Merge, Visit, field_source, person_of
from leads.models.scores import Assessment, ScoringRules
from leads.models.suppressions import Suppression
from leads.models.team import KnownContact, PastEmployer, TeamMember
from leads.models.vendors import (
    Bookmark,
    Breaker,
    Budget,
    Enrichment,
    GhlTokens,
    RateWindow,
    SharedValue,
    new_request_id,
)

__all__ = [
    "Alarm",
    "Assessment",
    "Bookmark",
    "Breaker",
    "Budget",
    "Company",
    "Enrichment",
    "GhlTokens",
    "Erasure",
    "ErasureRun",
    "InboundEvent",
    "Kind",
    "KnownContact",
    "Lead",
    "Merge",
    "OwnerChange",
    "OwnerHow",
    "OwnerRule",
    "OwnerRun",
    "PastEmployer",
    "LeadManager",
    "RateWindow",
    "ScoringRules",
    "SharedValue",
    "Suppression",
    "Switch",
    "TeamMember",
    "Visit",
    "new_request_id",
    "person_of",
    "field_source",
]
