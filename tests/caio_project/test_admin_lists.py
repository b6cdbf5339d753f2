"""No list of the admin can be asked about another column than it filters by, nor made to fail."""

import time
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError
from django.test import Client, RequestFactory
from django.urls import reverse

from caio_project.lib.web import client_input, list_lookups
from leads.models import Switch
from outreach.models import Message
from tests import factories

pytestmark = pytest.mark.django_db

MODELS = list(admin.site._registry)
every_list = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
LOOKUPS = (
    "", "__exact", "__iexact", "__regex", "__iregex", "__contains", "__startswith", "__in",
    "__gt", "__lte", "__range", "__isnull", "__year", "__date",
)  # fmt: skip
EVIL = "(a+)+$"


@pytest.fixture
def boss(client: Client) -> User:
    user = User.objects.create_superuser("boss", "boss@ours.example.com", "a-long-password")
    client.force_login(user)
    return user


def list_path(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def read_list(model: Any, user: User, query: str) -> int:
    """The status of a list's answer, its rows read; to draw the page takes ten times as long."""
    request = RequestFactory().get(f"/?{query}")
    request.user, request.session = user, {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    reader = client_input.ReadableInput(admin.site._registry[model].changelist_view)
    try:
        answer: Any = reader(request)
        list(answer.context_data["cl"].result_list if answer.status_code == 200 else [])
    except SuspiciousOperation:
        return 400
    except DatabaseError as error:
        answer = reader.process_exception(request, error)
        if answer is None:
            raise
    return int(answer.status_code)


def columns(model: Any) -> list[str]:
    """Every column, and the columns one relation further."""
    found = []
    for field in model._meta.get_fields():
        found.append(field.name)
        if field.is_relation and field.related_model:
            found += [f"{field.name}__{one.name}" for one in field.related_model._meta.fields]
    return found


def declared(model_admin: Any) -> set[str]:
    """First parts of the parameters that filters, date hierarchy and links may use."""
    names = set(model_admin.link_lookups)
    for one in model_admin.list_filter:
        names.add(one.parameter_name if isinstance(one, type) else one)
    names = {one[0] if isinstance(one, tuple) else one for one in names}
    return names | ({model_admin.date_hierarchy} if model_admin.date_hierarchy else set())


@pytest.mark.sqlite_is_enough
@every_list
def test_only_declared_columns_can_be_looked_up(model: Any, boss: User) -> None:
    request = RequestFactory().get("/")
    request.user = boss
    model_admin = admin.site._registry[model]
    assert isinstance(model_admin, list_lookups.CarefulAdmin)
    names = declared(model_admin)
    for column in ["pk", "id", *columns(model)]:
        for lookup in LOOKUPS:
            if model_admin.lookup_allowed(f"{column}{lookup}", "1", request):
                assert any(column == name or column.startswith(f"{name}__") for name in names)
                assert "regex" not in lookup and "contains" not in lookup
                assert "startswith" not in lookup and "range" not in lookup


@every_list
def test_what_is_no_filter_gets_400_and_no_row(client: Client, boss: User, model: Any) -> None:
    factories.create_feedback(factories.cleared_email())
    asked = (f"pk__regex={EVIL}", "id__range=1", "pk__in=a", "nothing__at__all=1")
    for query in asked:
        began = time.monotonic()
        response = client.get(f"{list_path(model)}?{query}")
        assert response.status_code == 400, query
        assert time.monotonic() - began < 2


SECRETS = (
    ("outreach_message", "unsubscribe_token__startswith=a"),
    ("outreach_message", "unsubscribe_token__regex=^a"),
    ("outreach_message", "verdicts__contains=a"),
    ("outreach_message", "texts__footer__contains=/u/a"),
    ("approvals_approval", "unsubscribe_token__startswith=a"),
    ("approvals_approval", "verdicts__isnull=True"),
    ("approvals_decision", "message__unsubscribe_token__startswith=a"),
    ("approvals_decision", "by__password__startswith=md5"),
    ("auth_user", "password__startswith=md5"),
    ("auth_user", "is_staff__regex=(a%2B)%2B$"),
    ("lib_apikey", "hashed_key__startswith=a"),
    ("lib_accessevent", "user__password__startswith=md5"),
    ("leads_inboundevent", "body__contains=a"),
    ("leads_inboundevent", "reason__contains=a"),
    ("outreach_emailevent", "message__unsubscribe_token__startswith=a"),
)


@pytest.mark.parametrize(("page", "query"), SECRETS)
def test_secrets_cannot_be_read_letter_by_letter(
    client: Client, boss: User, page: str, query: str
) -> None:
    factories.held_email()
    assert client.get(reverse(f"admin:{page}_changelist") + f"?{query}").status_code == 400


@pytest.mark.postgres_is_enough
@every_list
def test_its_own_filters_still_work(boss: User, model: Any) -> None:
    request = RequestFactory().get("/")
    request.user = boss
    for name in list_lookups.allowed_lookups(admin.site._registry[model], request):
        for value in ("1", "True", "x", "", "2026-11-01", "9" * 40, "-1", "(", "é"):
            query = urlencode({name: value})
            assert read_list(model, boss, query) in (200, 302), query


JUNK_QUERIES = (
    "q=%00", "q=a%00b", "p=abc", "p=-1", "p=99999999999999999999", "o=9.-9.x", "o=" + "1." * 500,
    "q=" + "+".join(["word"] * 1000), "q=" + "x" * 20_000, "q=%27%22%5C", "q=%22unclosed", "e=1",
    "all=", "_popup=1", "_facets=True", "q=%F0%9F%92%A9", "q=%25_%25",
)  # fmt: skip
REFUSED_QUERIES = ("%00=1", "_to_field=password", "_to_field=%00")


@pytest.mark.postgres_is_enough
@every_list
def test_junk_in_a_query_never_ends_in_a_server_error(boss: User, model: Any) -> None:
    for query in (*JUNK_QUERIES, *REFUSED_QUERIES):
        assert read_list(model, boss, query) < 500, query


@pytest.mark.postgres_is_enough
@pytest.mark.parametrize("model", [Message, User, Switch], ids=lambda model: model.__name__)
def test_junk_in_a_query_is_drawn_without_an_error(client: Client, boss: User, model: Any) -> None:
    client.raise_request_exception = False
    factories.held_email()
    for query in (*JUNK_QUERIES, *REFUSED_QUERIES):
        response = client.get(f"{list_path(model)}?{query}")
        assert response.status_code < 500, query


JUNK_KEYS = ("abc", "\x00", "9" * 40, "-1", "", "1e3", "é", "x" * 5000)
JUNK_PATHS = ("abc", "_00", "9" * 40, "-1", "_", "_5F", "é", "%00")
NO_KEYS = ("abc", "9" * 40)  # no number, and one that no column holds


@pytest.mark.postgres_is_enough
@every_list
def test_junk_among_chosen_rows_changes_nothing(client: Client, boss: User, model: Any) -> None:
    """Every action finds its rows as the first one does, before it begins."""
    client.raise_request_exception = False
    before = model.objects.count()
    actions = sorted(one for one in getattr(admin.site._registry[model], "actions", ()) or ())
    tried = [("delete_selected", key) for key in JUNK_KEYS]
    tried += [(action, key) for action in (*actions, "nothing") for key in NO_KEYS]
    for action, chosen in tried:
        body = {"action": action, "_selected_action": [chosen], "index": "x"}
        assert client.post(list_path(model), body).status_code < 500, (action, chosen)
    assert model.objects.count() == before


@pytest.mark.postgres_is_enough
@every_list
def test_junk_as_a_row_is_not_found(client: Client, boss: User, model: Any) -> None:
    """All three pages look for the row by one method."""
    client.raise_request_exception = False
    for page, keys in (("change", JUNK_PATHS), ("history", NO_KEYS), ("delete", NO_KEYS)):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
        for key in keys:
            response = client.get(reverse(name, args=["X"]).replace("/X/", f"/{key}/"))
            assert response.status_code < 500, (page, key)


@pytest.mark.parametrize("query", ["s=a&page=abc", "s=a&page=0", "s=a&page=99", "s="])
def test_junk_in_the_search_of_pages_is_no_error(client: Client, boss: User, query: str) -> None:
    assert client.get(f"/admin/search/?{query}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/admin/autocomplete/?app_label=leads&model_name=lead&field_name=owner&term=a",
        "/admin/r/1/1/",
    ],
)
def test_look_ups_that_no_page_uses_are_closed(client: Client, boss: User, path: str) -> None:
    assert client.get(path).status_code == 404
