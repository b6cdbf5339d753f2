"""Filter querysets by suppression, for lists. `suppression` answers for one lead.

Stored rows are read here, and the setting of own domains. Stops by the lists of mailboxes are part
of `Lead.address`, as of the last time it was settled.
"""

from django.conf import settings
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat, StrIndex, Substr
from django.utils import timezone

from leads.models import Kind, Lead, Suppression
from leads.suppression import suppression
from leads.suppression.allowed_countries import allowed_leads

Scope = Suppression.Scope
MAX_HOST_LEVELS = 3  # "mail.eu.example.com" is stopped by "example.com"


def only_stopped(leads: QuerySet[Lead], reason: str = "") -> QuerySet[Lead]:
    stopped = _is_stopped(reason)
    if reason in ("", Suppression.Reason.OWN_DOMAIN):
        stopped |= _at_own_domain()
    return _with_hosts(leads).filter(stopped)


def only_writable(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    able = leads.filter(allowed_leads(), kind=Kind.LIVE, address=Lead.Address.USABLE)
    return _with_hosts(able).exclude(_is_stopped("") | _at_own_domain())


def _at_own_domain() -> Q:
    """By the setting, which has no row and, unlike the lists of mailboxes, stops the person."""
    found = Q(pk__in=())
    for domain in settings.OWN_DOMAINS:
        found |= Q(email__endswith=f"@{domain}") | Q(email__endswith=f".{domain}")
        found |= Q(company__domain=domain)
    return found


def _with_hosts(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    leads = leads.alias(
        as_value=Cast("pk", CharField()), host0=_text_after("email", "@"), mailbox=_mailbox()
    )
    for n in range(MAX_HOST_LEVELS - 1):
        leads = leads.alias(**{f"host{n + 1}": _text_after(f"host{n}", ".")})
    return leads


def _mailbox() -> Case:
    """The address without what follows a plus; "" for one without a plus."""
    plain = Concat(
        Substr("email", 1, StrIndex(F("email"), Value("+")) - 1),
        Value("@"),
        _text_after("email", "@"),
    )
    return Case(When(email__contains="+", then=plain), default=Value(""), output_field=CharField())


def _text_after(name: str, sign: str) -> Substr:
    """The text after the first `sign`; all of it where there is none."""
    return Substr(name, StrIndex(F(name), Value(sign)) + 1)


def _is_stopped(reason: str) -> Q:
    """Build the condition so that each subquery is read once, however many leads there are."""
    mine = _matching_rows(reason)
    parts = _with_hosts(Lead.rows.filter(merged_into__isnull=False)).filter(mine)
    return mine | Q(pk__in=parts.values("merged_into"))


def _matching_rows(reason: str) -> Q:
    rows = Suppression.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
    if reason:
        rows = rows.filter(reason=reason)
    people, addresses, domains = (
        rows.filter(scope=scope) for scope in (Scope.PERSON, Scope.ADDRESS, Scope.DOMAIN)
    )
    for_person = addresses.exclude(reason__in=suppression.STOPS_THE_ADDRESS_ONLY)
    found = Q(as_value__in=people.values("value")) | Q(email__in=addresses.values("value"))
    found |= Q(personal_email__in=for_person.values("value"))
    found |= Q(mailbox__in=for_person.values("value"))
    if domains.exists():  # splitting addresses into hosts is expensive
        of_companies = domains.filter(reason__in=suppression.COMPANY_REASONS)
        found |= Q(company__domain__in=of_companies.values("value"))
        for n in range(MAX_HOST_LEVELS):
            found |= Q(**{f"host{n}__in": domains.values("value")})
    return found
