"""Pages for newcomers say what is there: the drawn packages, the decisions, the paths and links
they name.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

ROOT = Path(settings.BASE_DIR)
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/recipes.md",
    "docs/cutover.md",
    "docs/railway.md",
    "docs/linux.md",
    "docs/older-system.md",
    "tests/README.md",
)


def test_architecture_page_shows_the_packages_as_they_are() -> None:
    done = subprocess.run(
        [sys.executable, ".ci/draw_packages.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_every_decision_is_listed() -> None:
    listed = re.findall(
        r"^(\d+)\. \[.*\]\((.*)\)$", (ROOT / "docs/adr/README.md").read_text(), re.M
    )
    there = sorted(path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md"))

    assert [name for _number, name in listed] == there
    assert [int(number) for number, _name in listed] == list(range(1, len(there) + 1))


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_to_files(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / page).read_text())

    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_every_page_and_picture_is_linked_from_another() -> None:
    """A page that nothing leads to is read by nobody."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    linked = {
        page.parent.joinpath(link).resolve()
        for page in pages
        for link in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text())
        if page.parent.joinpath(link).resolve() != page.resolve()
    }
    there = [one for kind in ("md", "png") for one in (ROOT / "docs").glob(f"*.{kind}")]
    assert [one.name for one in there if one.resolve() not in linked] == []


@pytest.mark.parametrize(
    "page", [*PAGES, "docs/operations.md", "docs/cutover.md", "docs/railway.md"]
)
def test_paths_that_a_page_names_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    paths = re.findall(
        r"`((?:leads|outreach|approvals|metrics|caio_project|tests)/[\w/]+(?:\.\w+)?/?)`", text
    )

    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_page_of_the_older_system_names_commands_that_exist() -> None:
    text = (ROOT / "docs/older-system.md").read_text()
    rows = [line.split("|") for line in text.splitlines() if re.match(r"\| `\w+\.py", line)]
    named = [re.findall(r"`(\w+)(?: [^`]*)?`", row[2]) for row in rows]
    scripts = {name for row in rows for name in re.findall(r"(\w+\.py)", row[1])}

    assert {name for names in named for name in names} <= set(get_commands())
    assert [row[1] for row, names in zip(rows, named, strict=True) if not names] == [
        row[1] for row in rows if "none yet" in row[2]
    ]
    assert len(scripts) == 9
