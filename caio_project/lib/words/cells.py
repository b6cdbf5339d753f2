"""Text for a cell of a CSV file that opens in a spreadsheet."""

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """`text`, with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_BEGINS) else text
