"""Which stored rows can stop a person, and each for which reasons."""

from collections.abc import Iterable, Sequence, Set

from django.db.models import Q

from leads import normal
from leads.models import Lead, Suppression

Reason = Suppression.Reason
Scope = Suppression.Scope
# These stop one mailbox; the person may have another. All other reasons stop the person.
STOPS_THE_ADDRESS_ONLY = {
    Reason.PERSONAL,
    Reason.ROLE,
    Reason.DISPOSABLE,
    Reason.BOUNCED,
    Reason.INVALID,
    Reason.GONE,
}
# These hold for everybody at the company, at whatever address.
COMPANY_REASONS = {Reason.CUSTOMER, Reason.COMPETITOR, Reason.OWN_DOMAIN}
ANY_REASON = frozenset(Reason.values)
PERSON_REASONS = ANY_REASON - STOPS_THE_ADDRESS_ONLY

Keys = dict[tuple[str, str], Set[str]]


def keys_of(address: str, person: Sequence[Lead]) -> Keys:
    """The (scope, value) pairs that can stop a lead, each with the reasons for which it does."""
    # An opt-out at one address holds for the others of the person.
    others = {mail for row in person for mail in (row.email or "", row.personal_email)}
    others |= {normal.mailbox_address(mail) for mail in (*others, address)}
    others -= {"", address}
    profiles = {row.linkedin_key for row in person if row.linkedin_key}
    companies = {company_domain(row) for row in person} - {""}
    keys: Keys = dict.fromkeys(((str(Scope.ADDRESS), mail) for mail in others), PERSON_REASONS)
    keys |= dict.fromkeys(
        ((str(Scope.ADDRESS_HASH), normal.erased_hash(one)) for one in others | profiles),
        ANY_REASON,
    )
    keys |= dict.fromkeys(((str(Scope.PERSON), str(row.pk)) for row in person), ANY_REASON)
    keys |= dict.fromkeys(((str(Scope.DOMAIN), name) for name in companies), COMPANY_REASONS)
    if address:
        keys |= {
            (str(Scope.ADDRESS), address): ANY_REASON,
            (str(Scope.ADDRESS_HASH), normal.erased_hash(address)): ANY_REASON,
        }
        parents = host_and_parents(address.rpartition("@")[2])
        keys |= dict.fromkeys(((str(Scope.DOMAIN), name) for name in parents), ANY_REASON)
    return keys


def company_domain(lead: Lead) -> str:
    return (lead.company.domain or "") if lead.company else ""


def row_applies(row: Suppression, keys: Keys) -> bool:
    return row.reason in keys.get((row.scope, row.value), ())


def values_by_scope(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for scope, value in sorted(keys):
        found.setdefault(scope, []).append(value)
    return found


def rows_of_scopes(values: dict[str, list[str]]) -> Q:
    wanted = Q(pk=None)
    for scope, mine in values.items():
        wanted |= Q(scope=scope, value__in=mine)
    return wanted


def host_and_parents(host: str) -> list[str]:
    """ "mail.acme.co.uk", "acme.co.uk", "co.uk": a stopped domain stops everything below it."""
    labels = host.split(".")
    return [".".join(labels[n:]) for n in range(max(1, len(labels) - 1))]
