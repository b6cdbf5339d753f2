"""Warm connections: who of us worked where the lead works or worked, and who of us knows them."""

from dataclasses import asdict, dataclass
from typing import Any

from leads import normal
from leads.models import KnownContact, Lead, PastEmployer


@dataclass(frozen=True)
class Connection:
    """The best connection, in words that can stand in an email."""

    kind: str  # known, overlap, employer, employer_now
    member: str
    company: str
    sentence: str


@dataclass(frozen=True)
class Stay:
    """Somebody's time at a company; a year may be unknown."""

    company: str
    domain: str
    from_year: int | None
    to_year: int | None


STRENGTH = {"known": 0, "overlap": 1, "employer": 2, "employer_now": 3}


def best_connection(lead: Lead) -> dict[str, Any] | None:
    """The strongest connection of the team to `lead` as a dict of Connection's fields, or None."""
    found = [*_known(lead), *_shared_employers(lead)]
    return asdict(min(found, key=lambda c: (STRENGTH[c.kind], c.member))) if found else None


def _known(lead: Lead) -> list[Connection]:
    found = []
    wanted = {name: value for name, value in (("linkedin_key", lead.linkedin_key), ("email", lead.email)) if value}
    for name, value in wanted.items():
        for contact in KnownContact.objects.filter(member__active=True, **{f"{name}__iexact": value}).select_related(
            "member"
        ):
            member = contact.member.name
            found.append(Connection("known", member, "", f"{member} on our team knows you."))
    return found


def _shared_employers(lead: Lead) -> list[Connection]:
    stays = [_stay(past) for past in lead.past_employers]
    found = []
    for past in PastEmployer.objects.filter(member__active=True).select_related("member"):
        ours = Stay(past.company_name, past.domain, past.from_year, past.to_year)
        found += [_both(past.member.name, ours, theirs) for theirs in stays if same_company(ours, theirs)]
        if lead.company and same_company(ours, Stay(lead.company.name, lead.company.domain or "", None, None)):
            member, company = past.member.name, past.company_name
            found.append(
                Connection("employer_now", member, company, f"{member} on our team used to work at {company}.")
            )
    return found


def _both(member: str, ours: Stay, theirs: Stay) -> Connection:
    if overlaps(ours, theirs):
        sentence = f"{member} on our team was at {ours.company} when you were there."
        return Connection("overlap", member, ours.company, sentence)
    return Connection("employer", member, ours.company, f"{member} on our team also worked at {ours.company}.")


def _stay(past: dict[str, Any]) -> Stay:
    return Stay(past.get("name", ""), past.get("domain", ""), past.get("from_year"), past.get("to_year"))


def same_company(one: Stay, other: Stay) -> bool:
    """By registrable domain where both have one, else by normalised name; never by part of a name."""
    domains = normal.domain(one.domain), normal.domain(other.domain)
    if all(domains):
        return domains[0] == domains[1]
    key = normal.company_key(one.company)
    return bool(key) and key == normal.company_key(other.company)


def overlaps(one: Stay, other: Stay) -> bool:
    """Whether both were there at the same time; unknown years are no overlap. An open end is "until now"."""
    if one.from_year is None or other.from_year is None:
        return False
    return one.from_year <= (other.to_year or 9999) and other.from_year <= (one.to_year or 9999)
