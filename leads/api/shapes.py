"""Leads, visits, companies and suppressions as the API shows them."""

from typing import Any

from rest_framework import serializers

from leads.models import Company, Kind, Lead, OwnerHow, Suppression, Visit


class CompanyShape(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    domain = serializers.CharField(allow_null=True)
    industry = serializers.CharField()
    employees = serializers.CharField()
    employees_from = serializers.IntegerField(allow_null=True)
    city = serializers.CharField()
    state = serializers.CharField()
    kind = serializers.ChoiceField(Kind.choices)
    created_at = serializers.DateTimeField()


class CompanyNameShape(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class OwnerNameShape(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class LeadShape(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(Kind.choices)
    name = serializers.CharField()
    title = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    linkedin = serializers.CharField(allow_null=True)
    company = CompanyNameShape(allow_null=True)
    city = serializers.CharField()
    state = serializers.CharField()
    country = serializers.CharField()
    address = serializers.ChoiceField(Lead.Address.choices)
    intent_score = serializers.IntegerField(allow_null=True)
    tier = serializers.CharField()
    owner = OwnerNameShape(allow_null=True)
    owner_how = serializers.ChoiceField(OwnerHow.choices, allow_blank=True)
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()


class StopShape(serializers.Serializer):
    reason = serializers.ChoiceField(Suppression.Reason.choices)
    source = serializers.CharField()  # type: ignore[assignment]


class LeadDetailShape(LeadShape):
    stop = StopShape(
        allow_null=True, help_text="Who or what stopped emails to this person; null: nobody did."
    )


class VisitShape(serializers.Serializer):
    id = serializers.IntegerField()
    lead = serializers.UUIDField(allow_null=True)
    company = serializers.IntegerField(allow_null=True)
    path = serializers.CharField()
    is_repeat = serializers.BooleanField()
    seen_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()


class SuppressionShape(serializers.Serializer):
    id = serializers.IntegerField()
    scope = serializers.ChoiceField(Suppression.Scope.choices)
    value = serializers.CharField(help_text="Address or domain; a person's lead id or a hash.")
    reason = serializers.ChoiceField(Suppression.Reason.choices)
    source = serializers.CharField()  # type: ignore[assignment]
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


def company_json(row: Company) -> dict[str, Any]:
    return {name: getattr(row, name) for name in map(str, CompanyShape().fields)}


def lead_json(row: Lead) -> dict[str, Any]:
    same = ("kind", "name", "title", "email", "city", "state", "country", "address", "tier")
    return {
        "id": str(row.public_id),
        **{name: getattr(row, name) for name in same},
        "linkedin": row.linkedin_key,
        "company": {"id": row.company.pk, "name": str(row.company)} if row.company else None,
        "intent_score": row.score,
        "owner": {"id": row.owner.pk, "name": row.owner.name} if row.owner else None,
        "owner_how": row.owner_how,
        "first_seen_at": row.first_seen_at,
        "last_seen_at": row.last_seen_at,
    }


def visit_json(row: Visit) -> dict[str, Any]:
    return {
        "id": row.pk,
        "lead": str(row.lead.public_id) if row.lead else None,
        "company": row.company_id,
        "path": row.path,
        "is_repeat": row.is_repeat,
        "seen_at": row.seen_at,
        "received_at": row.received_at,
    }


def suppression_json(row: Suppression) -> dict[str, Any]:
    return {name: getattr(row, name) for name in map(str, SuppressionShape().fields)}
