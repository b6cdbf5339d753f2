"""One person however the body was wrapped, and a sentence for a person where there is none to
read.
"""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.integrations.rb2b import UnreadableBody, Visitor, parse_visitor
from tests.fakes import rb2b


def read(payload: Any) -> Visitor:
    return parse_visitor(rb2b.to_body(payload))


def respelled(payload: dict[str, Any], respell: Any) -> dict[str, Any]:
    return {respell(key): value for key, value in payload.items()}


WRAPPERS = {
    "as RB2B sends it": lambda p: p,
    "relay envelope": rb2b.relay_envelope,
    "queue wrapper": rb2b.queue_wrapper,
    "queue wrapper with text": lambda p: rb2b.queue_wrapper(p, as_text=True),
    "relay of a queue": lambda p: rb2b.relay_envelope(rb2b.queue_wrapper(p, as_text=True)),
    "wrapped as data": lambda p: {"data": p},
    "snake case": lambda p: respelled(p, lambda key: key.lower().replace(" ", "_")),
    "camel case": lambda p: respelled(p, lambda key: key[0].lower() + key[1:].replace(" ", "")),
    "upper case": lambda p: respelled(p, str.upper),
    "with unknown fields": lambda p: {
        **p,
        "Score": 7,
        "customer_id": "c-1",
        "extra": {"a": [1]},
        "data": {},
    },
    "in another order": lambda p: dict(reversed(p.items())),
}
wrapped = pytest.mark.parametrize(
    "wrap", [pytest.param(wrap, id=name) for name, wrap in WRAPPERS.items()]
)


def test_every_field_of_a_person_is_read() -> None:
    payload = rb2b.person(
        {
            "LinkedIn URL": "https://www.linkedin.com/in/dana-okafor",
            "First Name": "Dana",
            "Last Name": "Okafor",
            "Title": "VP Sales",
            "Company Name": "Northline",
            "Business Email": "dana@northline.test",
            "Website": "https://northline.test",
            "Seen At": "2026-11-02T15:04:05.00+00:00",
        }
    )
    assert read(payload) == Visitor(
        linkedin_url="https://www.linkedin.com/in/dana-okafor",
        first_name="Dana",
        last_name="Okafor",
        title="VP Sales",
        company_name="Northline",
        email="dana@northline.test",
        website="https://northline.test",
        industry="Logistics & Supply Chain",
        employees="200-500",
        revenue="$48M rev",
        city="Columbus",
        state="OH",
        zipcode="04321",
        referrer="https://www.google.com/",
        url="https://oursite.test/pricing?utm_source=g",
        tags="Hot Pages, Hot Leads",
        seen_at=datetime(2026, 11, 2, 15, 4, 5, tzinfo=UTC),
        seen_at_text="2026-11-02T15:04:05.00+00:00",
        is_repeat=False,
        is_test=False,
    )
    assert read(payload).is_person


@wrapped
def test_person_is_read_from_any_wrapper(wrap: Any) -> None:
    payload = rb2b.person()
    assert read(wrap(payload)) == read(payload)


def test_flat_snake_case_body_is_read() -> None:
    payload = rb2b.snake_case()
    visitor = read(payload)
    assert visitor.is_person
    assert dataclasses.asdict(visitor) == {
        **dict.fromkeys(("website", "industry", "revenue", "city", "state", "zipcode", "tags"), ""),
        "linkedin_url": payload["linkedin_url"],
        "first_name": payload["first_name"],
        "last_name": payload["last_name"],
        "title": payload["title"],
        "company_name": payload["company_name"],
        "email": payload["email"],
        "employees": "312",
        "referrer": payload["referrer"],
        "url": payload["page_url"],
        "seen_at": datetime.fromisoformat(payload["timestamp"]),
        "seen_at_text": payload["timestamp"],
        "is_repeat": False,
        "is_test": False,
    }


