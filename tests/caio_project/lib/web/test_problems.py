"""Errors are RFC 9457 problems that name the field, and a fault of ours is not dressed up as the
client's.
"""

from typing import Any

import pytest
from django.test import Client

from caio_project.lib.web.problems import as_problem, field_errors, problem_response

pytestmark = pytest.mark.urls("tests.caio_project.lib.urls")


def answer(client: Client, name: str) -> tuple[int, dict[str, Any]]:
    response = client.get(f"/raising/{name}")
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (body.pop("type"), body.pop("status")) == ("about:blank", response.status_code)
    return response.status_code, body


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        (
            "field",
            400,
            {
                "title": "Bad Request",
                "detail": "email: It is missing.",
                "errors": [{"field": "email", "message": "It is missing."}],
            },
        ),
        (
            "nested",
            400,
            {
                "title": "Bad Request",
                "detail": "lead.name: Too long.; lead.age: Too old.; lead.age: No number.",
                "errors": [
                    {"field": "lead.name", "message": "Too long."},
                    {"field": "lead.age", "message": "Too old."},
                    {"field": "lead.age", "message": "No number."},
                ],
            },
        ),
        (
            "list",
            400,
            {
                "title": "Bad Request",
                "detail": "non_field_errors: Wrong.",
                "errors": [{"field": "non_field_errors", "message": "Wrong."}],
            },
        ),
        (
            "text",
            400,
            {
                "title": "Bad Request",
                "detail": "non_field_errors: Wrong.",
                "errors": [{"field": "non_field_errors", "message": "Wrong."}],
            },
        ),
        (
            "conflict",
            409,
            {
                "title": "Conflict",
                "detail": "It was decided already.",
                "status_now": "sent",
                "version": 3,
            },
        ),
        ("missing", 404, {"title": "Not Found", "detail": "Not found."}),
        ("http404", 404, {"title": "Not Found", "detail": "No lead matches."}),
        (
            "throttled",
            429,
            {
                "title": "Too Many Requests",
                "detail": "Request was throttled. Expected available in 7 seconds.",
            },
        ),
    ],
)
def test_an_error_becomes_a_problem(
    client: Client, name: str, status: int, body: dict[str, Any]
) -> None:
    assert answer(client, name) == (status, body)


def test_a_refusal_of_django_is_a_problem_too(client: Client) -> None:
    status, body = answer(client, "denied")
    assert (status, body["title"]) == (403, "Forbidden")


def test_the_headers_of_an_error_stay(client: Client) -> None:
    assert client.get("/raising/throttled").headers["Retry-After"] == "7"


def test_a_non_json_body_is_400_naming_the_place(client: Client) -> None:
    response = client.post("/raising/x", b'{"a": ', content_type="application/json")
    assert (response.status_code, response.headers["Content-Type"]) == (
        400,
        "application/problem+json",
    )
    assert response.json()["detail"].startswith("JSON parse error")


def test_a_wrong_method_and_a_wrong_content_type_are_problems(client: Client) -> None:
    for response, status in (
        (client.delete("/raising/x"), 405),
        (client.post("/raising/x", b"a=b", content_type="application/x-www-form-urlencoded"), 415),
    ):
        assert (response.status_code, response.json()["status"]) == (status, status)
        assert response.headers["Content-Type"] == "application/problem+json"


def test_a_fault_of_ours_is_raised(client: Client) -> None:
    with pytest.raises(RuntimeError, match="^ours$"):
        client.get("/raising/bug")
    assert as_problem(RuntimeError("ours"), {}) is None


def test_the_same_by_hand_for_plain_views() -> None:
    response = problem_response(401, "token: it is wrong.", **{"WWW-Authenticate": "Bearer"})
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.content == (
        b'{"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": "token: '
        b'it is wrong."}'
    )


def test_errors_in_a_list_of_objects_are_found() -> None:
    assert field_errors([{}, {"name": ["Too long."]}]) == [
        {"field": "name", "message": "Too long."}
    ]
