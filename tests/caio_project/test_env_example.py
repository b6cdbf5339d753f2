"""`.env.example` names what settings.py reads, nothing else, and shows the defaults that hold."""

import ast
import re

import pytest
from django.conf import settings

READS = {"str", "bool", "int", "float", "list", "db_url", "email_url", "url", "path"}
COMPUTED = object()
FILES = (
    "settings.py",
    "operations/figure_settings.py",
    "privacy/data_settings.py",
    "team_access/single_sign_on/oidc_settings.py",
    "watching/watch_settings.py",
)


def read_by_settings() -> dict[str, object]:
    """Name: default, of every env.<type>("NAME", default=…) in the files of settings."""
    found: dict[str, object] = {}
    texts = [(settings.BASE_DIR / "caio_project" / name).read_text() for name in FILES]
    for node in ast.walk(ast.parse("\n".join(texts))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in READS
        ):
            if isinstance(node.func.value, ast.Name) and node.func.value.id == "env":
                default = next(
                    (word.value for word in node.keywords if word.arg == "default"),
                    ast.Constant(None),
                )
                name = ast.literal_eval(node.args[0])
                found.setdefault(name, _value(default))
    return found


def _value(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return COMPUTED


def explained() -> dict[str, tuple[str, bool, str]]:
    """Name: (value, whether it is commented out, the comment above it)."""
    lines = (settings.BASE_DIR / ".env.example").read_text().splitlines()
    found = {}
    for above, line in zip(["", *lines], lines, strict=False):
        if match := re.match(r"^(#?)([A-Z][A-Z0-9_]+)=(.*)$", line):
            assert match[2] not in found, f"{match[2]} stands there twice"
            found[match[2]] = (match[3], bool(match[1]), above)
    return found


def as_text(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(default) if isinstance(default, list) else str(default)


def test_everything_that_settings_read_is_explained() -> None:
    assert set(read_by_settings()) - set(explained()) == set()


def test_nothing_is_explained_that_settings_do_not_read() -> None:
    assert set(explained()) - set(read_by_settings()) == set()


@pytest.mark.parametrize("name", sorted(explained()))
def test_each_has_a_comment_of_one_line(name: str) -> None:
    assert re.match(r"^# \w.{10,}[.]$", explained()[name][2])


@pytest.mark.parametrize("name", sorted(explained()))
def test_each_shows_the_default_that_holds(name: str) -> None:
    value, is_example, _ = explained()[name]
    default = read_by_settings()[name]
    if is_example:
        assert value
        assert default in ("", [], None, COMPUTED), f"{name} has a default: show it"
    elif default is not COMPUTED:
        assert value == as_text(default)
