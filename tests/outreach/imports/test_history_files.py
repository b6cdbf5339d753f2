"""Files about what was before us: three spellings of the same, errors by line and field."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caio_project.lib.files import UnreadableFile
from outreach.imports import history_files
from outreach.imports.history_files import HistoryEntry

NINE = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
OLD = {
    "email_id": "blog_intent_sample_1",
    "status": "pending",
    "to": "dana@northline.test",
    "subject": "Freight margin",
    "body": "Hi Dana,\n\nNorthline Freight …",
    "recipient_data": {
        "name": "Dana Okafor",
        "company": "Northline Freight",
        "title": "VP Operations",
    },
    "context": {"intent_score": 0.82, "icp_tier": "Tier 1", "triggers": ["pricing"]},
    "created_at": "2026-01-31T09:30:00Z",
}


def read(document: Any) -> list[Any]:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return list(history_files.read_entries(raw))


def test_the_older_systems_drafts_are_read() -> None:
    assert read(OLD) == [
        (
            1,
            HistoryEntry(
                "draft",
                "dana@northline.test",
                NINE,
                "Dana Okafor",
                "Northline Freight",
                "VP Operations",
                "Freight margin",
                "Hi Dana,\n\nNorthline Freight …",
                intent=82,
                tier="tier_1",
                old_id="blog_intent_sample_1",
                why="Triggers: pricing.",
            ),
        )
    ]


@pytest.mark.parametrize(
    ("status", "what"),
    [("pending", "draft"), ("approved", "sent"), ("sent", "sent"), ("rejected", "rejected")],
)
def test_what_an_old_status_means(status: str, what: str) -> None:
    assert read({**OLD, "status": status})[0][1].what == what


def test_one_a_list_and_one_a_line_are_the_same() -> None:
    other = {**OLD, "email_id": "2"}
    lines = f"{json.dumps(OLD)}\n\n{json.dumps(other)}\n".encode()
    assert [item for _, item in read([OLD, other])] == [item for _, item in read(lines)]
    assert [line for line, _ in read(lines)] == [1, 3]


def test_a_csv_and_a_json_line_of_the_same_are_one_entry() -> None:
    row = {
        "email": "dana@northline.test",
        "what": "sent",
        "at": "2026-01-31T09:30:00",
        "subject": "Hello",
    }
    table = b"Email,What,At,Subject\ndana@northline.test,Sent,2026-01-31T09:30:00+00:00,Hello\n"
    (_, one), (_, other) = read(row)[0], read(table)[0]
    assert one == other
    assert one.key == other.key


def test_edited_draft_keeps_key_and_other_draft_differs() -> None:
    keys = {
        read(row)[0][1].key for row in (OLD, {**OLD, "body": "Other."}, {**OLD, "email_id": "2"})
    }
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            {**OLD, "status": "queued"},
            "status: 'queued' is not one of pending, approved, sent, rejected.",
        ),
        (
            {**OLD, "created_at": ""},
            "created_at: '' is not a time like 2026-01-31 or 2026-01-31T09:30:00Z.",
        ),
        ({**OLD, "created_at": "yesterday"}, "created_at: 'yesterday' is not a time like"),
        ({**OLD, "created_at": "0001-01-01"}, "created_at: '0001-01-01' is not a time like"),
        ({**OLD, "created_at": "9999-12-31T23:59"}, "created_at: '9999-12-31T23:59' is not a time"),
        ({**OLD, "body": "<p> </p>"}, "body: a draft needs a subject and a body."),
        ({**OLD, "subject": None}, "subject: a draft needs a subject and a body."),
        ({**OLD, "recipient_data": "Dana"}, "recipient_data: it is not a JSON object."),
        ({**OLD, "subject": ["a"]}, "subject: it is not a text."),
        (
            {"email": "a@b.test", "what": "opened", "at": "2026-01-31"},
            "what: 'opened' is not one of sent,",
        ),
        (["x"], "It is not a JSON object."),
    ],
)
def test_what_is_wrong_is_named_by_its_field(row: Any, sentence: str) -> None:
    ((_, said),) = read([row])
    assert isinstance(said, str)
    assert said.startswith(sentence)


def test_a_line_separator_inside_a_text_ends_no_line() -> None:
    lines = [
        json.dumps({**OLD, "subject": f"Freight{mark}margin"}, ensure_ascii=False)
        for mark in "\u2028\x85"
    ]
    found = read("\n".join(lines).encode())
    assert [(line, item.subject) for line, item in found] == [
        (1, "Freight margin"),
        (2, "Freight margin"),
    ]


def test_too_deep_or_long_entry_is_named_by_line() -> None:
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    assert read(f"{json.dumps(OLD)}\n{deep}\n".encode())[1] == (2, "It is nested too deeply.")
    ((line, said),) = read(f"email,what,at\n{'x' * 140_000},sent,2026-01-31\n".encode())
    assert (line, said.startswith("A cell has more than 131072 characters")) == (2, True)


def test_a_csv_without_its_columns_is_no_file_of_ours() -> None:
    with pytest.raises(UnreadableFile, match="no column what, at"):
        read(b"email,subject\na@b.test,Hello\n")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>Hi Dana,</p><p>one<br>two &amp; three</p>", "Hi Dana,\n\none\ntwo & three"),
        ("5 < 6 and 7 > 2", "5 < 6 and 7 > 2"),
        ("a\r\n\r\n\r\n\r\nb", "a\n\nb"),
    ],
)
def test_html_becomes_text(body: str, text: str) -> None:
    assert read({**OLD, "body": body})[0][1].body == text


@pytest.mark.parametrize(
    ("score", "points"),
    [
        (0.82, 82),
        (1, 100),
        (82, 82),
        ("82", 82),
        (None, 0),
        ("high", 0),
        (100, 100),
        (101, 0),
        (900, 0),
        (-1, 0),
    ],
)
def test_scores_are_points_of_a_hundred(score: Any, points: int) -> None:
    assert read({**OLD, "context": {"intent_score": score}})[0][1].intent == points


@pytest.mark.parametrize(
    ("said", "tier"), [("tier_2", "tier_2"), ("TIER 3", "tier_3"), ("1", "tier_1"), ("gold", "")]
)
def test_tiers(said: str, tier: str) -> None:
    assert read({**OLD, "context": {"icp_tier": said}})[0][1].tier == tier


@pytest.mark.parametrize("field", ["name", "company", "title"])
def test_a_long_value_is_cut_to_its_column(field: str) -> None:
    said = {**OLD, "recipient_data": {field: "x" * 200 + "y"}}
    assert getattr(read(said)[0][1], field) == "x" * 200


@pytest.mark.parametrize(
    ("context", "why"),
    [
        ({"triggers": ["pricing", 7, "demo"]}, "Triggers: pricing, demo."),
        ({"pages_viewed": ["/pricing"], "triggers": "pricing"}, "Pages: /pricing."),
        (
            {"warm_connections": [{"team_member": "Alex", "shared": "Beta"}, {"shared": "Acme"}]},
            "Warm: Alex at Beta, Acme.",
        ),
        ({"triggers": ["demo"], "pages_viewed": ["/demo"]}, "Triggers: demo. Pages: /demo."),
        ({"warm_connections": ["Alex", {}]}, ""),
    ],
)
def test_why_it_was_written_is_told(context: dict[str, Any], why: str) -> None:
    assert read({**OLD, "context": context})[0][1].why == why


@pytest.mark.parametrize(
    ("left_out", "what"),
    [({"sent_at": "x"}, "sent"), ({"rejected_at": "x"}, "rejected"), ({}, "draft")],
)
def test_a_missing_status_follows_from_its_times(left_out: dict[str, Any], what: str) -> None:
    assert read({**OLD, "status": "", **left_out})[0][1].what == what


@pytest.mark.parametrize("field", ["rejection_tag", "tag"])
def test_a_rejections_tag_is_read_from_either_field(field: str) -> None:
    found = read({**OLD, "status": "rejected", field: "Weak Subject"})[0][1]
    assert (found.what, found.tag) == ("rejected", "weak_subject")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*OLD, "what", "at"]), inner, max_size=8)
    ),
    max_leaves=20,
)


@given(JSON | st.dictionaries(st.sampled_from([*OLD, "email", "what", "at"]), JSON, max_size=9))
def test_whatever_a_json_file_holds_is_an_item_or_a_sentence(document: Any) -> None:
    raw = json.dumps(document).encode()
    try:
        found = list(history_files.read_entries(raw))
    except UnreadableFile:
        return
    assert all(isinstance(item, HistoryEntry | str) for _, item in found)


@pytest.mark.parametrize(
    "text",
    [
        "email,what,at,Email\na@w.test,rejected,2026-01-02,\n",
        "Email,what,at,email\n,rejected,2026-01-02,a@w.test\n",
        '{"email": "a@w.test", "what": "rejected", "at": "2026-01-02", "email": ""}',
    ],
)
def test_an_empty_value_hides_no_other_of_its_name(text: str) -> None:
    ((_, entry),) = history_files.read_entries(text.encode())
    assert not isinstance(entry, str) and entry.email == "a@w.test"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("email,what,at,Email\na@w.test,rejected,2026-01-02,b@w.test\n", 2),
        ('{"email": "a@w.test", "what": "rejected", "at": "2026-01-02", "email": "b@w.test"}', 1),
    ],
)
def test_two_values_of_one_name_are_named(text: str, line: int) -> None:
    said = "email: it is there twice, with “a@w.test” and with “b@w.test”."
    assert list(history_files.read_entries(text.encode())) == [(line, said)]
