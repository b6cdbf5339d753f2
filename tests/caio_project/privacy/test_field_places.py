"""Every field of every table is placed; a new one fails here, with the line to write."""

import dataclasses

import pytest

from caio_project.privacy import field_places


def test_every_field_of_every_table_is_placed() -> None:
    assert field_places.find_problems() == []


def _with_table(monkeypatch: pytest.MonkeyPatch, label: str, **changes: object) -> list[str]:
    places = dict(field_places.all_places())
    table = dataclasses.replace(places[label], **changes) if changes else None
    places = {name: one for name, one in places.items() if name != label}
    monkeypatch.setattr(
        field_places, "all_places", lambda: {**places, **({label: table} if table else {})}
    )
    return field_places.find_problems()


def _fields(label: str, **more: str) -> dict[str, str]:
    return {**field_places.all_places()[label].fields, **more}


def test_an_unplaced_table_and_field_are_named_with_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields = _fields("approvals.Note")
    del fields["text"]
    [field] = _with_table(monkeypatch, "approvals.Note", fields=fields)
    assert 'approvals.Note.text is not placed: add text = "…" in' in field
    assert "places/approvals.toml" in field

    monkeypatch.undo()
    [table] = _with_table(monkeypatch, "auth.Group")
    assert 'auth.Group is not placed: add ["auth.Group"]' in table
    assert "places/libraries.toml" in table


@pytest.mark.parametrize(
    ("label", "changes", "said"),
    [
        ("outreach.Move", {"why": "personal"}, "append-only"),
        ("outreach.Move", {"why": "secrecy"}, "“secrecy” is none of"),
        ("leads.Company", {"name": "personal"}, "nothing erases it"),
        ("leads.Company", {"gone": "code"}, "no field any more"),
    ],
)
def test_a_wrong_place_is_named(
    label: str, changes: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = _with_table(monkeypatch, label, fields=_fields(label, **changes))
    assert any(said in one for one in problems)
