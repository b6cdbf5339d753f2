"""Combines the fields of two leads in a merge, and restores them in an undo.

Works on the two rows in memory: the same code previews a merge or an undo and does it.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leads import owner_rules
from leads.models import Lead
from leads.suppression import allowed_countries

FACT_FIELDS = (
    "first_name", "last_name", "title", "company_id", "city", "state", "past_employers",
    "ghl_assigned_to",
)  # fmt: skip
OWNER_FIELDS = ("owner_id", "owner_how", "owner_rule_id")  # they go together
MAILBOX_FIELDS = ("email", "email_verified", "email_invalid")  # they go together
IDENTIFIER_FIELDS = (*MAILBOX_FIELDS, "linkedin_key", "personal_email")
MERGED_FIELDS = (*FACT_FIELDS, "country", *OWNER_FIELDS, *IDENTIFIER_FIELDS)
UNIQUE_FIELDS = ("email", "linkedin_key")
EMPTY_VALUES: tuple[Any, ...] = ("", None, [])

ONLY_OURS, ONLY_THEIRS = "Only the lead that stays knew it.", "Only the other lead knew it."
OURS_FIRST, THEIRS_FIRST = "The lead that stays knew it first.", "The other lead knew it first."
BETTER_MAILBOX = "An address that can be written to comes before one that cannot."
STILL_LEADS_HERE = "It stays as it is; what the other lead had still leads to this person."
STRICTER_COUNTRY = "Of two countries, the one that may not be written to stands."
STRONGER_OWNER = "An owner set by hand comes before GoHighLevel's, and that before one by a rule."
SAME_OWNER_HOW = "The owner of the lead that stays came about in a way at least as strong."
CHANGED_SINCE = "It has changed since the merge, and stays."
TAKEN_BY_OTHER = "Somebody else has it by now."

FieldChanges = dict[
    str, dict[str, Any]
]  # {field: {survivor, loser, after, why}}, the first two [value, source]


@dataclass(frozen=True)
class RestoredField:
    """What a lead has of one field after an undo; `why` where it differs from before the merge."""

    field: str
    whose: str  # "survivor" or "loser"
    now: Any
    then: Any
    why: str = ""


def combine_fields(survivor: Lead, loser: Lead) -> FieldChanges:
    """Give `survivor` what `loser` knew first or alone; returns each field in which they
    differed.
    """
    known = {
        field: {
            "survivor": _value_and_source(survivor, field),
            "loser": _value_and_source(loser, field),
        }
        for field in MERGED_FIELDS
    }
    whys = {field: _take_fact(survivor, loser, field) for field in FACT_FIELDS}
    whys["country"] = _take_country(survivor, loser)
    whys |= dict.fromkeys(OWNER_FIELDS, _take_owner(survivor, loser))
    whys |= _take_identifiers(survivor, loser)
    together = (MAILBOX_FIELDS if _values_differ(known["email"]) else ()) + (
        OWNER_FIELDS if any(_values_differ(known[one]) for one in OWNER_FIELDS) else ()
    )
    return {
        field: {**both, "after": getattr(survivor, field), "why": whys[field]}
        for field, both in known.items()
        if _values_differ(both) or field in together
    }


def _values_differ(both: dict[str, Any]) -> bool:
    return bool(both["survivor"][0] != both["loser"][0])


def _take_fact(survivor: Lead, loser: Lead, field: str) -> str:
    (ours, our_source), (theirs, their_source) = (
        _value_and_source(survivor, field),
        _value_and_source(loser, field),
    )
    if theirs in EMPTY_VALUES or ours == theirs:
        return ONLY_OURS
    if ours in EMPTY_VALUES:
        _set_field(survivor, field, theirs, their_source)
        return ONLY_THEIRS
    if our_source and their_source and _source_time(their_source) < _source_time(our_source):
        _set_field(survivor, field, theirs, their_source)
        return THEIRS_FIRST
    return OURS_FIRST


def _take_country(survivor: Lead, loser: Lead) -> str:
    ours, (theirs, source) = survivor.country, _value_and_source(loser, "country")
    is_refused = allowed_countries.is_refused
    if not ours or not theirs or is_refused(ours) == is_refused(theirs):
        return _take_fact(survivor, loser, "country")
    if is_refused(theirs):
        _set_field(survivor, "country", theirs, source)
    return STRICTER_COUNTRY


def _take_owner(survivor: Lead, loser: Lead) -> str:
    if loser.owner_id is None:
        return ONLY_OURS
    if survivor.owner_id is not None and not owner_rules.is_stronger(
        loser.owner_how, survivor.owner_how
    ):
        return SAME_OWNER_HOW
    for field in OWNER_FIELDS:
        setattr(survivor, field, getattr(loser, field))
    survivor.owner_facts = ""  # what the rules read is another person's by now
    return STRONGER_OWNER


def _take_identifiers(survivor: Lead, loser: Lead) -> dict[str, str]:
    # Identifiers that stay with the loser still find the person.
    whys = dict.fromkeys(IDENTIFIER_FIELDS, STILL_LEADS_HERE)
    if _has_better_mailbox(loser, survivor):
        whys |= dict.fromkeys(MAILBOX_FIELDS, BETTER_MAILBOX if survivor.email else ONLY_THEIRS)
        _swap_fields(survivor, loser, MAILBOX_FIELDS)
    if loser.linkedin_key and not survivor.linkedin_key:
        whys["linkedin_key"] = ONLY_THEIRS
        _swap_fields(survivor, loser, ("linkedin_key",))
    if not survivor.personal_email:
        survivor.personal_email, whys["personal_email"] = loser.personal_email, ONLY_THEIRS
    return whys


def _has_better_mailbox(loser: Lead, survivor: Lead) -> bool:
    usable = Lead.Address.USABLE
    return bool(loser.email) and (
        not survivor.email or (loser.address == usable and survivor.address != usable)
    )


def _swap_fields(survivor: Lead, loser: Lead, fields: tuple[str, ...]) -> None:
    for field in fields:
        ours, theirs = _value_and_source(survivor, field), _value_and_source(loser, field)
        _set_field(survivor, field, *theirs)
        _set_field(loser, field, *ours)


def restore_fields(fields: FieldChanges, survivor: Lead, loser: Lead) -> list[RestoredField]:
    """Give each lead what it had before, unless it changed since or another lead has it by now.

    Whether an address works goes with the address.
    """
    before = {
        (whose, field): getattr(lead, field)
        for whose, lead in _both_leads(survivor, loser)
        for field in fields
    }
    address, learnt = survivor.email, {flag: getattr(survivor, flag) for flag in MAILBOX_FIELDS[1:]}
    heads = {
        field: "email" if field in MAILBOX_FIELDS and "email" in fields else field
        for field in fields
    }
    changed = {
        field for field, head in heads.items() if getattr(survivor, head) != fields[head]["after"]
    }
    changed |= set(OWNER_FIELDS) & fields.keys() if changed & set(OWNER_FIELDS) else set()
    for field in fields.keys() - changed:
        _set_field(survivor, field, *fields[field]["survivor"])
    if "owner_id" in fields.keys() - changed:
        survivor.owner_facts = ""
    taken = {
        field
        for field, head in heads.items()
        if _is_taken(head, fields[head]["loser"][0], survivor, loser)
    }
    for field in fields.keys() & set(IDENTIFIER_FIELDS) - taken:
        _set_field(loser, field, *fields[field]["loser"])
    for flag, value in learnt.items() if address else ():
        if flag in fields:  # what was learnt about an address since goes where the address goes
            setattr(survivor if survivor.email == address else loser, flag, value)
    why = {
        "survivor": dict.fromkeys(changed, CHANGED_SINCE),
        "loser": dict.fromkeys(taken, TAKEN_BY_OTHER),
    }
    return [
        RestoredField(
            field, whose, before[whose, field], getattr(lead, field), why[whose].get(field, "")
        )
        for whose, lead in _both_leads(survivor, loser)
        for field in MERGED_FIELDS
        if field in fields and (whose == "survivor" or field in IDENTIFIER_FIELDS)
    ]


def _both_leads(survivor: Lead, loser: Lead) -> tuple[tuple[str, Lead], ...]:
    return ("survivor", survivor), ("loser", loser)


def _is_taken(field: str, value: Any, survivor: Lead, loser: Lead) -> bool:
    if field not in UNIQUE_FIELDS or value is None:
        return False
    others = Lead.rows.filter(**{field: value}).exclude(pk__in=[survivor.pk, loser.pk])
    return getattr(survivor, field) == value or others.exists()


def preview_mark(of: Any) -> str:
    """A short mark of what was shown, to notice that it is not what would be done any more."""
    return hashlib.sha256(json.dumps(of, sort_keys=True, default=str).encode()).hexdigest()[:20]


def _value_and_source(lead: Lead, field: str) -> list[Any]:
    return [getattr(lead, field), lead.sources.get(field.removesuffix("_id"))]


def _source_time(source: dict[str, str]) -> datetime:
    return datetime.fromisoformat(source["at"])


def _set_field(lead: Lead, field: str, value: Any, source: dict[str, str] | None) -> None:
    setattr(lead, field, value)
    name = field.removesuffix("_id")
    rest = {key: other for key, other in lead.sources.items() if key != name}
    lead.sources = {**rest, name: source} if source else rest
