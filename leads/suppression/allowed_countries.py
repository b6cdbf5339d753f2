"""Whether people of a country may be written to, by the setting ALLOWED_COUNTRIES.

A country that is not known refuses nobody: the checks of a draft say that it is missing.
"""

from django.conf import settings
from django.db.models import Q

from leads.field_values import countries


def is_refused(country: str) -> bool:
    """`country` is an ISO 3166 code, or "" where it is not known."""
    return bool(country) and country not in settings.ALLOWED_COUNTRIES


def stricter_country(known: str, told: str) -> str:
    return countries.stricter_country(known, told, frozenset(settings.ALLOWED_COUNTRIES))


def allowed_leads() -> Q:
    """The same for rows of leads."""
    return Q(country="") | Q(country__in=settings.ALLOWED_COUNTRIES)
