"""A docstring names only classes and exceptions that there are."""

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

PACKAGES = ("caio_project", "leads", "outreach", "approvals", "metrics")
# Products, protocols and headers, and one exception of dnspython that passes through.
OTHERS = {
    "GoHighLevel", "LinkedIn", "OpenTelemetry", "RateLimit", "WebAuthn", "XlsxWriter",
    "NoResolverConfiguration", "PostgreSQL", "DRF",
}  # fmt: skip
CAPITALS_INSIDE = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b")
RAISED = re.compile(r"\bRaises? `?([A-Z]\w+)")
WITH_DOCSTRINGS = (ast.Module, ast.ClassDef, ast.FunctionDef)


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((Path(settings.BASE_DIR) / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(settings.BASE_DIR), ast.parse(path.read_text())


def names_in(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield from (*node.name.split("."), node.asname or "")


def docstrings_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, WITH_DOCSTRINGS) and (text := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), text


def test_every_class_that_a_docstring_names_exists() -> None:
    trees = list(modules())
    known = {name for _, tree in trees for name in names_in(tree)} | OTHERS | set(dir(builtins))
    unknown = [
        f"{path}:{line} {name}"
        for path, tree in trees
        for line, text in docstrings_in(tree)
        for name in {*CAPITALS_INSIDE.findall(text), *RAISED.findall(text)} - known
    ]
    assert len(trees) > 500
    assert unknown == []
