"""What is left of personal data for who may not read it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.inbound import masking


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("dana@northline.test", "d***@northline.test"),
        ("Dana", "D***"),
        ("Dana <dana@northline.test>", "D***"),
        ("+1 614 555 0142", "***"),
        ("https://www.linkedin.com/in/dana-okafor", "h***"),
        ("", ""),
    ],
)
def test_text_keeps_first_letter_and_address_domain(said: str, shown: str) -> None:
    assert masking.mask_text(said) == shown


def test_each_word_of_a_name_is_masked() -> None:
    assert masking.mask_name("Dana van Okafor") == "D*** v*** O***"


def test_body_keeps_structure_keys_times_and_booleans() -> None:
    said = {
        "Business Email": "dana@northline.test",
        "Seen At": "2026-11-20T09:30:00.000+00.00",
        "is_repeat_visit": True,
        "Title": None,
        "Zipcode": 43004,
        "person": {
            "name": "Dana",
            "born": "1985-03-02",
            "pages": [{"url": "https://ours.test/?email=dana@x.test"}],
        },
    }
    assert json.loads(masking.mask_body(json.dumps(said).encode())) == {
        "Business Email": "d***@northline.test",
        "Seen At": "2026-11-20T09:30:00.000+00.00",
        "is_repeat_visit": True,
        "Title": None,
        "Zipcode": "***",
        "person": {"name": "D***", "born": "***", "pages": [{"url": "h***"}]},
    }


def test_json_inside_text_keeps_its_structure() -> None:
    wrapped = {"raw": json.dumps({"email": "dana@northline.test"}), "more": "{Dana"}
    assert json.loads(masking.mask_body(json.dumps(wrapped).encode())) == {
        "raw": {"email": "d***@northline.test"}, "more": "***",
    }  # fmt: skip


@pytest.mark.parametrize(
    "key", ["dana@northline.test", "+16145550142", "a" * 41, "in/dana-okafor", "43004"]
)
def test_data_used_as_a_key_is_masked(key: str) -> None:
    assert json.loads(masking.mask_body(json.dumps({key: "x", "ok": "y"}).encode())) == {
        "*** 1": "x***",
        "ok": "y***",
    }


@pytest.mark.parametrize(
    "raw",
    [
        b"dana@northline.test",
        b"email=dana%40x.test",
        b'{"email": "dana@x.test"',
        b'"Dana"',
        b"\xff\xfe",
        b"[" * 90000,
    ],
)
def test_what_is_no_json_object_is_masked_whole(raw: bytes) -> None:
    assert masking.mask_body(raw) == f"Hidden: {len(raw)} bytes that are no JSON object."


def test_an_erased_body_is_empty() -> None:
    assert masking.mask_body(b"") == ""


def test_what_is_nested_deeply_is_no_traceback() -> None:
    deep = b'{"a":' * 200 + b'"Dana"' + b"}" * 200
    assert "Dana" not in masking.mask_body(deep)


@pytest.mark.parametrize("nested", [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_what_is_nested_deeply_is_hidden_whole(nested: tuple[str, str]) -> None:
    opened, closed = nested
    shown = masking.mask_body((opened * 200 + "true" + closed * 200).encode())
    assert "***" in shown and "true" not in shown
    shallow = masking.mask_body((opened * 10 + "true" + closed * 10).encode())
    assert "true" in shallow and "***" not in shallow


def test_texts_within_texts_are_shown() -> None:
    said: object = True
    for _ in range(6):
        said = [json.dumps([said])]
    assert "true" in masking.mask_body(json.dumps(said).encode())


@pytest.mark.parametrize(
    ("key", "at", "shown"),
    [
        ("Business Email", 0, "Business Email"),
        ("dana@northline.test", 0, "***"),
        ("dana@northline.test", 2, "*** 2"),
        ("a" * 40, 0, "a" * 40),
        ("a" * 41, 0, "***"),
        ("id 12345", 0, "***"),
        ("id 1234", 0, "id 1234"),
    ],
)
def test_a_key_is_shown_unless_it_may_be_data(key: str, at: int, shown: str) -> None:
    assert masking.mask_key(key, at) == shown


SECRET = "Zyxwvutsrq"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(SECRET) | st.just(f"{SECRET}@x.test"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b c"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["email", "person"]), VALUES))
def test_no_value_comes_through(said: dict[str, object]) -> None:
    assert SECRET not in masking.mask_body(json.dumps(said).encode())
    assert SECRET not in masking.mask_body(json.dumps({"raw": json.dumps(said)}).encode())
