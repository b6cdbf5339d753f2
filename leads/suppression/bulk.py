"""Whom we may write to, as a question to the database: for lists. Every door asks `suppression` about the one person.

It knows what is stored. Lists and settings that say no by themselves are in `Lead.address` since it was last settled.
"""

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, StrIndex, Substr
from django.utils import timezone

from leads.models import Kind, Lead, Suppression
from leads.suppression import suppression

Scope = Suppression.Scope
MAX_HOST_LEVELS = (
    3  # of a mail host that is looked at: "mail.eu.example.com" is stopped by "example.com"
)


def only_stopped(people: QuerySet[Lead], reason: str = "") -> QuerySet[Lead]:
    """Those of `people` whom a suppression stops, for any reason or for one."""
    return _with_hosts(people).filter(_is_stopped(reason))


def only_writable(people: QuerySet[Lead]) -> QuerySet[Lead]:
    """Those of `people` who have an address and are stopped by nothing."""
    able = people.filter(kind=Kind.LIVE, address=Lead.Address.USABLE)
    return _with_hosts(able).exclude(_is_stopped(""))


def _with_hosts(people: QuerySet[Lead]) -> QuerySet[Lead]:
    people = people.alias(as_value=Cast("pk", CharField()), host0=_text_after("email", "@"))
    for n in range(MAX_HOST_LEVELS - 1):
        people = people.alias(**{f"host{n + 1}": _text_after(f"host{n}", ".")})
    return people


def _text_after(name: str, sign: str) -> Substr:
    """What follows the first `sign`; all of it where there is none."""
    return Substr(name, StrIndex(F(name), Value(sign)) + 1)


def _is_stopped(reason: str) -> Q:
    """Each subquery is read once, whatever the number of people."""
    mine = _matching_rows(reason)
    parts = _with_hosts(Lead.rows.filter(merged_into__isnull=False)).filter(mine)
    return mine | Q(pk__in=parts.values("merged_into"))


def _matching_rows(reason: str) -> Q:
    rows = Suppression.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
    if reason:
        rows = rows.filter(reason=reason)
    addresses, of_people = (
        rows.filter(scope=Scope.ADDRESS),
        rows.exclude(reason__in=suppression.STOPS_THE_ADDRESS_ONLY),
    )
    found = Q(as_value__in=rows.filter(scope=Scope.PERSON).values("value")) | Q(
        email__in=addresses.values("value")
    )
    found |= Q(personal_email__in=(addresses & of_people).values("value"))
    domains = rows.filter(scope=Scope.DOMAIN)
    for n in range(
        MAX_HOST_LEVELS if domains.exists() else 0
    ):  # taking addresses apart is what costs
        found |= Q(**{f"host{n}__in": domains.values("value")})
    return found
