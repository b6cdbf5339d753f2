"""Fills what is not known yet of a lead or a company, and notes where each value came from."""

from typing import Any

from leads.models import Company, Lead, field_source

EMPTY_VALUES: tuple[Any, ...] = ("", None, [])


def fill_fields(
    row: Lead | Company, source: str, *, overwrite: bool = False, **values: Any
) -> list[str]:
    """Set the fields that are given and not known yet (or all that differ), note their source, return their names."""
    changed = []
    for name, value in values.items():
        if value in EMPTY_VALUES or getattr(row, name) == value:
            continue
        if getattr(row, name) in EMPTY_VALUES or overwrite:
            setattr(row, name, value)
            row.sources = {**row.sources, name: field_source(source)}
            changed.append(name)
    if changed:
        row.save(update_fields=[*changed, "sources"])
    return changed
