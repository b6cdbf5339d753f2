"""Lists of the API: filters by name, an order among those offered, and pages by cursor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from caio_project.lib.times import parse_time
from caio_project.lib.web.paging import CursorPage, fetch_page, page_links

PAGE_SIZE, LARGEST_PAGE = 50, 200
PAGING = ("cursor", "limit", "order")
LONGEST_TEXT = 254
LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Filter:
    """`apply(queryset, value)` narrows a list by the value that `parse` makes of the text."""

    apply: Callable[[QuerySet[Any], Any], QuerySet[Any]]
    parse: Callable[[str], Any]
    kind: Any = OpenApiTypes.STR
    choices: tuple[str, ...] = ()


def by_choice(lookup: str, choices: Any) -> Filter:
    values = tuple(map(str, choices))
    return Filter(_filter_by(lookup), lambda text: _choice(text, values), choices=values)


def by_id(lookup: str) -> Filter:
    return Filter(_filter_by(lookup), _uuid, OpenApiTypes.UUID)


def by_number(lookup: str) -> Filter:
    return Filter(_filter_by(lookup), _number, OpenApiTypes.INT)


def by_time(lookup: str) -> Filter:
    return Filter(_filter_by(lookup), _time, OpenApiTypes.DATETIME)


def by_truth(apply: Callable[[QuerySet[Any], bool], QuerySet[Any]]) -> Filter:
    return Filter(apply, lambda text: _choice(text, ("true", "false")) == "true", OpenApiTypes.BOOL)


def by_text(lookup: str, clean: Callable[[str], str] = str.strip) -> Filter:
    return Filter(_filter_by(lookup), lambda text: _text(text, clean))


@dataclass(frozen=True)
class ListOptions:
    """`orders` by name: keys of the model, the last one unique; the first is the default."""

    filters: Mapping[str, Filter]
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"newest": ("-pk",)})

    @property
    def parameters(self) -> list[OpenApiParameter]:
        return [
            OpenApiParameter("cursor", str, description="From `next` or `previous`."),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE}),
            OpenApiParameter("order", str, enum=list(self.orders)),
            *(
                OpenApiParameter(name, one.kind, enum=list(one.choices) or None)
                for name, one in self.filters.items()
            ),
        ]


def read_page(request: Request, rows: QuerySet[Any], options: ListOptions) -> CursorPage:
    """Raises ValidationError, which names the parameter; one that is not known is refused too."""
    query = request.query_params
    for name in query:
        if name not in options.filters and name not in PAGING:
            raise ValidationError({name[:LONGEST_TEXT]: "It is no parameter of this list."})
    for name, one in options.filters.items():
        if name in query:
            try:
                value = one.parse(query[name])
            except ValueError as error:
                raise ValidationError({name: str(error)}) from error
            rows = one.apply(rows, value)
    return fetch_page(rows, _order(query, options), query.get("cursor", ""), _limit(query))


def page_json(
    request: Request, found: CursorPage, make_row: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    return {**page_links(request, found), "results": [make_row(row) for row in found.rows]}


def page_shape(row: type[serializers.Serializer]) -> dict[str, Any]:
    return {**link_fields(), "results": row(many=True)}


def link_fields() -> dict[str, Any]:
    return {name: serializers.URLField(allow_null=True) for name in ("next", "previous")}


def _order(query: Any, options: ListOptions) -> tuple[str, ...]:
    name = query.get("order") if "order" in query else next(iter(options.orders))
    if name not in options.orders:
        raise ValidationError({"order": f"It is one of {', '.join(options.orders)}."})
    return options.orders[name]


def _limit(query: Any) -> int:
    text = query.get("limit", str(PAGE_SIZE))
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= LARGEST_PAGE:
        raise ValidationError({"limit": f"It is a number from 1 to {LARGEST_PAGE}."})
    return int(text)


def _filter_by(lookup: str) -> Callable[[QuerySet[Any], Any], QuerySet[Any]]:
    return lambda rows, value: rows.filter(**{lookup: value})


def _choice(text: str, values: tuple[str, ...]) -> str:
    if text not in values:
        raise ValueError(f"It is one of {', '.join(values)}.")
    return text


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValueError("It is not an id.") from None


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text[:12]) > LARGEST_NUMBER:
        raise ValueError(f"It is a whole number from 0 to {LARGEST_NUMBER}.")
    return int(text)


def _time(text: str) -> datetime:
    if (found := parse_time(text)) is None:
        raise ValueError("It is not a time like 2026-11-30T12:00:00Z.")
    return found


def _text(text: str, clean: Callable[[str], str]) -> str:
    cleaned = clean(text)
    if not cleaned or len(cleaned) > LONGEST_TEXT or "\x00" in cleaned:
        raise ValueError(f"It is 1 to {LONGEST_TEXT} characters.")
    return cleaned
