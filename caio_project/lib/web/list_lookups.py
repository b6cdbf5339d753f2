"""Which parameters the list pages of the admin take, and words and ids that a query can bear."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import FieldListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import get_fields_from_path, unquote
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

MAX_SEARCH_WORDS = 8
MAX_SEARCH_LENGTH = 200
NUL = "\x00"


class CarefulAdmin(ModelAdmin):
    """Lists are filtered by their own filters and no other column: no ?token__regex=.

    `link_lookups` names further parameters, of links on other pages.
    """

    link_lookups: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: Any, request: Any) -> bool:
        return lookup in allowed_lookups(self, request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        _require_readable_query(request)
        if request.method == "POST":
            self._require_known_ids(request)
        return super().changelist_view(request, extra_context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        if NUL in unquote(str(object_id)):
            return None
        return super().get_object(request, object_id, from_field)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> Any:
        words = search_term.replace(NUL, " ")[:MAX_SEARCH_LENGTH].split()
        if len(words) > MAX_SEARCH_WORDS or len(search_term) > MAX_SEARCH_LENGTH:
            messages.warning(request, f"Searched for the first {MAX_SEARCH_WORDS} words only.")
        return super().get_search_results(request, queryset, " ".join(words[:MAX_SEARCH_WORDS]))

    def _require_known_ids(self, request: HttpRequest) -> None:
        """Refuse ids that are no key of this model, before a query is made of them."""
        for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
            if not _is_key(self.model, chosen):
                raise BadRequest("_selected_action: it is no id of this list.")


def _is_key(model: Any, typed: str) -> bool:
    try:
        value = model._meta.pk.to_python(typed)
    except ValidationError:
        return False
    return NUL not in typed and (not isinstance(value, int) or abs(value) < 2**63)


def allowed_lookups(model_admin: Any, request: HttpRequest | None) -> set[str]:
    """The parameters of its filters, its date hierarchy and `link_lookups`."""
    cached = getattr(request, "allowed_lookups", None)
    if isinstance(cached, tuple) and cached[0] is model_admin:
        return set(cached[1])
    found = set(model_admin.link_lookups)
    chosen = model_admin.get_list_filter(request) if request else model_admin.list_filter
    for one in chosen:
        found.update(_filter_parameters(model_admin, one, request))
    if by_date := model_admin.date_hierarchy:
        found.update(f"{by_date}__{part}" for part in ("year", "month", "day"))
    if request is not None:
        request.allowed_lookups = (model_admin, found)  # type: ignore[attr-defined]
    return found


def _filter_parameters(model_admin: Any, one: Any, request: HttpRequest | None) -> list[str]:
    if isinstance(one, type):
        return [one.parameter_name]  # type: ignore[attr-defined]
    path, kind = one if isinstance(one, tuple | list) else (one, FieldListFilter.create)
    field = get_fields_from_path(model_admin.model, path)[-1]
    made = kind(field, request, {}, model_admin.model, model_admin, field_path=path)
    return [name for name in made.expected_parameters() if name]


def _require_readable_query(request: HttpRequest) -> None:
    for name, values in request.GET.lists():
        if NUL in name or any(NUL in value for value in values):
            raise BadRequest(f"{name.replace(NUL, '')[:40]}: it contains a NUL character.")
