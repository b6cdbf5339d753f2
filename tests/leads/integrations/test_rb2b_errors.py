"""RB2B bodies with missing or wrong values, and the key of a visit."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.integrations.rb2b import UnreadableBody, parse_visitor
from tests.fakes import rb2b
from tests.leads.integrations.rb2b_helpers import read, wrapped

KEYS = sorted(rb2b.person())


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("nothing", [None, "", "  ", "null", "N/A", "undefined"])
def test_any_field_may_be_missing(key: str, nothing: Any) -> None:
    payload = rb2b.person()
    without = {name: value for name, value in payload.items() if name != key}
    assert read({**payload, key: nothing}) == dataclasses.replace(
        read(without), seen_at_text="" if key == "Seen At" else payload["Seen At"]
    )


@pytest.mark.parametrize("key", ["LinkedIn URL", "Business Email", "Company Name", "Website"])
def test_any_one_identifying_field_is_enough(key: str) -> None:
    payload = rb2b.person()
    assert read({**dict.fromkeys(payload), key: payload[key]})


@pytest.mark.parametrize(
    "payload", [{}, dict.fromkeys(KEYS), {"Foo": "bar", "Title": "CEO"}, {"payload": {}}]
)
def test_what_names_nobody_is_unreadable(payload: dict[str, Any]) -> None:
    with pytest.raises(UnreadableBody) as caught:
        read(payload)
    assert str(caught.value) == (
        "It names nobody: LinkedIn URL, Business Email, Company Name and Website are all missing."
    )


@pytest.mark.parametrize(("value", "name"), [({"a": 1}, "an object"), (True, "true or false")])
@pytest.mark.parametrize("key", KEYS)
def test_a_value_of_another_type_is_noted_by_field(key: str, value: Any, name: str) -> None:
    payload = rb2b.person({key: value})
    visitor = read(payload)
    assert {"code": "field_not_text", "field": key, "json_type": name} in visitor.notes
    assert visitor == dataclasses.replace(
        read({**payload, key: None}), seen_at_text=visitor.seen_at_text
    )


def test_a_body_whose_every_identifier_is_unreadable_is_refused() -> None:
    wrong = dict.fromkeys(("LinkedIn URL", "Business Email", "Company Name", "Website"), {"a": 1})
    with pytest.raises(UnreadableBody) as caught:
        read(rb2b.person(wrong))
    assert caught.value.code == "no_readable_identifier"


@pytest.mark.parametrize(
    ("value", "employees"),
    [(312, "312"), ("5000+", "5000+"), ("200-500", "200-500"), (312.0, "312")],
)
def test_employees_may_be_a_number_or_a_band(value: Any, employees: str) -> None:
    assert read(rb2b.person({"Employee Count": value})).employees == employees


@pytest.mark.parametrize(
    ("text", "seen_at"),
    [
        (
            "2026-11-02T15:56:00.00+00.00",
            datetime(2026, 11, 2, 15, 56, tzinfo=UTC),
        ),  # RB2B's own sample
        ("2026-11-02T15:56:00Z", datetime(2026, 11, 2, 15, 56, tzinfo=UTC)),
        ("2026-11-02T10:56:00-05:00", datetime(2026, 11, 2, 15, 56, tzinfo=UTC)),
        ("2026-11-02T15:56:00", datetime(2026, 11, 2, 15, 56, tzinfo=UTC)),
        ("yesterday", None),
        ("2026-13-45T99:99:99", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("1970-01-01T00:00:00Z", None),
        (1793635445, datetime(2026, 11, 2, 16, 4, 5, tzinfo=UTC)),
    ],
)
def test_a_malformed_time_is_repaired_or_left_out(text: Any, seen_at: datetime | None) -> None:
    assert read(rb2b.malformed_seen_at(text)).seen_at == seen_at


def test_an_address_is_never_cut_into_another_one() -> None:
    address = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.test"
    assert read(rb2b.person({"Business Email": address})).email == address


def test_what_no_database_can_store_is_left_out() -> None:
    visitor = read(rb2b.person({"First Name": "Da\x00na\ud800", "Title": "VP\r\nSales\x1b"}))
    assert (visitor.first_name, visitor.title) == ("Dana", "VP Sales")


@wrapped
def test_key_is_equal_for_resent_body(wrap: Any) -> None:
    payload = rb2b.person()
    assert read(wrap(payload)).key == read(payload).key


@pytest.mark.parametrize(
    "spelling",
    ["2026-11-02T15:56:00Z", "2026-11-02T15:56:00.000+00:00", "2026-11-02T10:56:00-05:00"],
)
def test_key_is_equal_for_equal_moments(spelling: str) -> None:
    payload = rb2b.person({"Seen At": "2026-11-02T15:56:00+00:00"})
    assert read({**payload, "Seen At": spelling}).key == read(payload).key


@pytest.mark.parametrize(
    "later",
    [
        {"Seen At": "2026-11-02T15:04:06+00:00"},
        {"Captured URL": "https://oursite.test/demo"},
        {"LinkedIn URL": "https://www.linkedin.com/in/somebody-else"},
        {"Seen At": "no time"},
        {"Seen At": "no time either"},
    ],
)
def test_the_key_is_another_for_another_visit(later: dict[str, str]) -> None:
    payload = rb2b.person({"Seen At": "2026-11-02T15:04:05+00:00"})
    assert read({**payload, **later}).key != read(payload).key
    assert (
        read({**payload, "Seen At": "no time"}).key
        != read({**payload, "Seen At": "no time either"}).key
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The body is not JSON: Expecting value: line 1 column 1 (char 0)."),
        (
            b"{",
            "The body is not JSON: Expecting property name enclosed in double quotes: line 1 "
            "column 2 (char 1).",
        ),
        (
            b'{"First Name": "Da\x00na"}',
            "The body is not JSON: Invalid control character at: line 1 column 19 (char 18).",
        ),
        ('{"City": "Malmö"}'.encode("latin-1"), "The body is not UTF-8: byte 14 is 0xf6."),
        (b"[]", "The body is a JSON list, not an object."),
        (b"null", "The body is a JSON null, not an object."),
        (b'"text"', "The body is a JSON text, not an object."),
        (b"12", "The body is a JSON number, not an object."),
        (
            b'{"payload": "{oops"}',
            "The body is not JSON: Expecting property name enclosed in double quotes: ",
        ),
    ],
)
def test_an_unreadable_body_says_why(body: bytes, said: str) -> None:
    with pytest.raises(UnreadableBody) as caught:
        parse_visitor(body)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("depth", [10, 300, 600, 990, 20_000])
@pytest.mark.parametrize("wrapper", ["payload", "raw", "person", "company", "geo"])
def test_only_deeply_nested_body_is_unreadable(wrapper: str, depth: int) -> None:
    body = f'{{"{wrapper}":' * depth + '{"email": "dana@northline.test"}' + "}" * depth
    if depth == 10:
        assert parse_visitor(body.encode()).email == "dana@northline.test"
        return
    try:
        assert parse_visitor(body.encode()).email == "dana@northline.test"
    except UnreadableBody as error:
        assert str(error) == "The body is nested too deeply."


def test_a_byte_order_mark_is_no_obstacle() -> None:
    payload = rb2b.person()
    assert parse_visitor(b"\xef\xbb\xbf" + rb2b.to_body(payload)) == read(payload)


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    [
        "http://[::1",
        "https://[",
        "{",
        '{"email": "a@b.test"}',
        '\ud800{"',
        "true",
        "2026-11-02",
        "0001-01-01T00:00+23:59",
    ]
)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT


NAMES = st.sampled_from(
    [
        *KEYS,
        "email",
        "linkedin_url",
        "company",
        "person",
        "leading_profile",
        "geo",
        "payload",
        "raw",
        "data",
    ]
    + ["pages", "events", "is_repeat_visit", "url", "timestamp", "domain", "name", "website"]
)


JUNK = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES | ANY_TEXT, inner, max_size=6)
    ),
    max_leaves=20,
)


def reads_or_refuses(body: bytes) -> None:
    try:
        visitor = parse_visitor(body)
    except UnreadableBody as error:
        assert 10 < len(str(error)) < 300
        str(error).encode()
        return
    assert len(visitor.key) == 64
    texts = [value for value in dataclasses.asdict(visitor).values() if isinstance(value, str)]
    assert len(texts) == 21
    for text in texts:
        assert text == text.encode().decode().replace("\x00", "").strip()
    assert visitor.seen_at is None or visitor.seen_at.tzinfo is UTC


@given(st.dictionaries(NAMES, JUNK, max_size=12))
def test_any_object_is_a_visitor_or_unreadable(payload: dict[str, Any]) -> None:
    reads_or_refuses(json.dumps(payload).encode())


@given(NAMES, JUNK)
def test_person_with_junk_field_parses_or_is_unreadable(name: str, junk: Any) -> None:
    reads_or_refuses(rb2b.to_body(rb2b.person({name: junk})))


@given(JUNK | st.binary())
def test_any_body_is_a_visitor_or_unreadable(junk: Any) -> None:
    reads_or_refuses(junk if isinstance(junk, bytes) else json.dumps(junk).encode())


@given(st.integers(0, 600), st.integers(0, 255))
def test_body_with_changed_byte_parses_or_is_unreadable(position: int, byte: int) -> None:
    body = bytearray(rb2b.to_body(rb2b.person()))
    body[position % len(body)] = byte
    reads_or_refuses(bytes(body))
