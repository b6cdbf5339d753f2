"""Fills fields of a lead or a company that are not known yet, and notes the source of each
value.
"""

from typing import Any

from leads.models import Company, Lead, field_source

EMPTY_VALUES: tuple[Any, ...] = ("", None, [])


def fill_fields(
    row: Lead | Company, source: str, *, overwrite: bool = False, **values: Any
) -> list[str]:
    """Set given fields that are not known yet, or all that differ with `overwrite`, and save them.

    Returns the names of the fields that were set.
    """
    changed = set_fields(row, source, overwrite=overwrite, **values)
    if changed:
        row.save(update_fields=[*changed, "sources"])
    return changed


def set_fields(
    row: Lead | Company, source: str, *, overwrite: bool = False, **values: Any
) -> list[str]:
    changed = []
    for name, value in values.items():
        if value in EMPTY_VALUES or getattr(row, name) == value:
            continue
        if getattr(row, name) in EMPTY_VALUES or overwrite:
            setattr(row, name, value)
            row.sources = {**row.sources, name: field_source(source)}
            changed.append(name)
    return changed
