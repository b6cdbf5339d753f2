"""Clay's callback: the object in its body, and whom it says it is about. Pure.

A person writes the body's template in Clay, so keys come as columns are called there ("Work
Email", `workEmail`), and the object may be wrapped.
"""

import re
from dataclasses import dataclass
from typing import Any

from caio_project.lib.files import load_json
from leads import normal
from leads.field_values import addresses, vendor_words
from leads.integrations.body_errors import UnreadableBody
from leads.json_reader import fullest_values, weigh_value

WRAPPERS = (
    "data", "payload", "body", "row", "record", "result", "response", "output", "person", "lead",
    "visitor", "contact", "enrichment",
)  # fmt: skip
# As columns are called in Clay, and by what name the answer is read.
OTHER_NAMES = {
    "linkedin_profile": "linkedin_url",
    "linkedin_profile_url": "linkedin_url",
    "person_linkedin_url": "linkedin_url",
    "linkedin": "linkedin_url",
    "business_email": "work_email",
    "email_address": "email",
    "rb2b_visitor_id": "visitor_id",
}
ADDRESS_NAMES = ("work_email", "email", "personal_email")
LONGEST_CELL = 1000
LONGEST_VISITOR_ID = 100
DEEPEST = 4  # wrappers in wrappers


@dataclass(frozen=True)
class AnswerIdentifiers:
    """Whom a callback is about, each normalised; "" or nothing where it does not say."""

    request_id: str = ""
    addresses: tuple[str, ...] = ()
    linkedin_key: str = ""
    visitor_id: str = ""
    names_request: bool = False  # it has a request_id, whatever is in it

    @property
    def names_person(self) -> bool:
        return bool(self.addresses or self.linkedin_key or self.visitor_id)


def parse_callback(body: bytes) -> dict[str, Any]:
    """The innermost object that names a request or a person, by plain keys. Raises UnreadableBody
    where there is no object, or none that could be placed.
    """
    try:
        data = _find_answer(load_json(body))
    except RecursionError as error:
        raise UnreadableBody("body_too_deep") from error
    except ValueError as error:
        raise UnreadableBody("body_not_json", error=str(error)[:120]) from error
    known_by = identifiers_of(data)
    if not known_by.names_request and not known_by.names_person:
        raise UnreadableBody("request_id_missing")
    return data


def identifiers_of(data: dict[str, Any]) -> AnswerIdentifiers:
    request_id = data.get("request_id")
    found = [address for name in ADDRESS_NAMES for address in _addresses(data.get(name))]
    return AnswerIdentifiers(
        request_id=_plain_text(request_id),
        addresses=tuple(dict.fromkeys(found)),
        linkedin_key=normal.linkedin_key(_plain_text(data.get("linkedin_url"))),
        visitor_id=_plain_text(data.get("visitor_id"))[:LONGEST_VISITOR_ID],
        names_request=isinstance(request_id, str),
    )


def _find_answer(loaded: Any) -> dict[str, Any]:
    """The object itself, or the one in its wrapper with what stands beside that."""
    data = _by_plain_keys(loaded) if isinstance(loaded, dict) else {}
    outer = data
    for _ in range(DEEPEST):
        known_by = identifiers_of(data)
        inner = next((data[name] for name in WRAPPERS if isinstance(data.get(name), dict)), None)
        if known_by.names_person or inner is None:
            break
        data = fullest_values([*_by_plain_keys(inner).items(), *data.items()], _weigh_value)
        for name in WRAPPERS:
            if data.get(name) is inner:
                del data[name]
    known_by = identifiers_of(data)
    return data if known_by.names_person or known_by.names_request else outer


def _by_plain_keys(loaded: dict[str, Any]) -> dict[str, Any]:
    """By snake_case keys. Of several spellings the one that says something counts, and before
    others a key that was written so.
    """
    named = [(_plain_key(name), name, value) for name, value in loaded.items()]
    named.sort(key=lambda one: one[0] != one[1])
    plain = fullest_values(((key, value) for key, _, value in named), _weigh_value)
    for other, name in OTHER_NAMES.items():
        if _weigh_value(plain.get(other)) > _weigh_value(plain.get(name)):
            plain[name] = plain[other]
    return plain


def _weigh_value(value: Any) -> int:
    """0 for an empty value, 1 for a text that says that nothing is known, else 2."""
    told = isinstance(value, str) and vendor_words.is_unknown(normal.storable_text(value))
    return weigh_value(value) * (1 if told else 2)


def _plain_key(name: str) -> str:
    name = re.sub(r"linkedin", "linkedin", name[:100], flags=re.IGNORECASE)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _plain_text(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)[:LONGEST_CELL]
    if not isinstance(value, str):
        return ""
    text = normal.storable_text(value[:LONGEST_CELL]).strip()
    return "" if vendor_words.is_unknown(text) else text


def _addresses(value: Any) -> list[str]:
    if isinstance(value, list):
        value = " ".join(one for one in value[:20] if isinstance(one, str))
    if not isinstance(value, str):
        return []
    found = addresses.read_address(value[:LONGEST_CELL])
    return [found.address, *found.others] if found.address else []
