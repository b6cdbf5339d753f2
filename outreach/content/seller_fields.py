"""What emails say of the seller: the company, what it does, for whom, with which proof. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outreach.content.merge_fields import FieldValue
from outreach.content.roles import ANY_ROLE, DEFAULTS, ROLES

FIELD_EXAMPLES = {
    "seller_offer": "what we do, as a sentence",
    "seller_customers": "whom we help; follows “We work with”",
    "seller_start": "how it starts, as a sentence",
    "seller_proof": "the proof for their industry, as a sentence; absent without one",
    "role_topic": "what their role cares about; begins a subject",
    "role_pain": "a problem of their role, as a sentence",
    "role_question": "a question to their role",
    "booking_link": "where a time can be booked; the signature has it",
    "meeting_times": "two times, where they looked for a demo, a call or a price",
}
OWN_WORDS = frozenset(name for name in FIELD_EXAMPLES if name.startswith(("seller_", "role_")))
SENTENCES = ("offer", "start", "result")
MOST_WORDS = {"offer": 18, "start": 18, "result": 15, "pain": 18, "question": 12, "proof": 15}
LONGEST_TOPIC = 20  # characters


@dataclass(frozen=True)
class RoleWords:
    """What emails to one role speak of and ask."""

    topic: str
    pain: str
    question: str


@dataclass(frozen=True)
class Proof:
    """A customer, a number or a result. `industry` is empty where it fits every one."""

    industry: str
    sentence: str


@dataclass(frozen=True)
class Seller:
    company: str
    offer: str
    customers: str
    start: str
    result: str
    booking_url: str
    proofs: tuple[Proof, ...]
    roles: Mapping[str, RoleWords]
    version: int = 0  # 0: nobody has filled in the page yet

    @property
    def source(self) -> str:
        return f"What we sell, version {self.version}" if self.version else "the starting set"


def default_roles() -> dict[str, RoleWords]:
    return {
        row["key"]: RoleWords(row["topic"], row["pain"], row["question"])
        for row in DEFAULTS["role"]
    }


def default_seller(company: str) -> Seller:
    return Seller(
        company, DEFAULTS["offer"], "", DEFAULTS["start"], "", "", (), default_roles()
    )  # no result and no proof: both would be made up


def seller_from_words(words: Mapping[str, Any], version: int) -> Seller:
    plain = {
        name: str(words.get(name, ""))
        for name in ("company", "offer", "customers", "start", "result", "booking_url")
    }
    roles = {key: RoleWords(**row) for key, row in words.get("roles", {}).items()}
    proofs = tuple(Proof(**row) for row in words.get("proofs", ()))
    return Seller(**plain, proofs=proofs, roles={**default_roles(), **roles}, version=version)


def words_of_seller(seller: Seller) -> dict[str, Any]:
    return {
        **{
            name: getattr(seller, name)
            for name in ("company", "offer", "customers", "start", "result", "booking_url")
        },
        "proofs": [vars(proof) for proof in seller.proofs],
        "roles": {role.key: vars(seller.roles[role.key]) for role in ROLES},
    }


def proof_for(seller: Seller, industry: str) -> str:
    """The proof for `industry`, else the one for any, else the result; "" without all three."""
    low = industry.lower().strip()
    own = (
        proof.sentence
        for proof in seller.proofs
        if proof.industry and low and _same_industry(proof.industry.lower(), low)
    )
    for_any = (proof.sentence for proof in seller.proofs if not proof.industry)
    return next(own, "") or next(for_any, "") or seller.result


def _same_industry(ours: str, theirs: str) -> bool:
    return ours in theirs or theirs in ours


def seller_values(
    seller: Seller, role: str, industry: str, own_booking_url: str = ""
) -> dict[str, FieldValue]:
    words = seller.roles.get(role) or seller.roles[ANY_ROLE]
    found = {
        "sender_company": seller.company,
        "seller_offer": seller.offer,
        "seller_customers": seller.customers,
        "seller_start": seller.start,
        "seller_proof": proof_for(seller, industry),
        "role_topic": words.topic,
        "role_pain": words.pain,
        "role_question": words.question,
        "booking_link": own_booking_url or seller.booking_url,
    }
    return {name: FieldValue(text, seller.source) for name, text in found.items() if text}


def parse_proofs(typed: str) -> tuple[Proof, ...]:
    """Read one proof a line: "industry: sentence", or "any: sentence"."""
    proofs = []
    for line in filter(None, map(str.strip, typed.splitlines())):
        industry, colon, sentence = line.partition(":")
        if not colon or len(industry.split()) > 5:
            industry, sentence = "", line
        name = industry.strip()
        proofs.append(Proof("" if name.lower() == "any" else name, sentence.strip()))
    return tuple(proofs)


def proofs_as_lines(proofs: tuple[Proof, ...]) -> str:
    return "\n".join(f"{proof.industry or 'any'}: {proof.sentence}" for proof in proofs)


def sentence_problem(name: str, text: str) -> str:
    """What keeps `text` from standing in emails as `name`, as a sentence; "" where nothing does."""
    words, most = len(text.split()), MOST_WORDS[name]
    if words > most:
        return f"{words} words; at most {most}, so that an email stays under 80."
    if len(text.splitlines()) > 1:
        return "One line only."
    if "{{" in text or "://" in text:
        return "No fields and no links here."
    if name == "question":
        return (
            "" if text.count("?") == 1 and text.endswith("?") else "End it with one question mark."
        )
    if "?" in text or not text.endswith("."):
        return "Write a full sentence that ends with a period."
    return ""
