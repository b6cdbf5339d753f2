"""Measure how easily the code is read, and fail where a figure is over its bar.

python .ci/bars.py [a checkout, or a commit of this one]. Migrations are left out.
"""

import ast
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 100
PRAGMA = re.compile(r"  # (?:noqa|type:|fmt:).*$")  # ruff does not count them either
MAX_COMPLEXITY = 10
MAX_ARGUMENTS = 6
MAX_UNBROKEN = 2  # words: a name and a string without a space
TOOLS = {"bench", "docs", ".ci"}  # neither the product nor its tests
UNREAD = {"migrations", "node_modules", "__pycache__", "build", "dist"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class File:
    path: PurePosixPath
    lines: list[str]
    functions: list[Function]
    methods: set[Function]
    exempt: set[int]

    @property
    def is_test(self) -> bool:
        return (
            "tests" in self.path.parts[:-1]
            or "test" in self.path.parts[:-1]
            or self.path.name.startswith("test_")
            or self.path.name in {"conftest.py", "tests.py"}
        )

    @property
    def is_tool(self) -> bool:
        return self.path.parts[0] in TOOLS


@dataclass(frozen=True)
class Figure:
    name: str
    value: float
    limit: float | None = None
    unit: str = ""
    where: str = ""

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.value > self.limit


def main() -> int:
    wanted = sys.argv[1] if len(sys.argv) > 1 else str(ROOT)
    if Path(wanted).is_dir():
        return report(measure(list(read_files(Path(wanted)))))
    with tempfile.TemporaryDirectory() as folder:
        command = ["git", "-C", str(ROOT), "archive", wanted]
        archive = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        return report(measure(list(read_files(Path(folder)))))


def read_files(root: Path) -> Iterator[File]:
    for file in sorted(root.rglob("*.py")):
        path = PurePosixPath(file.relative_to(root).as_posix())
        hidden = any(part.startswith(".") and part != ".ci" for part in path.parts)
        if hidden or UNREAD.intersection(path.parts) or (file.parent / "pyvenv.cfg").exists():
            continue
        text = file.read_text(encoding="utf-8")
        tree = ast.parse(text)
        nodes = list(ast.walk(tree))
        yield File(
            path,
            text.splitlines(),
            [node for node in nodes if isinstance(node, Function)],
            {
                child
                for node in nodes
                if isinstance(node, ast.ClassDef)
                for child in node.body
                if isinstance(child, Function)
            },
            exempt_lines(tree, text.splitlines()),
        )


def measure(files: list[File]) -> list[Figure]:
    product = [file for file in files if not file.is_test and not file.is_tool]
    tests = [file for file in files if file.is_test]
    functions = [(function, file) for file in product for function in file.functions]
    documented = [function for function, _ in functions if ast.get_docstring(function)]
    one_word = [function for function, _ in functions if "_" not in function.name.strip("_")]
    complex_ones = [
        f"{file.path}:{function.lineno} {function.name}"
        for function, file in functions
        if complexity_of(function) > MAX_COMPLEXITY
    ]
    long_calls = [
        f"{file.path}:{function.lineno} {function.name}"
        for function, file in functions
        if count_arguments(function, function in file.methods) > MAX_ARGUMENTS
    ]
    long_lines = [
        f"{file.path}:{number}"
        for file in files
        for number, line in enumerate(file.lines, 1)
        if is_too_long(line) and number not in file.exempt
    ]
    return [
        *measure_sizes("", product, files_limit=15, lines_limit=300),
        Figure("functions", len(functions)),
        Figure("functions with a docstring", share(documented, functions), 35, "%"),
        Figure("functions named by one word", share(one_word, functions), 40, "%"),
        Figure(
            f"functions over complexity {MAX_COMPLEXITY}",
            len(complex_ones),
            0,
            "",
            shorten(complex_ones),
        ),
        Figure(
            f"functions over {MAX_ARGUMENTS} arguments", len(long_calls), 0, "", shorten(long_calls)
        ),
        Figure(f"lines over {COLUMNS} columns", len(long_lines), 0, "", shorten(long_lines)),
        *measure_sizes("tests: ", tests, files_limit=25, lines_limit=1800),
    ]


def is_too_long(line: str) -> bool:
    """As ruff counts: without a pragma at the end, and not where nothing can be broken."""
    text = PRAGMA.sub("", line)
    return len(text) > COLUMNS and len(text.split()) > MAX_UNBROKEN


def exempt_lines(tree: ast.Module, lines: list[str]) -> set[int]:
    """The lines of strings whose end says `noqa: E501`."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.end_lineno != node.lineno:
            if "noqa: E501" in lines[(node.end_lineno or 1) - 1]:
                found.update(range(node.lineno, (node.end_lineno or 1) + 1))
    return found


def measure_sizes(
    prefix: str, files: list[File], files_limit: int, lines_limit: int
) -> Iterator[Figure]:
    """Files a folder, where an `__init__.py` without code does not count, and lines a file."""
    folders = Counter(
        file.path.parent for file in files if file.path.name != "__init__.py" or file.functions
    )
    lengths = {file.path: len(file.lines) for file in files}
    if not folders:
        return
    full = [f"{path} {n}" for path, n in folders.most_common() if n > files_limit]
    long = sorted(lengths, key=lambda path: -lengths[path])
    over = [f"{path} {lengths[path]}" for path in long if lengths[path] > lines_limit]
    yield Figure(f"{prefix}files", len(files))
    yield Figure(f"{prefix}lines", sum(lengths.values()))
    yield Figure(f"{prefix}files a folder, median", median(folders.values()))
    yield Figure(
        f"{prefix}files a folder, most", max(folders.values()), files_limit, "", shorten(full)
    )
    yield Figure(
        f"{prefix}lines of the longest file", max(lengths.values()), lines_limit, "", shorten(over)
    )


def share(some: list[Function], of_all: list[tuple[Function, File]]) -> float:
    return round(100 * len(some) / max(len(of_all), 1), 1)


def shorten(names: list[str], shown: int = 12) -> str:
    more = [f"and {len(names) - shown} more"] if len(names) > shown else []
    return "; ".join(names[:shown] + more)


def complexity_of(function: Function) -> int:
    """McCabe's number as ruff's C901 counts it."""
    return 1 + sum(map(count_branches, function.body))


def count_branches(statement: ast.stmt) -> int:
    inside = sum(map(count_branches, (child for child in nested_statements(statement))))
    match statement:
        case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
            return 1 + inside
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return 1 + inside
        case ast.Try() | ast.TryStar():
            return len(statement.handlers) + bool(statement.orelse) + inside
        case ast.Match():
            last = statement.cases[-1]
            catches_all = last.guard is None and (
                isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
            )
            return len(statement.cases) - catches_all + inside
    return inside


def nested_statements(statement: ast.stmt) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def count_arguments(function: Function, is_method: bool) -> int:
    arguments = function.args
    names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    decorators = {ast.unparse(decorator) for decorator in function.decorator_list}
    bound = is_method and "staticmethod" not in decorators
    return sum(not name.arg.startswith("_") for name in names) - bound


def report(figures: list[Figure]) -> int:
    for figure in figures:
        bar = "" if figure.limit is None else f"at most {figure.limit:g}{figure.unit}"
        verdict = "" if figure.limit is None else "OVER" if figure.is_over else "ok"
        print(f"{figure.name:38}{f'{figure.value:g}{figure.unit}':>8}  {bar:15}{verdict}".rstrip())
        if figure.is_over and figure.where:
            print(f"    {figure.where}")
    return int(any(figure.is_over for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
