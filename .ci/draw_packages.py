"""Draw the packages into docs/architecture.md, from the imports and docstrings of the code.

python .ci/draw_packages.py            rewrite the part between the two markers
python .ci/draw_packages.py --check    exit 1 where the page and the code differ
"""

import ast
import sys
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- drawn: begin -->", "<!-- drawn: end -->"
APPS = ("metrics", "approvals", "outreach", "leads", "caio_project")
EDGES = ("admin", "api", "apps", "tasks", "urls", "views", "webhooks", "management", "migrations")


def first_line(path: Path) -> str:
    """The first paragraph of a module's docstring, as one line."""
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return " ".join(text.split("\n\n")[0].split())


def packages_of(app: str) -> dict[str, str]:
    """Name: what it answers, for each package of an app that does work."""
    found = {}
    for init in sorted((ROOT / app).glob("*/__init__.py")):
        name = init.parent.name
        if name not in EDGES and name != "models":
            found[name] = first_line(init)
    return found


def arrows(graph: grimp.ImportGraph, app: str, names: list[str]) -> list[tuple[str, str]]:
    """Direct imports between packages, without those that a longer way implies."""
    direct = {
        (one, other)
        for one in names
        for other in names
        if one != other and imports(graph, f"{app}.{one}", f"{app}.{other}")
    }
    reach = {one: reachable(one, direct) for one in names}
    implied = {
        (one, other)
        for one, other in direct
        if any(
            other in reach[middle] for start, middle in direct if start == one and middle != other
        )
    }
    return sorted(direct - implied)


def imports(graph: grimp.ImportGraph, one: str, other: str) -> bool:
    ours = {one, *graph.find_descendants(one)}
    theirs = {other, *graph.find_descendants(other)}
    return any(theirs & graph.find_modules_directly_imported_by(module) for module in ours)


def reachable(start: str, direct: set[tuple[str, str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for one, other in direct:
            if one == here and other not in found:
                found.add(other)
                waiting.append(other)
    return found


def drawn() -> str:
    sys.path.insert(0, str(ROOT))
    graph = grimp.build_graph(*APPS)
    parts = []
    for app in APPS:
        packages = packages_of(app)
        parts += [f"### {app}", "", first_line(ROOT / app / "__init__.py"), ""]
        parts += ["| package | what it answers |", "|---|---|"]
        parts += [f"| `{name}/` | {text} |" for name, text in packages.items()]
        if lines := arrows(graph, app, list(packages)):
            parts += ["", "```mermaid", "flowchart TD"]
            parts += [f"    {one} --> {other}" for one, other in lines]
            parts += ["```"]
        parts.append("")
    return "\n".join(parts).rstrip()


def main() -> int:
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    wanted = f"{before}{BEGIN}\n\n{drawn()}\n\n{END}{after}"
    if "--check" not in sys.argv:
        PAGE.write_text(wanted)
        return 0
    if page != wanted:
        print("docs/architecture.md does not show the code: run `make docs`.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
