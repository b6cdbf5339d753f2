"""Warm connections: shared employers of the team and the lead, and contacts at their employers.

Each connection is a sentence that may stand in an email to a stranger, so it is only made where it
is surely true. Companies are compared whole, by domain or by name. Years that only touch, or whose
end is unknown, do not count as time together.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from leads import normal
from leads.field_values import shared_hosts
from leads.identity import company_matching
from leads.models import KnownContact, Lead, TeamMember
from leads.scoring_rules import DEFAULT_RULES, WARM_KINDS, Rules
from leads.suppression import lists


@dataclass(frozen=True)
class Connection:
    """One connection as sentences for an email; `why` explains it to the team."""

    kind: str  # one of WARM_KINDS
    member: str
    company: str  # where both worked
    sentence: str
    first_person: str  # the sentence as the member says it
    why: str
    years: int = 0  # years together


@dataclass(frozen=True)
class Employment:
    """Time at one company; a year may be unknown."""

    company: str
    domain: str
    from_year: int | None = None
    to_year: int | None = None

    @property
    def span(self) -> str:
        return f"{self.from_year or '?'}–{self.to_year or '?'}"


@dataclass(frozen=True)
class TeamNetwork:
    """What the team brings to every lead: where whom of it worked, and whether it has contacts."""

    past: tuple[tuple[str, Employment], ...]  # with the name of the member
    has_contacts: bool


def load_network() -> TeamNetwork:
    """One statement, for a batch of leads."""
    contacts = KnownContact.objects.filter(member=OuterRef("pk"))
    columns = ("company_name", "domain", "from_year", "to_year")
    rows = list(
        TeamMember.objects.filter(active=True)
        .annotate(has_contacts=Exists(contacts))
        .order_by("past_employers")
        .values_list("name", "has_contacts", *(f"past_employers__{name}" for name in columns))
    )
    past = tuple((name, Employment(*stay)) for name, _, *stay in rows if stay[0] is not None)
    return TeamNetwork(past, any(has_contacts for _, has_contacts, *_ in rows))


def find_connections(lead: Lead, network: TeamNetwork | None = None) -> list[Connection]:
    network = network or load_network()
    now, before = _employers_of(lead)
    contacts = _contacts_of(lead, now, before) if network.has_contacts else []
    found = (
        *_contacts_known(lead, contacts, now),
        *_shared_employers(network, now, before),
        *_contacts_at_employers(contacts, now, before),
    )
    return sorted(found, key=lambda c: (WARM_KINDS.index(c.kind), -c.years, c.member))


def strongest_connection(found: list[Connection], rules: Rules) -> dict[str, Any] | None:
    points = dict(rules.warm_points)
    return next((asdict(one) for one in found if points[one.kind]), None)


def best_connection(
    lead: Lead, rules: Rules = DEFAULT_RULES, network: TeamNetwork | None = None
) -> dict[str, Any] | None:
    return strongest_connection(find_connections(lead, network), rules)


def _employers_of(lead: Lead) -> tuple[list[Employment], list[Employment]]:
    company = lead.company
    now = [Employment(company.name, company.domain or "")] if company else []
    before = [
        Employment(
            past.get("name", ""), past.get("domain", ""), past.get("from_year"), past.get("to_year")
        )
        for past in lead.past_employers
    ]
    return now, before


# Contacts of the team


def _contacts_of(lead: Lead, now: list[Employment], before: list[Employment]) -> list[KnownContact]:
    """Contacts of active team members who may be the lead, or at an employer of theirs.

    An empty field of a contact matches nothing.
    """
    domains = {domain for stay in (*now, *before) if (domain := company_domain(stay))}
    keys = {key for stay in (*now, *before) if (key := company_name_key(stay))}
    name = normal.person_key(lead.name)
    wanted = (
        Q(email__in=_addresses_of(lead))
        | Q(linkedin_key=lead.linkedin_key or None)
        | (Q(name_key=name) if " " in name else Q(pk=None))
        | Q(domain__in=domains)
        | Q(company_key__in=keys)
    )
    rows = KnownContact.objects.filter(wanted, member__active=True)
    return list(rows.select_related("member").order_by("pk"))


def _addresses_of(lead: Lead) -> list[str]:
    return [one for one in (lead.email, lead.personal_email) if one]


def _contacts_known(
    lead: Lead, contacts: list[KnownContact], now: list[Employment]
) -> Iterator[Connection]:
    addresses, name = _addresses_of(lead), normal.person_key(lead.name)
    for contact in contacts:
        by_profile = lead.linkedin_key and contact.linkedin_key == lead.linkedin_key
        if by_profile or contact.email in addresses:
            by = "LinkedIn profile" if by_profile else "address"
            yield _contact_connection(
                contact, f"{lead} is one of {contact.member}'s contacts, by {by}."
            )
    for contact in contacts if " " in name else []:
        other_profile = (
            lead.linkedin_key and contact.linkedin_key and lead.linkedin_key != contact.linkedin_key
        )
        if (
            contact.name_key == name
            and not other_profile
            and any(same_company(_employment_of(contact), stay) for stay in now)
        ):
            yield _contact_connection(
                contact, f"{lead} is one of {contact.member}'s contacts, by name and company."
            )


def _contact_connection(contact: KnownContact, why: str) -> Connection:
    member = contact.member.name
    return Connection(
        "known", member, "", f"{member} on our team knows you.", "We know each other.", why
    )


def _contacts_at_employers(
    contacts: list[KnownContact], now: list[Employment], before: list[Employment]
) -> Iterator[Connection]:
    """Contacts at an employer. The email names only the employer: the contact was not asked."""
    stays = [("known_there", "", stay) for stay in now]
    stays += [("known_before", ", where you have worked", stay) for stay in before]
    for contact in contacts:
        for kind, where, stay in stays:
            if same_company(_employment_of(contact), stay):
                member, company = contact.member.name, stay.company or contact.company_name
                yield Connection(
                    kind, member, "",
                    f"{member} on our team knows somebody from {company}{where}.",
                    f"I know somebody from {company}{where}.",
                    f"{contact.name} of {contact.company_name or contact.domain}"
                    f" is one of {member}'s contacts.",
                )  # fmt: skip


def _employment_of(contact: KnownContact) -> Employment:
    return Employment(contact.company_name, contact.domain)


# Shared employers


def _shared_employers(
    network: TeamNetwork, now: list[Employment], before: list[Employment]
) -> Iterator[Connection]:
    for member, ours in network.past:
        for theirs in before:
            if same_company(ours, theirs):
                yield _past_employer_connection(member, ours, theirs)
        if any(same_company(ours, stay) for stay in now):
            company = ours.company
            yield Connection(
                "employer_now", member, company,
                f"{member} on our team used to work at {company}.", f"I used to work at {company}.",
                f"{member} was there {ours.span}.",
            )  # fmt: skip


def _past_employer_connection(member: str, ours: Employment, theirs: Employment) -> Connection:
    company, why = ours.company, f"{member} was there {ours.span}, they {theirs.span}."
    if years := years_together(ours, theirs):
        sentence = f"{member} on our team was at {company} when you were there."
        return Connection(
            "overlap",
            member,
            company,
            sentence,
            f"I was at {company} when you were there.",
            why,
            years,
        )
    sentence = f"{member} on our team also worked at {company}."
    return Connection("employer", member, company, sentence, f"I also worked at {company}.", why)


def years_together(ours: Employment, theirs: Employment) -> int:
    """Count the turns of the year at which both surely worked there; an unknown year gives 0.

    People who left and came in the same year may have missed each other. A team member's past
    employment has ended, so a missing end year is unknown; a missing end year of the lead means
    "until now".
    """
    if ours.from_year is None or ours.to_year is None or theirs.from_year is None:
        return 0
    until = ours.to_year if theirs.to_year is None else min(ours.to_year, theirs.to_year)
    return max(0, until - max(ours.from_year, theirs.from_year))


# Comparing companies


def same_company(one: Employment, other: Employment) -> bool:
    """Compare registrable domains if both are known, else whole normalised names."""
    domains = company_domain(one), company_domain(other)
    if all(domains):
        return domains[0] == domains[1]
    key = company_name_key(one)
    return bool(key) and key == company_name_key(other)


def company_domain(stay: Employment) -> str:
    """The company's own domain; "" for a shared host or a mailbox provider."""
    found = shared_hosts.employer_domain(stay.domain)
    return "" if found in lists.load_list("free_mail") else found


def company_name_key(stay: Employment) -> str:
    return company_matching.employer_key(stay.company)
