"""Keep out of logs: tokens, addresses, what people typed, and what an error quotes."""

import re
from collections.abc import Mapping
from typing import Any

SECRET_PATTERNS = (
    (re.compile(r"(/webhooks/rb2b/)(?!health(?:[\s\"?/]|$))[^\s\"?/]+"), r"\1…"),
    (re.compile(r"([?&]token=)[^\s\"&]+"), r"\1…"),
    (re.compile(r"(/u/)[^\s\"?/]+"), r"\1…"),
    (re.compile(r"(Bearer\s+)\S+", re.IGNORECASE), r"\1…"),
)
ADDRESS = re.compile(r"([\w.+%'-])[\w.+%'-]*@((?:[\w-]+\.)+[\w-]+)")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”")
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
LEFT_OUT = "…"

# Their arguments are ids, codes, counts and names of types: a test reads every call.
OWN_LOGGERS = ("caio_project", "leads", "outreach", "approvals", "metrics")
# They speak of processes, queues and connections, and never of what a request or a row holds.
MACHINE_LOGGERS = ("celery.worker", "celery.beat", "celery.bootsteps", "kombu", "gunicorn.error")
# What Celery says of a task, without its arguments, its result, and the text of its error.
TASK_WORDS = ("id", "name", "description", "runtime", "hostname")


def redact_secrets(text: str) -> str:
    for pattern, kept in SECRET_PATTERNS:
        text = pattern.sub(kept, text)
    return text


def mask_addresses(text: str) -> str:
    """ "dana@northline.test" as "d***@northline.test"."""
    return ADDRESS.sub(r"\1***@\2", text) if "@" in text else text


def one_line(text: str) -> str:
    """Nobody's text may begin a line of the log."""
    return CONTROL.sub(" ", text)


def is_of(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in packages)


def message_of(name: str, template: str, args: Any) -> str:
    """The message of a record without tokens, addresses, and values of code that is not ours."""
    if not (is_of(name, OWN_LOGGERS) or _speaks_of_machines(name, template)):
        template, args = (template, _without_values(args)) if args else (_unquoted(template), ())
    try:
        text = template % args if args else template
    except (TypeError, ValueError, KeyError):  # wrong arguments: the caller must not fail
        text = template
    return one_line(mask_addresses(redact_secrets(text)))


def _unquoted(text: str) -> str:
    return QUOTED.sub(LEFT_OUT, text)


def _speaks_of_machines(name: str, template: str) -> bool:
    return is_of(name, MACHINE_LOGGERS) and "request" not in template.lower()


def _without_values(args: Any) -> Any:
    if isinstance(args, Mapping):
        return {name: value if name in TASK_WORDS else LEFT_OUT for name, value in args.items()}
    return tuple(one if isinstance(one, int | float) else LEFT_OUT for one in args)
