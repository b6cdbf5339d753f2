"""Imported files: two columns of one name, and two values under one name of JSON."""

import json
from typing import Any

import pytest

from caio_project.lib import files

HEAD = "Email,Name,EMAIL\n"


@pytest.mark.parametrize(
    ("cells", "email"),
    [
        ("jane@w.test,Jane,", "jane@w.test"),
        (",Jane,jane@w.test", "jane@w.test"),
        ("jane@w.test,Jane,Jane@w.test", "jane@w.test"),
        ("jane@w.test,Jane", "jane@w.test"),
        (",Jane,", ""),
    ],
)
def test_an_empty_cell_hides_no_filled_one(cells: str, email: str) -> None:
    rows = list(files.csv_rows(f"{HEAD}{cells}\n".encode(), required=("email",)))
    assert rows == [(2, {"email": email, "name": "Jane"})]


@pytest.mark.parametrize("head", ["email_address,Name,Email Address", "Email,Name,Email"])
def test_two_values_under_one_name_are_an_error_of_their_line(head: str) -> None:
    text = f"{head}\njane@w.test,Jane,\njane@w.test,Jane,jim@w.test\n"
    found = files.csv_rows(
        text.encode(), required=(), plain_name=lambda name: name.lower().replace(" ", "_")
    )
    (_, right), (line, wrong) = found
    assert isinstance(right, dict) and "jane@w.test" in right.values()
    name = head.rpartition(",")[2]
    assert line == 3
    assert wrong == f"{name}: it is there twice, with “jane@w.test” and with “jim@w.test”."


def test_columns_without_a_name_contradict_nothing() -> None:
    rows = list(files.csv_rows(b"email,,\njane@w.test,1,2\n", required=("email",)))
    assert rows == [(2, {"email": "jane@w.test", "": "1"})]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": "1", "a": ""}', {"a": "1"}),
        ('{"a": null, "a": "1"}', {"a": "1"}),
        ('{"a": "1", "a": "1", "b": 2}', {"a": "1", "b": 2}),
        ('{"a": 0, "a": ""}', {"a": 0}),
        ('{"b": {"a": "1", "a": []}}', {"b": {"a": "1"}}),
    ],
)
def test_an_empty_json_value_hides_no_filled_one(text: str, found: dict[str, Any]) -> None:
    assert files.load_json(text) == files.parse_json_object(text) == found


def test_two_json_values_under_one_name_are_an_error_of_a_file_alone() -> None:
    text = '{"a": "1", "b": "2", "a": "3"}'
    said = "a: it is there twice, with “1” and with “3”."
    assert files.load_json(text) == {"a": "1", "b": "2"}
    assert json.dumps(files.load_json(text)) == '{"a": "1", "b": "2"}'
    assert files.parse_json_object(text) == said
    assert list(files.json_list(f'[{{"a": "1"}}, {text}]')) == [(1, {"a": "1"}), (2, said)]
    assert list(files.json_rows(f'{{"a": "1"}}\n{text}')) == [(1, {"a": "1"}), (2, said)]
