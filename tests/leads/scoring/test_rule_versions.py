"""Versions of the scoring rules: published one by one, and fixed from then on."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.utils import timezone

from leads.models import Assessment, Lead, ScoringRules
from leads.scoring import assess, rule_versions
from leads.scoring_rules import DEFAULT_RULES, InvalidRules
from tests.factories import LeadFactory, VisitFactory
from tests.leads.conftest import in_threads
from tests.leads.test_scoring_rules import changed


def row(**fields: Any) -> ScoringRules:
    return ScoringRules.objects.create(name="A try", rules=changed(**fields))


def visitor(path: str = "/pricing", days: float = 0, **fields: Any) -> Lead:
    at = timezone.now() - timedelta(days=days)
    lead = LeadFactory(last_seen_at=at, **fields)
    VisitFactory(lead=lead, path=path, seen_at=at)
    return lead


HIGHER = {"fit_share": 1}  # lifts every VP of the factories to HOT by the score alone


@pytest.mark.django_db
class TestVersions:
    def test_without_a_version_the_built_in_rules_hold(self) -> None:
        row()
        assert rule_versions.current_rules() is DEFAULT_RULES

    def test_publishing_retires_the_previous_version(self, lead_user: User) -> None:
        first, second = row(), row(**HIGHER)
        rule_versions.publish_rules(first, lead_user)
        assert rule_versions.current_rules().version == "1"
        done = rule_versions.publish_rules(second, lead_user)
        assert (done.state, done.published_by, done.published_at is not None) == (
            "published",
            lead_user,
            True,
        )
        assert list(ScoringRules.objects.order_by("version").values_list("state", flat=True)) == [
            "retired",
            "published",
        ]
        assert (rule_versions.current_rules().version, rule_versions.current_rules().fit_share) == (
            "2",
            1.0,
        )

    def test_publishing_rescores_recently_seen_leads(self, lead_user: User) -> None:
        leads, old = [visitor() for _ in range(5)], visitor(days=31)
        later = timezone.now() + timedelta(hours=1)
        Lead.objects.filter(pk=leads[0].pk).update(needs_assessment_at=later)
        rule_versions.publish_rules(row(**HIGHER), lead_user)
        old.refresh_from_db()
        leads[0].refresh_from_db()
        assert (old.needs_assessment_at, leads[0].needs_assessment_at) == (None, later)
        assert ScoringRules.objects.get().marked_to is None
        assert assess.assess_due() == 4
        assert set(Assessment.objects.values_list("rules_version", "intent")) == {("1", 100)}

    def test_the_next_sweep_finishes_a_killed_publishing(self, lead_user: User) -> None:
        leads = [visitor() for _ in range(5)]
        rule_versions.publish_rules(row(), lead_user)
        Lead.objects.update(needs_assessment_at=None)
        ScoringRules.objects.update(marked_to=leads[1].pk)
        assert rule_versions.mark_for_rescoring(batch=2) == 3
        assert set(Lead.objects.exclude(needs_assessment_at=None)) == set(leads[2:])
        assert ScoringRules.objects.get().marked_to is None
        ScoringRules.objects.update(marked_to=0)
        assert assess.assess_due() == 5

    def test_invalid_rules_are_not_published(self, lead_user: User) -> None:
        bad = row(pages_at_most=-1)
        with pytest.raises(InvalidRules, match="pages_at_most"):
            rule_versions.publish_rules(bad, lead_user)
        assert list(ScoringRules.objects.values_list("state", flat=True)) == ["draft"]

    def test_only_an_unchanged_draft_is_published(self, lead_user: User) -> None:
        one, other = row(), row()
        rule_versions.publish_rules(one, lead_user)
        with pytest.raises(rule_versions.PublishRefused, match="is published, not a draft"):
            rule_versions.publish_rules(one, lead_user)
        ScoringRules.objects.filter(pk=other.pk).update(rules=changed(fit_share=0.5))
        with pytest.raises(rule_versions.PublishRefused, match="changed meanwhile"):
            rule_versions.publish_rules(other, lead_user)
        assert rule_versions.current_rules().version == "1"

    def test_published_rules_never_change(self, lead_user: User) -> None:
        stale, second = row(), row()
        rule_versions.publish_rules(ScoringRules.objects.get(pk=stale.pk), lead_user)
        for version in (stale, ScoringRules.objects.get(pk=stale.pk)):
            version.rules = changed(fit_share=1)
            with pytest.raises(PermissionDenied):
                version.save()
            with pytest.raises(PermissionDenied):
                version.delete()
        rule_versions.publish_rules(second, lead_user)
        with pytest.raises(PermissionDenied):
            ScoringRules.objects.get(pk=stale.pk).save()
        with pytest.raises(PermissionDenied):
            ScoringRules.objects.create(name="Around", rules=changed(), state="published")
        assert ScoringRules.objects.get(pk=stale.pk).rules["fit_share"] == 0.25

    def test_the_database_holds_one_published_version(self) -> None:
        first, second = row(), row()
        ScoringRules.objects.filter(pk=first.pk).update(state="published")
        with pytest.raises(IntegrityError):
            ScoringRules.objects.filter(pk=second.pk).update(state="published")

    def test_a_deleted_drafts_number_is_not_reused(self) -> None:
        row().delete()
        assert row().version == 2


@pytest.mark.parametrize("published_before", [False, True])
def test_concurrent_publishing_leaves_one_published_version(
    committed: None, published_before: bool
) -> None:
    if published_before:
        rule_versions.publish_rules(row(), None)
    drafts = [row(), row()]
    in_threads([lambda d=draft: rule_versions.publish_rules(d, None) for draft in drafts])  # type: ignore[misc]
    states = sorted(
        ScoringRules.objects.filter(pk__in=[d.pk for d in drafts]).values_list("state", flat=True)
    )
    assert states == ["published", "retired"]
    assert ScoringRules.objects.filter(state="published").count() == 1
