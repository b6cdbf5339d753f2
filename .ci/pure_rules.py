"""The files of pure rules: those of the import contract "Rules are pure", and what they rest on."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = "Rules are pure"
BELOW_THE_APPS = (
    "caio_project/lib/calendar.py",
    "caio_project/lib/words/diff.py",
    "caio_project/lib/statistics.py",
    "caio_project/lib/times.py",
)


def list_rule_files() -> list[Path]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    (modules,) = [one["source_modules"] for one in contracts if one["name"] == CONTRACT]
    found = [ROOT / path for path in BELOW_THE_APPS]
    for module in modules:
        place = ROOT.joinpath(*module.split("."))
        found += place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]
    return sorted(path.relative_to(ROOT) for path in found if path.stat().st_size)


def test_file_of(rules: Path) -> Path:
    """The mirrored tests: leads/owner_rules.py -> tests/leads/test_owner_rules.py."""
    return Path("tests", rules.parent, f"test_{rules.name}")
