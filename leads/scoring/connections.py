"""Warm connections: who of us worked where the lead works or worked, and whom we know there.

Each is a sentence that can stand in an email to a stranger, so where it may be untrue it is not said: companies are
compared whole, by domain or by name; years that only touch, or whose end is not known, are no time together.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q, QuerySet

from leads import normal
from leads.models import KnownContact, Lead, PastEmployer
from leads.scoring_rules import DEFAULT, WARM_KINDS, Rules
from leads.suppression import lists


@dataclass(frozen=True)
class Connection:
    """One connection, in words that can stand in an email, and why we say so, for us."""

    kind: str  # one of rulebook.WARM_KINDS, the strongest first
    member: str
    company: str  # where both worked
    sentence: str
    first_person: str  # the sentence as the member says it
    why: str
    years: int = 0  # together


@dataclass(frozen=True)
class Stay:
    """Somebody's time at a company; a year may be unknown."""

    company: str
    domain: str
    from_year: int | None = None
    to_year: int | None = None

    @property
    def span(self) -> str:
        return f"{self.from_year or '?'}–{self.to_year or '?'}"


def connections(lead: Lead) -> list[Connection]:
    """Every connection of the team to `lead`, the strongest first."""
    now, before = _employers(lead)
    found = (*_known(lead, now), *_shared_employers(now, before), *_known_there(now, before))
    return sorted(found, key=lambda c: (WARM_KINDS.index(c.kind), -c.years, c.member))


def best(found: list[Connection], rules: Rules) -> dict[str, Any] | None:
    """The strongest of them as a dict of Connection's fields; a kind without points under the rules is none."""
    points = dict(rules.warm_points)
    return next((asdict(one) for one in found if points[one.kind]), None)


def best_connection(lead: Lead, rules: Rules = DEFAULT) -> dict[str, Any] | None:
    return best(connections(lead), rules)


def _employers(lead: Lead) -> tuple[list[Stay], list[Stay]]:
    """Where they work, and where they worked."""
    company = lead.company
    now = [Stay(company.name, company.domain or "")] if company else []
    before = [
        Stay(
            past.get("name", ""), past.get("domain", ""), past.get("from_year"), past.get("to_year")
        )
        for past in lead.past_employers
    ]
    return now, before


# Whom we know


def _known(lead: Lead, now: list[Stay]) -> Iterator[Connection]:
    addresses = [one for one in (lead.email, lead.personal_email) if one]
    for contact in _contacts(Q(email__in=addresses) | Q(linkedin_key=lead.linkedin_key or None)):
        by = (
            "LinkedIn profile"
            if lead.linkedin_key and contact.linkedin_key == lead.linkedin_key
            else "address"
        )
        yield _knows_you(contact, f"{lead} is one of {contact.member}'s contacts, by {by}.")
    name = normal.person_key(lead.name)
    if " " not in name:
        return
    for contact in _contacts(Q(name_key=name)):
        other_profile = (
            lead.linkedin_key and contact.linkedin_key and lead.linkedin_key != contact.linkedin_key
        )
        if not other_profile and any(same_company(_stay_of(contact), stay) for stay in now):
            yield _knows_you(
                contact, f"{lead} is one of {contact.member}'s contacts, by name and company."
            )


def _knows_you(contact: KnownContact, why: str) -> Connection:
    member = contact.member.name
    return Connection(
        "known", member, "", f"{member} on our team knows you.", "We know each other.", why
    )


def _known_there(now: list[Stay], before: list[Stay]) -> Iterator[Connection]:
    """Whom we know at an employer; the email names the employer alone, for the contact was not asked."""
    stays = [("known_there", "", stay) for stay in now]
    stays += [("known_before", ", where you have worked", stay) for stay in before]
    wanted = Q(pk=None)
    for _, _, stay in stays:
        domain, key = domain_of(stay), key_of(stay)
        wanted |= Q(domain=domain) if domain else Q(pk=None)
        wanted |= Q(company_key=key) if key else Q(pk=None)
    for contact in _contacts(wanted):
        for kind, where, stay in stays:
            if same_company(_stay_of(contact), stay):
                member, company = contact.member.name, stay.company or contact.company_name
                yield Connection(
                    kind, member, "",
                    f"{member} on our team knows somebody from {company}{where}.",
                    f"I know somebody from {company}{where}.",
                    f"{contact.name} of {contact.company_name or contact.domain} is one of {member}'s contacts.",
                )  # fmt: skip


def _contacts(which: Q) -> QuerySet[KnownContact]:
    """Of people who are on the team still; what is empty in a contact is nobody's."""
    return (
        KnownContact.objects.filter(which, member__active=True)
        .select_related("member")
        .order_by("pk")
    )


def _stay_of(contact: KnownContact) -> Stay:
    return Stay(contact.company_name, contact.domain)


# Where we worked


def _shared_employers(now: list[Stay], before: list[Stay]) -> Iterator[Connection]:
    for past in PastEmployer.objects.filter(member__active=True).select_related("member"):
        ours = Stay(past.company_name, past.domain, past.from_year, past.to_year)
        for theirs in before:
            if same_company(ours, theirs):
                yield _both(past.member.name, ours, theirs)
        if any(same_company(ours, stay) for stay in now):
            member, company = past.member.name, ours.company
            yield Connection(
                "employer_now", member, company,
                f"{member} on our team used to work at {company}.", f"I used to work at {company}.",
                f"{member} was there {ours.span}.",
            )  # fmt: skip


def _both(member: str, ours: Stay, theirs: Stay) -> Connection:
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


def years_together(ours: Stay, theirs: Stay) -> int:
    """For how many turns of the year both were surely there; an unknown year is none.

    Who left in the year in which the other came may have missed them. Our own past ended, so an open end of ours is
    unknown; an open end of theirs is "until now".
    """
    if ours.from_year is None or ours.to_year is None or theirs.from_year is None:
        return 0
    until = ours.to_year if theirs.to_year is None else min(ours.to_year, theirs.to_year)
    return max(0, until - max(ours.from_year, theirs.from_year))


# Which company


def same_company(one: Stay, other: Stay) -> bool:
    """By registrable domain where both have one, else by normalised name; never by part of a name."""
    domains = domain_of(one), domain_of(other)
    if all(domains):
        return domains[0] == domains[1]
    key = key_of(one)
    return bool(key) and key == key_of(other)


def domain_of(stay: Stay) -> str:
    """The company's own domain; "" for a page on a site of many, and for a mailbox provider."""
    found = normal.domain(stay.domain)
    named = {found, normal.host(stay.domain).removeprefix("www.")}
    return "" if named & (lists.named("shared_hosts") | lists.named("free_mail")) else found


def key_of(stay: Stay) -> str:
    """The company's name as it is compared; "" where it says that there is no company."""
    key = normal.company_key(stay.company)
    return "" if key in lists.named("no_company") else key
