"""Search Contacts (Advanced): what it refuses, its filters, and the order of what it finds."""

from __future__ import annotations

from typing import Any

from . import fields
from .errors import is_kind
from .values import epoch_ms


def search_problems(body: dict) -> list[str]:
    """What Search Contacts refuses beyond the kinds of its fields; a position holds for the order
    it was given in.
    """
    limit, page, after, sort = (
        body.get(name) for name in ("pageLimit", "page", "searchAfter", "sort")
    )
    problems = []
    if is_kind(limit, "number") and not 1 <= limit <= 100:
        problems.append(
            "pageLimit must not be greater than 100"
            if limit > 100
            else "pageLimit must be positive"
        )
    if page is not None and after is not None:
        problems.append("page should not exist beside searchAfter")
    if (
        is_kind(page, "number")
        and is_kind(limit, "number")
        and not 1 <= page <= 10_000 / max(limit, 1)
    ):
        problems.append("page must be within the first 10000 contacts; use searchAfter")
    for item in sort if isinstance(sort, list) else []:
        if not isinstance(item, dict) or item.get("field") not in fields.CONTACT_SORT_FIELDS:
            problems.append(
                "sort.field must be one of the following values: "
                f"{', '.join(fields.CONTACT_SORT_FIELDS)}"
            )
        elif item.get("direction") not in ("asc", "desc"):
            problems.append("sort.direction must be one of the following values: asc, desc")
    if isinstance(after, list) and not problems:
        field = (sort or [{"field": "dateAdded"}])[0]["field"]
        kind = int if field in ("dateAdded", "dateUpdated") else str
        if len(after) != 2 or not isinstance(after[0], kind) or not isinstance(after[1], str):
            problems.append("searchAfter must be the value of a contact found in the same order")
    if len(body.get("query") or "") > 75:
        problems.append("query must be shorter than or equal to 75 characters")
    return problems


def sort_value(contact: dict, field: str) -> int | str:
    return (
        epoch_ms(contact[field])
        if field in ("dateAdded", "dateUpdated")
        else str(contact.get(field) or "")
    )


def matches_search(contact: dict, body: dict) -> bool:
    query = (body.get("query") or "").lower()
    if query and not any(
        query in str(contact.get(n) or "").lower()
        for n in ("email", "phone", "firstName", "lastName")
    ):
        return False
    return all(matches_filter(contact, item) for item in body.get("filters") or [])


def matches_filter(contact: dict, item: dict) -> bool:
    """One filter of Search Contacts (Advanced): {field, operator, value}."""
    name, operator, wanted = item.get("field", ""), item.get("operator"), item.get("value")
    actual = filter_value(contact, name)
    if operator == "eq":
        return folded(actual) == folded(wanted)
    if operator == "not_eq":
        return folded(actual) != folded(wanted)
    if operator in ("contains", "not_contains"):
        return contains(actual, wanted) == (operator == "contains")
    if operator in ("exists", "not_exists"):
        return bool(actual) == (operator == "exists")
    if operator == "range":
        moment = epoch_ms(actual)
        return (
            epoch_ms(wanted.get("gte", "0"))
            <= moment
            <= epoch_ms(wanted.get("lte", "99999999999999"))
        )
    raise ValueError(f"Invalid operator {operator} for field {name}")


def filter_value(contact: dict, name: str) -> Any:
    if name.startswith("customFields."):
        wanted = name.partition(".")[2]
        return next(
            (item["value"] for item in contact["customFields"] if item["id"] == wanted), None
        )
    if name not in contact and name not in fields.CONTACT_UPSERT:
        raise ValueError(f"Invalid field {name}")
    return contact.get(name)


def folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def contains(actual: Any, wanted: Any) -> bool:
    wanted = [folded(value) for value in (wanted if isinstance(wanted, list) else [wanted])]
    if isinstance(actual, list):
        return all(value in [folded(item) for item in actual] for value in wanted)
    return any(str(value) in str(folded(actual) or "") for value in wanted)
