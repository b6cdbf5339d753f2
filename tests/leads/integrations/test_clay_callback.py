"""Whom a callback is about, however its template was written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.integrations import clay, clay_callback
from leads.integrations.body_errors import UnreadableBody
from leads.integrations.clay_callback import AnswerIdentifiers

DANA = "https://www.linkedin.com/in/dana-okafor"


def known_by(body: Any) -> AnswerIdentifiers:
    return clay_callback.identifiers_of(clay_callback.parse_callback(json.dumps(body).encode()))


@pytest.mark.parametrize(
    "key", ["request_id", "requestId", "Request ID", "REQUEST_ID", "request-id", "RequestId"]
)
def test_request_is_named_in_any_spelling(key: str) -> None:
    assert known_by({key: "enr_1"}).request_id == "enr_1"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("work_email", "Dana@Kite.test"),
        ("email", "dana@kite.test"),
        ("Work Email", "Dana <dana@kite.test>"),
        ("workEmail", ["dana@kite.test"]),
        ("Email Address", "mailto:dana@kite.test"),
        ("businessEmail", " dana@kite.test "),
        ("personal_email", "dana@kite.test"),
    ],
)
def test_address_is_found_in_any_form(key: str, value: Any) -> None:
    assert known_by({key: value}).addresses == ("dana@kite.test",)


@pytest.mark.parametrize(
    "value", ["dana@kite.test, other@kite.test", ["dana@kite.test", "other@kite.test"]]
)
def test_every_address_of_a_cell_is_found(value: Any) -> None:
    found = known_by({"email": value, "personal_email": "other@kite.test"}).addresses
    assert found == ("dana@kite.test", "other@kite.test")


@pytest.mark.parametrize(
    "key",
    [
        "linkedin_url", "LinkedIn URL", "linkedinUrl", "linkedInUrl", "LinkedIn Profile",
        "linkedin", "Person LinkedIn URL", "linkedin_profile_url",
    ],
)  # fmt: skip
def test_profile_is_found_under_any_name(key: str) -> None:
    assert known_by({key: DANA}).linkedin_key == "in/dana-okafor"


@pytest.mark.parametrize(
    ("body", "visitor_id"),
    [
        ({"visitor_id": "vis_8841"}, "vis_8841"),
        ({"visitorId": 8841}, "8841"),
        ({"Visitor ID": " vis_8841 "}, "vis_8841"),
        ({"rb2b_visitor_id": "vis_8841"}, "vis_8841"),
        ({"visitor_id": "v" * 300}, "v" * 100),
    ],
)
def test_visitor_is_named_by_the_older_id(body: dict[str, Any], visitor_id: str) -> None:
    assert known_by(body).visitor_id == visitor_id


@pytest.mark.parametrize(
    "body",
    [
        {"Work Email": "dana@kite.test", "work_email": ""},
        {"work_email": None, "Work Email": "dana@kite.test"},
        {"Work Email": "dana@kite.test", "work_email": "❌ Not found"},
        {"work_email": "dana@kite.test", "Work Email": "jim@kite.test"},
        {"Work Email": "jim@kite.test", "work_email": "dana@kite.test"},
        {"work_email": "N/A", "Business Email": "dana@kite.test"},
        {"Business Email": "dana@kite.test", "business_email": ""},
        {"request_id": "enr_1", "data": {"Work Email": "dana@kite.test", "work_email": ""}},
    ],
)
def test_an_empty_spelling_hides_no_address(body: dict[str, Any]) -> None:
    assert known_by(body).addresses == ("dana@kite.test",)


def test_an_empty_value_of_the_wrapped_answer_hides_none_beside_it() -> None:
    body = {"email_status": "invalid", "data": {"email": "dana@kite.test", "Email Status": ""}}
    answer = clay_callback.parse_callback(json.dumps(body).encode())
    assert (answer["email_status"], answer["email"]) == ("invalid", "dana@kite.test")


def test_a_name_that_is_there_twice_keeps_what_it_says() -> None:
    body = b'{"request_id": "enr_1", "work_email": "dana@kite.test", "work_email": ""}'
    assert clay_callback.parse_callback(body)["work_email"] == "dana@kite.test"


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"work_email": "dana@kite.test"}, "request_id": "enr_1"},
        {"payload": {"data": {"work_email": "dana@kite.test", "request_id": "enr_1"}}},
        {"row": {"Work Email": "dana@kite.test", "requestId": "enr_1"}, "status": "ok"},
        {"Result": {"email": "dana@kite.test"}, "request_id": "enr_1"},
        {"person": {"email": "dana@kite.test"}, "request_id": "enr_1", "company": {"name": "x"}},
        {"work_email": "dana@kite.test", "request_id": "enr_1", "data": {"request_id": "enr_2"}},
    ],
)
def test_wrapped_answer_is_found(body: dict[str, Any]) -> None:
    found = known_by(body)
    assert (found.request_id, found.addresses) == ("enr_1", ("dana@kite.test",))


def test_a_wrapped_answer_keeps_what_it_says() -> None:
    body = {"request_id": "enr_1", "data": {"Job Title": "CEO", "email": "dana@kite.test"}}
    answer = clay.parse_answer(clay_callback.parse_callback(json.dumps(body).encode()))
    assert (answer.title, answer.email) == ("CEO", "dana@kite.test")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"job_title": "CEO"},
        {"request_id": None},
        {"request_id": 7},
        {"request_id": ["enr_1"]},
        {"work_email": "not found"},
        {"work_email": {"value": "dana@kite.test"}},
        {"linkedin_url": "https://www.linkedin.com/company/kite"},
        {"visitor_id": "N/A"},
        {"visitor_id": True},
        {"data": {"job_title": "CEO"}},
        {"data": {"data": {"data": {"data": {"data": {"email": "dana@kite.test"}}}}}},
        [],
        "x",
        None,
    ],
)
def test_answer_that_names_nobody_is_refused(body: Any) -> None:
    with pytest.raises(UnreadableBody) as error:
        known_by(body)
    assert error.value.code == "request_id_missing"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "body_not_json"),
        (b"\xff", "body_not_json"),
        (b'{"request_id": , "a": 1}', "body_not_json"),
        (b'{"a":' * 100_000, "body_too_deep"),
    ],
)
def test_unreadable_callback_is_named(body: bytes, code: str) -> None:
    with pytest.raises(UnreadableBody) as error:
        clay_callback.parse_callback(body)
    assert error.value.code == code


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["data", "email", "request_id", "linkedin_url", "visitor_id"])
                | st.text(),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_comes_is_read_or_refused(body: Any) -> None:
    try:
        data = clay_callback.parse_callback(json.dumps(body).encode())
    except UnreadableBody:
        return
    found = clay_callback.identifiers_of(data)
    assert found.names_request or found.names_person
