"""Pages by position, not by number: later pages are as fast, and no row is shown twice."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError as Invalid
from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from caio_project.lib.times import parse_time


@dataclass(frozen=True)
class CursorPage:
    rows: list[Any]
    next: str  # cursor, "" on the last page
    previous: str  # cursor, "" on the first page


def fetch_page(
    queryset: QuerySet[Any], keys: tuple[str, ...], cursor: str = "", size: int = 50
) -> CursorPage:
    """One page of `queryset` in the order of `keys`; "-" before a key reverses it.

    The last key must be unique. Raises DRF's ValidationError for `cursor` where it is not ours.
    """
    backwards, values = _read_cursor(cursor, queryset.model, keys)
    order = tuple(_reversed_key(key) for key in keys) if backwards else keys
    rows = queryset.order_by(*order)
    if values:
        rows = rows.filter(_rows_after(order, values))
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return CursorPage([], "", "")
    has_next = backwards or more
    has_previous = bool(values) and (not backwards or more)
    return CursorPage(
        found,
        _make_cursor(found[-1], keys, backwards=False) if has_next else "",
        _make_cursor(found[0], keys, backwards=True) if has_previous else "",
    )


def page_links(request: Request, found: CursorPage) -> dict[str, str | None]:
    """URLs of the next and the previous page, with the query of `request`; None for no page."""
    return {"next": _page_url(request, found.next), "previous": _page_url(request, found.previous)}


def _page_url(request: Request, cursor: str) -> str | None:
    if not cursor:
        return None
    query = request.query_params.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _reversed_key(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


def _rows_after(order: tuple[str, ...], values: list[Any]) -> Q:
    """(a, b, c) > (x, y, z), so that an index can seek: a >= x and (a > x or …)."""
    names = [key.lstrip("-") for key in order]
    signs = ["lt" if key.startswith("-") else "gt" for key in order]
    behind = Q(pk=None)
    for n, name in enumerate(names):
        ties = {names[i]: values[i] for i in range(n)}
        behind |= Q(**ties, **{f"{name}__{signs[n]}": values[n]})
    return Q(**{f"{names[0]}__{signs[0]}e": values[0]}) & behind


def _make_cursor(row: Model, keys: tuple[str, ...], *, backwards: bool) -> str:
    values = [getattr(row, key.lstrip("-")) for key in keys]
    shown = [{"at": v.isoformat()} if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps([backwards, *shown]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, model: type[Model], keys: tuple[str, ...]) -> tuple[bool, list[Any]]:
    """Whether it leads backwards, and a value for each key. Raises ValidationError."""
    if not cursor:
        return False, []
    try:
        backwards, *stored = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [_key_value(model, key, one) for key, one in zip(keys, stored, strict=True)]
    except (ValueError, TypeError, KeyError, OverflowError, Invalid) as error:
        raise ValidationError({"cursor": "It is not a cursor of this list."}) from error
    return bool(backwards), values


def _key_value(model: type[Model], key: str, stored: Any) -> Any:
    name = key.lstrip("-")
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if isinstance(stored, dict):
        if (at := parse_time(stored["at"])) is None:
            raise ValueError("not a time")
        return at
    if stored is None or isinstance(stored, list | bool):
        raise ValueError("not a value of a key")
    value = field.to_python(stored)  # type: ignore[union-attr]
    if isinstance(value, int) and abs(value) >= 2**63:
        raise OverflowError
    return value
