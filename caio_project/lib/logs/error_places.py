"""Where an exception came from. Its text is left out: it may quote a row, a body or an address."""

import sysconfig
from pathlib import Path
from types import TracebackType
from typing import Any

from django.core.exceptions import ImproperlyConfigured

MOST_FRAMES, MOST_CAUSES = 20, 5
# Their text is of the code or the machine, never of what somebody sent.
TEXT_IS_SAFE = (ImportError, NameError, RecursionError, MemoryError, ImproperlyConfigured)
ROOT = f"{Path(__file__).resolve().parents[3]}/"
PACKAGES = f"{sysconfig.get_paths()['purelib']}/"


def describe_error(error: BaseException) -> dict[str, Any]:
    """Type, place, and what the database says of its kind; of its causes, too."""
    causes: list[dict[str, Any]] = []
    seen = {id(error)}
    cause = error.__cause__ or error.__context__
    while cause is not None and id(cause) not in seen and len(causes) < MOST_CAUSES:
        seen.add(id(cause))
        causes.append(_one_error(cause))
        cause = cause.__cause__ or cause.__context__
    return _one_error(error) | ({"causes": causes} if causes else {})


def _one_error(error: BaseException) -> dict[str, Any]:
    found: dict[str, Any] = {"type": _type_name(type(error))}
    if isinstance(error, TEXT_IS_SAFE):
        found["text"] = str(error)
    elif isinstance(error, OSError) and error.strerror:
        found["text"] = error.strerror
    diagnosis = getattr(error, "diag", None)  # of psycopg
    for name in ("sqlstate", "table_name", "constraint_name"):
        if isinstance(value := getattr(diagnosis, name, None), str):
            found[name] = value
    found["frames"] = _frames(error.__traceback__)
    return found


def _type_name(kind: type[BaseException]) -> str:
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _frames(traceback: TracebackType | None) -> list[str]:
    """Outermost first, as in a traceback; the innermost ones where there are too many."""
    found = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        path = code.co_filename.removeprefix(PACKAGES).removeprefix(ROOT)
        found.append(f"{path}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return found[-MOST_FRAMES:]
