"""Change the pure rules in small ways, one at a time, and see whether their tests notice.

python .ci/mutate.py [part of a path] [--most N]. The same N changes of each file in every run. A
changed module is tried with its mirrored tests, or with those that import it, without a database.
Fails where under 90 % of all changes are noticed.
"""

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import importlib.util
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pure_rules import ROOT, list_rule_files, test_file_of

AIM = 0.9
SECONDS = 120  # a change that makes a loop endless is noticed by this
SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    path: Path
    line: int
    what: str
    tree: ast.Module


class MutatedModule(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Loads one module from a changed tree; every other one as ever."""

    def __init__(self, mutant: Mutant):
        name = ".".join(mutant.path.with_suffix("").parts).removesuffix(".__init__")
        super().__init__(name, str(ROOT / mutant.path))
        self._tree = mutant.tree

    def find_spec(self, fullname: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> Any:
        return compile(self._tree, self.path, "exec")


class WithoutDatabase:
    """A pytest plugin that leaves out what would need migrations."""

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        from tests.conftest import uses_services

        items[:] = [item for item in items if not uses_services(item)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", default="")
    parser.add_argument("--most", type=int, default=12, help="changes of each file")
    asked = parser.parse_args()
    preload()
    killed = tried = 0
    for path in list_rule_files():
        if asked.part not in str(path):
            continue
        tests = find_tests(path)
        unchanged = Mutant(path, 0, "unchanged", ast.parse((ROOT / path).read_text()))
        if not tests or not all(run_all([unchanged], tests)):
            print(f"{path}: no tests without a database")
            continue
        mutants = choose_mutants(path, asked.most)
        survived = [
            mutant
            for mutant, passed in zip(mutants, run_all(mutants, tests), strict=True)
            if passed
        ]
        killed, tried = killed + len(mutants) - len(survived), tried + len(mutants)
        print(f"{path}: {len(mutants) - len(survived)} of {len(mutants)} noticed", flush=True)
        for mutant in survived:
            print(f"    {path}:{mutant.line} {mutant.what}", flush=True)
    print(f"{killed} of {tried} noticed ({killed / max(tried, 1):.0%}; at least {AIM:.0%})")
    return int(killed < AIM * tried)


def preload() -> None:
    """What every child needs and no rule is part of; forking then costs no import of it."""
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for name in (
        "pytest",
        "hypothesis",
        "django.test",
        "rest_framework.test",
        "celery",
        "requests",
    ):
        if importlib.util.find_spec(name.split(".")[0]):
            importlib.import_module(name.split(".")[0])


def find_tests(path: Path) -> list[str]:
    """The mirrored tests, else those that import the module, else those of what imports it."""
    mirrored = test_file_of(path)
    if (ROOT / mirrored).exists():
        return [str(mirrored)]
    if tests := list_importers(path, (ROOT / "tests").rglob("test_*.py")):
        return [str(test) for test in tests]
    importers = list_importers(path, (ROOT / path.parts[0]).rglob("*.py"))
    return [str(test) for test in map(test_file_of, importers) if (ROOT / test).exists()]


def list_importers(path: Path, files: Iterable[Path]) -> list[Path]:
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    return [file.relative_to(ROOT) for file in sorted(files) if module in imports_of(file)]


def imports_of(file: Path) -> set[str]:
    """Every module a file imports, and every name as if it were a module."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def choose_mutants(path: Path, most: int) -> list[Mutant]:
    tree = ast.parse((ROOT / path).read_text())
    changes = [(n, which) for n, node in enumerate(ast.walk(tree)) for which in changes_of(node)]
    unread = {id(child) for node in ast.walk(tree) for child in unread_parts(node)}
    nodes = list(ast.walk(tree))
    changes = [(n, which) for n, which in changes if id(nodes[n]) not in unread]
    chosen = random.Random(1).sample(changes, min(most, len(changes)))  # noqa: S311
    mutants = []
    for n, which in sorted(chosen, key=lambda change: change[0]):
        changed = copy.deepcopy(tree)
        node = list(ast.walk(changed))[n]
        before = ast.unparse(node).splitlines()[0]
        CHANGES[which](node)
        after = ast.unparse(node).splitlines()[0]
        ast.fix_missing_locations(changed)
        line = getattr(node, "lineno", 0)
        mutants.append(Mutant(path, line, f"{before}  ->  {after}", changed))
    return mutants


def unread_parts(node: ast.AST) -> Iterator[ast.AST]:
    """Annotations and decorators, which no test is about."""
    for part in (
        getattr(node, "annotation", None),
        getattr(node, "returns", None),
        *getattr(node, "decorator_list", ()),
    ):
        if isinstance(part, ast.AST):
            yield from ast.walk(part)


def changes_of(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in SWAPPED:
            yield "comparison"
        case ast.BoolOp():
            yield "and or"
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            yield "plus minus"
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            yield from ("one more", "one less")
        case ast.Constant(value=bool()):
            yield "other truth"
        case ast.If() | ast.IfExp() | ast.While():
            yield "negated"
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield "nothing returned"


def swap_comparison(node: Any) -> None:
    node.ops = [SWAPPED[type(node.ops[0])]()]


def swap_operator(node: Any) -> None:
    node.op = SWAPPED[type(node.op)]()


def negate(node: Any) -> None:
    node.test = ast.UnaryOp(ast.Not(), node.test)


def change_value(change: Callable[[Any], Any]) -> Callable[[Any], None]:
    def apply(node: Any) -> None:
        node.value = change(node.value)

    return apply


CHANGES: dict[str, Callable[[Any], None]] = {
    "comparison": swap_comparison,
    "and or": swap_operator,
    "plus minus": swap_operator,
    "one more": change_value(lambda value: value + 1),
    "one less": change_value(lambda value: value - 1),
    "other truth": change_value(lambda value: not value),
    "negated": negate,
    "nothing returned": change_value(lambda value: ast.Constant(None)),
}


def run_all(mutants: list[Mutant], tests: list[str]) -> list[bool]:
    """Whether the tests pass with each, as many at once as there are processors."""
    waiting, running, passed = list(enumerate(mutants)), {}, [False] * len(mutants)
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            n, mutant = waiting.pop(0)
            running[start_child(mutant, tests)] = (n, time.monotonic() + SECONDS)
        for child, (n, deadline) in list(running.items()):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                passed[n] = os.waitstatus_to_exitcode(status) == 0
                del running[child]
            elif time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
        time.sleep(0.02)
    return passed


def start_child(mutant: Mutant, tests: list[str]) -> int:
    if child := os.fork():
        return child
    code = 1
    try:
        for standard in (0, 1, 2):
            os.dup2(os.open(os.devnull, os.O_RDWR), standard)
        import pytest

        sys.meta_path.insert(0, MutatedModule(mutant))
        arguments = ["-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--assert=plain"]
        arguments += ["-W", "ignore::pytest.PytestAssertRewriteWarning", *tests]
        code = int(pytest.main(arguments, plugins=[WithoutDatabase()]))
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
