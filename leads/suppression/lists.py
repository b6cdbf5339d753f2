"""Read the lists in `data`, which are maintained by hand with one entry a line."""

from functools import lru_cache
from pathlib import Path

LIST_FOLDER = Path(__file__).parent / "data"


@lru_cache
def load_list(name: str) -> frozenset[str]:
    lines = (LIST_FOLDER / f"{name}.txt").read_text().splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
