"""Write docs/adr/README.md: the number and title of every decision."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "adr"


def index() -> str:
    """The page, made from the first line of each decision."""
    lines = [
        "# Decisions",
        "",
        "One page each: context, decision, consequences. "
        "A later one that changes an earlier one says so.",
        "",
    ]
    for path in sorted(FOLDER.glob("[0-9]*.md")):
        number, _, title = path.read_text().splitlines()[0].removeprefix("# ").partition(". ")
        lines.append(f"{number}. [{title}]({path.name})")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (FOLDER / "README.md").write_text(index())
