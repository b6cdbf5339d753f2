"""Every figure of a period as rows for CSV, XLSX and JSON."""

import json
from datetime import date
from typing import Any

from caio_project.lib.spreadsheets import cells, xlsx
from metrics.figures import costs
from metrics.figures.definitions import FIGURES
from metrics.figures.reading import Bucket, FigureRow, days_to_compute, read_figures

KINDS = ("csv", "xlsx", "json")
COLUMNS = (
    "figure", "label", "unit", "version", "from", "to", "by", "group", "group_label", "value",
    "numerator", "denominator", "interval_low", "interval_high", "sample", "is_enough",
)  # fmt: skip
WIDTHS = {"label": 34, "figure": 22, "group_label": 24}


def period_document(
    codes: list[str], start: date, end: date, by: str | None, bucket: str
) -> dict[str, Any]:
    """The rows with what is needed to read them. Raises NotReadable."""
    rows = read_figures(codes, start, end, by, bucket)
    return {
        "from": start.isoformat(),
        "to": end.isoformat(),
        "by": by,
        "bucket": bucket,
        "days_to_compute": days_to_compute(start, end),
        "missing_settings": costs.load_prices().missing(end),
        "figures": [_definition_json(code) for code in dict.fromkeys(codes)],
        "results": [row_json(row) for row in rows],
    }


def _definition_json(code: str) -> dict[str, Any]:
    one = FIGURES[code]
    return {
        "figure": one.code,
        "label": one.label,
        "unit": one.unit.value,
        "definition": one.definition,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "needed": one.needed,
        "version": one.version,
        "by": [dimension.value for dimension in one.dimensions],
    }


def row_json(row: FigureRow) -> dict[str, Any]:
    return {
        "figure": row.code,
        "from": row.start.isoformat(),
        "to": row.end.isoformat(),
        "group": row.group,
        "group_label": row.group_label,
        "value": row.value,
        "numerator": row.numerator,
        "denominator": row.denominator,
        "interval": row.interval,
        "sample": row.sample,
        "is_enough": row.is_enough,
    }


def export_file(kind: str, start: date, end: date, by: str) -> bytes:
    """`by` is "day" or a dimension, for the whole period. Raises NotReadable."""
    group, bucket = (None, Bucket.DAY) if by == "day" else (by, Bucket.WHOLE)
    codes = list(FIGURES)
    if kind == "json":
        document = period_document(codes, start, end, group, bucket)
        return json.dumps(document, indent=2, ensure_ascii=False).encode()
    rows = [_cells(row, by) for row in read_figures(codes, start, end, group, bucket)]
    if kind == "csv":
        return cells.csv_file(COLUMNS, [[str(cell) for cell in row] for row in rows])
    return xlsx.xlsx_file(COLUMNS, rows, widths=WIDTHS, lists={}, title="Figures")


def _cells(row: FigureRow, by: str) -> list[xlsx.Cell]:
    low, high = row.interval or (None, None)
    figure = row.definition
    values = (
        row.code, figure.label, figure.unit, figure.version, row.start, row.end, by, row.group,
        row.group_label, row.value, row.numerator, row.denominator, low, high, row.sample,
        "yes" if row.is_enough else "no",
    )  # fmt: skip
    return [_cell(value) for value in values]


def _cell(value: object) -> xlsx.Cell:
    if isinstance(value, int | float):
        return value
    return "" if value is None else str(value)
