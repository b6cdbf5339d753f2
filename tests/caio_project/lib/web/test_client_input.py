"""No address answers 500 for what a client sent."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DataError
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from caio_project.lib.web.client_input import ReadableInput, read_id
from tests import factories

pytestmark = pytest.mark.django_db

ADMIN = "/admin/"
# Parameters that pages and the API read are junk together; those of the admin alone may be
# refused before, and NUL is refused before anything.
JUNK = [
    "q=%00",
    "%00=1",
    "q=a%00b",
    "q=" + "word+" * 700,
    "q=%FF%FE&page=junk&p=junk&o=junk&before=junk&after=junk&cursor=junk",
    "q=" + "%F0%9F%98%80" * 300 + "&page=-1&p=-1&before=99999999999999999999&seen=99999999999"
    "&show=%27",
    "token__regex=(&e=1&_popup=1&_to_field=junk",
]
# NUL is alone in its form: it is refused before anything else is read.
FORMS: list[dict[str, Any]] = [
    {},
    {"reason": "\x00"},
    {
        "action": "junk",
        "_selected_action": "junk",
        "version": "junk",
        "reason": "x",
        "tag": "junk",
        "text": "x",
    },
    {
        "action": "delete_selected",
        "_selected_action": ["junk", "-1", "9" * 30],
        "version": "9" * 30,
        "subject": "x" * 1000,
        "body": "x" * 1000,
        "note": "x",
    },
]


def addresses() -> list[str]:
    found = list(_walk(get_resolver(), ""))
    return sorted({path for path in found if "logout" not in path})


def _walk(resolver: URLResolver, before: str) -> Any:
    for one in resolver.url_patterns:
        route = before + str(one.pattern).replace("^", "").replace("$", "").replace("\\Z", "")
        if isinstance(one, URLResolver):
            yield from _walk(one, route)
        elif isinstance(one, URLPattern) and "(" not in route:
            yield "/" + _filled(route)


def _filled(route: str) -> str:
    given = {"uuid:public_id": str(uuid.uuid4()), "path:object_id": "1", "int:pk": "1"}
    parts = []
    for part in route.split("<"):
        name, closed, rest = part.partition(">")
        parts.append(given.get(name, "junk") + rest if closed else part)
    return "".join(parts)


@pytest.fixture
def team(client: Client, db: None) -> Client:
    factories.held_email()
    user = User.objects.create_superuser("root", "root@ours.example.com", "long-password-1")
    client.force_login(user)
    client.raise_request_exception = False
    return client


def test_there_are_many_addresses() -> None:
    assert len(addresses()) > 60


@pytest.mark.postgres_is_enough
@pytest.mark.parametrize("query", JUNK)
def test_no_query_ends_in_an_error(team: Client, query: str) -> None:
    ours = [path for path in addresses() if not path.startswith(ADMIN)]
    assert faults({path: team.get(f"{path}?{query}") for path in ours}) == {}


@pytest.mark.postgres_is_enough
def test_no_query_to_the_admin_ends_in_an_error(team: Client) -> None:
    """Its lists have tests of their own, in test_admin_lists.py."""
    query = "&".join(one for one in JUNK if "%00" not in one)
    pages = [path for path in addresses() if path.startswith(ADMIN)]
    assert len(pages) > 60
    assert faults({path: team.get(f"{path}?{query}") for path in pages}) == {}


def faults(answers: dict[str, Any]) -> dict[str, int]:
    codes = {path: answer.status_code for path, answer in answers.items()}
    return {path: code for path, code in codes.items() if code >= 500 and code != 503}


@pytest.mark.postgres_is_enough
@pytest.mark.parametrize("form", FORMS, ids=range(len(FORMS)))
def test_no_form_ends_in_an_error(team: Client, form: dict[str, Any]) -> None:
    assert faults({path: team.post(path, form) for path in addresses()}) == {}


@pytest.mark.parametrize("path", ["/sales/leads", "/sales/queue", "/sales/sent", "/admin/"])
def test_a_nul_is_refused_by_the_name_of_its_field(team: Client, path: str) -> None:
    answer = team.get(f"{path}?q=a%00b")
    assert (answer.status_code, "q: it holds" in answer.content.decode()) == (400, True)


def test_a_nul_in_a_form_is_refused_and_nothing_happens(team: Client) -> None:
    answer = team.post("/sales/halt", {"reason": "why\x00"})
    assert (answer.status_code, "reason: it holds" in answer.content.decode()) == (400, True)


def test_a_nul_in_a_path_is_no_address(team: Client) -> None:
    for path in ("/u/%00", "/webhooks/rb2b/%00", "/admin/leads/lead/%00/change/", "/api/%00"):
        assert team.get(path).status_code == 404


def test_a_name_is_shown_without_markup_and_short(team: Client) -> None:
    answer = team.get("/sales/leads?%3Cscript%3E" + "x" * 100 + "=%00")
    assert answer.status_code == 400
    assert b"<script>" not in answer.content and b"x" * 60 not in answer.content


@pytest.mark.parametrize(("path", "kind"), [("/sales", "text/html"), ("/api/x", "application/p")])
def test_what_the_database_cannot_take_is_no_fault_of_ours(path: str, kind: str) -> None:
    answer = ReadableInput(lambda request: None).process_exception(  # type: ignore[arg-type,return-value]
        RequestFactory().get(path), DataError("out of range")
    )
    assert answer is not None and answer.status_code == 400
    assert answer["Content-Type"].startswith(kind)
    other = ReadableInput(lambda request: None)  # type: ignore[arg-type,return-value]
    assert other.process_exception(RequestFactory().get(path), KeyError("ours")) is None


@pytest.mark.parametrize("method", ["options", "post", "put", "patch", "delete"])
def test_the_docs_are_read_only(team: Client, method: str) -> None:
    assert getattr(team, method)("/api/docs").status_code == 405
    assert team.get("/api/docs").status_code == 200


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("9" * 18, int("9" * 18)), ("", 0), ("x", 0), ("-1", 0), ("1.0", 0),
     ("²", 0), ("٣", 0), ("9" * 19, 0), ("9" * 5000, 0)],
)  # fmt: skip
def test_a_number_that_no_column_holds_names_nothing(text: str, number: int) -> None:
    assert read_id(text) == number
