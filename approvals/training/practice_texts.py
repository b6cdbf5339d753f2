"""Invented recipients, and emails to them with one fault each or none. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from approvals.models import Fault

FAULTS = tuple(fault for fault in Fault if fault != Fault.NONE)
COMPETITORS_INDUSTRY = "AI consulting, fractional chief AI officers"


@dataclass(frozen=True)
class Recipient:
    first: str
    last: str
    title: str
    company: str
    industry: str
    employees: str
    employees_from: int
    city: str
    state: str
    page: str
    work: str  # what takes their team's time


@dataclass(frozen=True)
class PracticeEmail:
    """An email before it is stored. `phrases` are its facts, each with a source."""

    recipient: Recipient
    fault: Fault
    subject: str
    body: str
    phrases: tuple[dict[str, str], ...]
    has_legal_footer: bool = True


RECIPIENTS = (
    Recipient(
        "Nadia", "Brooks", "VP Operations", "Larkspur Freight", "Logistics", "201-500", 201,
        "Columbus", "OH", "/services", "carrier emails",
    ),
    Recipient(
        "Owen", "Castellano", "Chief Operating Officer", "Fenwick Clinics", "Healthcare",
        "501-1,000", 501, "Nashville", "TN", "/case-studies/scheduling", "appointment changes",
    ),
    Recipient(
        "Grace", "Lindqvist", "Head of Customer Service", "Tallow & Pine", "Furniture retail",
        "51-200", 51, "Portland", "OR", "/pricing", "order questions",
    ),
    Recipient(
        "Hugo", "Barrett", "Director of Finance", "Quarrystone Supply", "Building materials",
        "201-500", 201, "Denver", "CO", "/services", "supplier invoices",
    ),
    Recipient(
        "Imani", "Foster", "VP Claims", "Harborlight Mutual", "Insurance", "501-1,000", 501,
        "Hartford", "CT", "/case-studies/claims", "first notices of loss",
    ),
    Recipient(
        "Leo", "Marchetti", "Plant Manager", "Vireo Packaging", "Manufacturing", "201-500", 201,
        "Akron", "OH", "/book-a-call", "shift reports",
    ),
    Recipient(
        "Sofia", "Reyes", "Head of Talent", "Bluegate Staffing", "Staffing", "51-200", 51,
        "Austin", "TX", "/pricing", "candidate follow-ups",
    ),
    Recipient(
        "Theo", "Wallace", "Managing Partner", "Wallace Keane", "Accounting", "51-200", 51,
        "Chicago", "IL", "/resources/ai-readiness-checklist", "client document requests",
    ),
)  # fmt: skip


def choose_faults(count: int, chance: random.Random) -> list[Fault]:
    """About half are good, at least one from two emails on; each fault comes before any repeats."""
    good = count // 2
    faulty: list[Fault] = []
    while len(faulty) < count - good:
        faulty += chance.sample(FAULTS, len(FAULTS))
    chosen = faulty[: count - good] + [Fault.NONE] * good
    chance.shuffle(chosen)
    return chosen


def write_practice_emails(count: int, chance: random.Random) -> list[PracticeEmail]:
    people: list[Recipient] = []
    while len(people) < count:
        people += chance.sample(RECIPIENTS, len(RECIPIENTS))
    faults = choose_faults(count, chance)
    return [write_email(one, fault, RECIPIENTS) for one, fault in zip(people, faults, strict=False)]


def write_email(to: Recipient, fault: Fault, others: Sequence[Recipient]) -> PracticeEmail:
    if fault == Fault.COMPETITOR:
        advisors = f"{to.last} AI Advisors"
        to = replace(to, company=advisors, industry=COMPETITORS_INDUSTRY, title="Founding Partner")
    name = next(one.first for one in others if one.first != to.first)
    greeting = f"Hi {name if fault == Fault.WRONG_NAME else to.first},"
    company = "{{ company }}" if fault == Fault.PLACEHOLDER else to.company
    opening = (
        f"Somebody at {company} read our page on {to.work} this week, so I will be brief: "
        f"in {in_a_sentence(to.industry)} that is often the first thing a team hands to software."
    )
    if fault == Fault.INVENTED_FACT:
        opening += f" And congratulations on the $40M round that {to.company} closed in June."
    body = "\n\n".join(
        [
            greeting,
            opening,
            f"We build that for teams of your size and measure it: hours spent on {to.work} "
            "before, and after.",
            "Would a 15-minute call next week be worth it?",
        ]
    )
    return PracticeEmail(
        to,
        fault,
        f"{to.work.capitalize()} at {company}",
        body,
        tuple(_facts(to, fault)),
        has_legal_footer=fault != Fault.MISSING_FOOTER,
    )


def in_a_sentence(words: str) -> str:
    """ "Logistics" as "logistics", but "AI consulting" as it is."""
    return words if words[1:2].isupper() else words[0].lower() + words[1:]


def _facts(to: Recipient, fault: Fault) -> list[dict[str, str]]:
    known_by = "rb2b"
    if fault == Fault.CUSTOMER:
        known_by = "our customer list: a customer since March 2024"
    facts = [
        {"text": to.first, "field": "first_name", "source": "rb2b"},
        {"text": to.company, "field": "company", "source": known_by},
        {"text": in_a_sentence(to.industry), "field": "industry", "source": "clay"},
    ]
    left_out = {Fault.WRONG_NAME: 0, Fault.PLACEHOLDER: 1}.get(fault)
    return [fact for number, fact in enumerate(facts) if number != left_out]
