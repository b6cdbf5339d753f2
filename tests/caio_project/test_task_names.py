"""Every name that is nudged or scheduled is the name of a registered task."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from caio_project.celery import app
from caio_project.schedule import BEAT_SCHEDULE, DEFAULT_QUEUE, QUEUES, SWEEPS

APPS = ("caio_project", "leads", "outreach", "approvals", "metrics")


def python_files() -> Iterator[Path]:
    for name in APPS:
        for path in sorted((settings.BASE_DIR / name).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def nudges(source: str) -> Iterator[ast.expr]:
    """The argument of each `nudge(…)`, called by its name or through its module."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        if name == "nudge":
            yield node.args[0]


def nudged_name(path: Path, argument: ast.expr) -> str:
    """The text of a literal, or the value of the constant that the module names."""
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    parts = path.relative_to(settings.BASE_DIR).with_suffix("").parts
    found = importlib.import_module(".".join(parts))
    for attribute in ast.unparse(argument).split("."):
        found = getattr(found, attribute)
    return str(found)


def nudged_names() -> dict[str, str]:
    """By name, the first place that nudges it."""
    names: dict[str, str] = {}
    for path in python_files():
        source = path.read_text()
        if "nudge(" in source:
            for argument in nudges(source):
                place = f"{path.relative_to(settings.BASE_DIR)}:{argument.lineno}"
                names.setdefault(nudged_name(path, argument), place)
    return names


def registered_tasks() -> set[str]:
    app.loader.import_default_modules()
    return set(app.tasks)


def test_every_nudged_name_is_a_registered_task() -> None:
    unknown = nudged_names().keys() - registered_tasks()

    assert {name: nudged_names()[name] for name in unknown} == {}


def test_nudges_are_found_as_literals_and_as_constants() -> None:
    names = nudged_names()

    assert {"leads.assess_due", "outreach.send_due", "approvals.tell"} <= names.keys()
    assert names["outreach.clear_due"].startswith("outreach/control/phase.py")
    assert len(names) >= 10


def test_every_scheduled_name_is_a_registered_task() -> None:
    scheduled = {*SWEEPS, *(entry["task"] for entry in BEAT_SCHEDULE.values())}

    assert scheduled - registered_tasks() == set()


def test_a_name_without_a_task_is_found() -> None:
    (argument,) = nudges('nudge("outreach.no_such_task")')

    assert nudged_name(Path(), argument) == "outreach.no_such_task"
    assert "outreach.no_such_task" not in registered_tasks()


def test_queues_name_registered_tasks_once_and_a_worker_takes_from_all() -> None:
    routed = [task for tasks in QUEUES.values() for task in tasks]

    assert set(routed) <= registered_tasks() and len(routed) == len(set(routed))
    assert set(app.amqp.queues) == {DEFAULT_QUEUE, *QUEUES}
    assert app.amqp.router.route({}, "outreach.send_due")["queue"].name == "sending"
    assert app.amqp.router.route({}, "approvals.tell")["queue"].name == DEFAULT_QUEUE
