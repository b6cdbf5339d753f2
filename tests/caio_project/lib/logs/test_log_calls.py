"""What our own code writes into the log: ids, codes, counts and names of types, call by call."""

import ast
import re
from pathlib import Path

from django.conf import settings

from caio_project.lib.logs.masking import OWN_LOGGERS

LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
SAFE = re.compile(
    r".*\.(pk|\w+_id|public_id|code|status|reason\.code|strerror|intent|tier|kind|method)"
    r"|type\(\w+\)\.__name__|sum\(.*\)|'.*'"
)
# Words that stand for nothing that somebody sent: constants of the code, codes, counts.
KNOWN = {
    "level", "pk", "source", "state", "task", "kind", "channel", "done", "name", "path.name",
    "row.name", "state.name", "*words", "error.detail", "'' if stored.is_new else ', again'",
    "event.user_id or '-'", "message.pk, move.from_status, move.to_status, move.why",
}  # fmt: skip


def calls() -> list[tuple[str, str, list[str]]]:
    """Where, the template, and the source of each argument."""
    found = []
    for package in OWN_LOGGERS:
        for path in sorted((Path(settings.BASE_DIR) / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                function = getattr(node, "func", None)
                if (
                    isinstance(node, ast.Call)
                    and isinstance(function, ast.Attribute)
                    and function.attr in LEVELS
                    and isinstance(function.value, ast.Name)
                    and function.value.id in ("log", "logger")
                ):
                    args = node.args[1:] if function.attr == "log" else node.args
                    where = f"{path.relative_to(settings.BASE_DIR)}:{node.lineno}"
                    rest = [ast.unparse(one) for one in args[1:]]
                    found.append((where, ast.unparse(args[0]), rest))
    return found


def test_every_template_is_a_constant() -> None:
    wrong = [(where, template) for where, template, _ in calls() if not template.startswith("'")]

    assert wrong == []


def test_every_argument_is_an_id_a_code_or_a_count() -> None:
    found = calls()
    wrong = [
        (where, argument)
        for where, _template, arguments in found
        for argument in arguments
        if argument not in KNOWN and not SAFE.fullmatch(argument)
    ]

    assert wrong == []
    assert len(found) > 40