def test_the_nested_form_of_older_receivers_is_read() -> None:
    payload = rb2b.nested_legacy()
    who, company = payload["leading_profile"], payload["company"]
    visitor = read(payload)
    assert visitor.is_person
    assert dataclasses.asdict(visitor) == {
        **dict.fromkeys(("state", "zipcode", "tags"), ""),
        "linkedin_url": who["linkedinUrl"],
        "first_name": who["firstName"],
        "last_name": who["lastName"],
        "title": who["job_title"],
        "company_name": company["name"],
        "email": who["work_email"],
        "website": company["domain"],
        "industry": company["industry"],
        "employees": "312",
        "revenue": company["revenue"],
        "city": "Columbus",
        "referrer": payload["referrer"],
        "url": payload["pages"][0]["url"],
        "seen_at": datetime.fromisoformat(payload["timestamp"]),
        "seen_at_text": payload["timestamp"],
        "is_repeat": False,
        "is_test": False,
    }


@pytest.mark.parametrize("order", [("person", "company"), ("company", "person")])
def test_nested_company_addresses_stay_the_companys(order: tuple[str, str]) -> None:
    parts = {
        "person": {
            "email": "dana@northline.test",
            "first_name": "Dana",
            "linkedin_url": "https://linkedin.com/in/dana",
        },
        "company": {
            "name": "Northline",
            "domain": "northline.test",
            "linkedin_url": "https://linkedin.com/company/northline",
            "url": "https://northline.test",
        },
    }
    visitor = read({name: parts[name] for name in order})
    assert visitor.is_person
    assert (visitor.linkedin_url, visitor.email) == (
        "https://linkedin.com/in/dana",
        "dana@northline.test",
    )
    assert (visitor.company_name, visitor.website, visitor.url) == (
        "Northline",
        "northline.test",
        "",
    )


def test_a_company_alone_is_no_person() -> None:
    visitor = read(rb2b.company_only())
    assert not visitor.is_person
    assert (visitor.first_name, visitor.email, visitor.is_test) == ("", "", False)
    assert visitor.company_name


@pytest.mark.parametrize(
    ("overrides", "is_person"),
    [
        ({}, True),
        ({"Business Email": None}, True),
        ({"LinkedIn URL": None}, True),
        ({"First Name": None}, True),
        ({"First Name": None, "Business Email": None}, False),
        ({"LinkedIn URL": None, "Business Email": None}, False),
        ({"LinkedIn URL": "https://www.linkedin.com/company/northline"}, False),
    ],
)
def test_who_is_a_person(overrides: dict[str, Any], is_person: bool) -> None:
    assert read(rb2b.person(overrides)).is_person is is_person


@pytest.mark.parametrize(
    ("value", "is_repeat"),
    [(True, True), ("true", True), (False, False), (None, False), ("", False)],
)
def test_a_repeat_visit_is_marked(value: Any, is_repeat: bool) -> None:
    assert read(rb2b.person(is_repeat_visit=value)).is_repeat is is_repeat


@pytest.mark.parametrize(
    ("overrides", "is_test"),
    [
        ({}, True),
        ({"Website": "retention.com"}, True),
        ({"Website": "https://www.Retention.com/about"}, True),
        ({"Website": None, "Business Email": "founder@retention.com"}, True),
        ({"Website": "https://retention.company.test", "Business Email": "a@company.test"}, False),
        ({"Website": "http://[::1", "Business Email": "a@company.test"}, False),
    ],
)
def test_rb2bs_own_test_event_is_recognised(overrides: dict[str, Any], is_test: bool) -> None:
    assert read(rb2b.test_event(**overrides)).is_test is is_test


# Missing and wrong values

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


@pytest.mark.parametrize(
    ("value", "name"),
    [(["a"], "list"), ({"a": 1}, "object"), (True, "true/false value"), (7, "number")],
)
@pytest.mark.parametrize(
    "key",
    [
        key
        for key in KEYS
        if key not in ("Employee Count", "Zipcode", "Estimate Revenue", "Seen At")
    ],
)
def test_wrong_type_is_unreadable_naming_the_field(key: str, value: Any, name: str) -> None:
    with pytest.raises(UnreadableBody) as caught:
        read(rb2b.person({key: value}))
    assert str(caught.value) == f"{key} is a {name}, not text."


@pytest.mark.parametrize(
    ("value", "employees"),
    [(312, "312"), ("5000+", "5000+"), ("200-500", "200-500"), (312.0, "312.0")],
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
        (1793635445, None),
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


# The key, for RB2B sends no event id


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


# Bodies that are no visitor at all


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
    assert len(texts) == 17
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
