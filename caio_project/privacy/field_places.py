"""Every field of every table, and what it holds: read by export, erasure and their tests.

The places are in places/*.toml, one line a field.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import models

from caio_project.lib.db.append_only import AppendOnly

PERSONAL, FREE = "personal", "free"
# Word: what such a field holds, and what an erasure does with it.
MEANINGS = {
    PERSONAL: "About the person of its row: blanked, or deleted with its row.",
    FREE: "Typed by people or written by us about anything: addresses of an erased person in it "
    "are replaced.",
    "id": "An id of ours or of a vendor; it says nothing without the rows that are gone.",
    "link": "Points to another row.",
    "code": "A word from a fixed list, or a name of something in the program.",
    "number": "Counted or measured.",
    "time": "A date or a time.",
    "flag": "Yes or no.",
    "hash": "One-way.",
    "team": "About the team that uses the program, not about whom it writes to.",
    "company": "About a company, which other people work for, too.",
    "setting": "Set up by the team for all emails.",
    "vendor": "What a vendor's server said about itself.",
    "secret": "A key or a session of the team, sealed or hashed.",
}
BLANK, DELETE, KEEP, BY_HAND = "blank", "delete", "keep", "by hand"
ERASE_WAYS = {BLANK, DELETE, KEEP, BY_HAND}
FOLDER = Path(__file__).parent / "places"
TEXT_TYPES = (models.CharField, models.TextField, models.JSONField, models.BinaryField)


@dataclass(frozen=True)
class TablePlaces:
    """One table: `fields` by name, and how its rows are found by lead and erased."""

    label: str
    fields: dict[str, str]
    person: tuple[str, ...]
    erase: str

    @property
    def model(self) -> Any:
        return apps.get_model(self.label)

    def named(self, *words: str) -> list[str]:
        return [name for name, word in self.fields.items() if word in words]

    def text_fields(self, *words: str) -> list[str]:
        fields = {field.name: field for field in self.model._meta.concrete_fields}
        return [name for name in self.named(*words) if isinstance(fields[name], TEXT_TYPES)]


@cache
def all_places() -> dict[str, TablePlaces]:
    found: dict[str, TablePlaces] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        for label, lines in tomllib.loads(path.read_text(encoding="utf-8")).items():
            fields = {name: word for name, word in lines.items() if name[0] != "_"}
            person = tuple(lines.get("_person", ()))
            found[label] = TablePlaces(label, fields, person, lines.get("_erase", KEEP))
    return found


def tables_about_people() -> list[TablePlaces]:
    return [places for places in all_places().values() if places.person]


def stored_models() -> list[Any]:
    """Every model with a table of its own, those of libraries included."""
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if not model._meta.proxy]


def find_problems() -> list[str]:
    """What is not placed, or placed wrongly; a sentence each, with the line to write."""
    places, problems = all_places(), []
    models_by_label = {model._meta.label: model for model in stored_models()}
    for label in sorted(places.keys() - models_by_label.keys()):
        problems.append(f"{label} is placed, and is no table any more: delete its lines.")
    for label, model in models_by_label.items():
        if label not in places:
            problems.append(
                f'{label} is not placed: add ["{label}"] and a line for each field to '
                f"caio_project/privacy/places/{_file_of(label)}."
            )
        else:
            problems += _problems_of_table(places[label], model)
    return problems


def _file_of(label: str) -> str:
    app = label.partition(".")[0]
    return f"{app}.toml" if (FOLDER / f"{app}.toml").exists() else "libraries.toml"


def _problems_of_table(table: TablePlaces, model: Any) -> list[str]:
    names = [field.name for field in model._meta.concrete_fields]
    where = f"in caio_project/privacy/places/{_file_of(table.label)}"
    problems = [
        f'{table.label}.{name} is not placed: add {name} = "…" {where} '
        f"(one of: {', '.join(MEANINGS)})."
        for name in names
        if name not in table.fields
    ]
    for name, word in table.fields.items():
        if name not in names:
            problems.append(f"{table.label}.{name} is no field any more: delete its line {where}.")
        if word not in MEANINGS:
            problems.append(f"{table.label}.{name}: “{word}” is none of {', '.join(MEANINGS)}.")
    if table.erase not in ERASE_WAYS:
        problems.append(f"{table.label}: _erase is none of {', '.join(sorted(ERASE_WAYS))}.")
    holds_text = table.named(PERSONAL)
    if holds_text and table.erase == KEEP:
        problems.append(
            f"{table.label}: {holds_text[0]} is personal, and nothing erases it: say _person and "
            f"_erase {where}."
        )
    if issubclass(model, AppendOnly) and (held := table.named(PERSONAL, FREE)):
        problems.append(f"{table.label} is append-only: {held[0]} must hold no text of people.")
    return problems
