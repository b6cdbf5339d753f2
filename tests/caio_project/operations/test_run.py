"""The supervisor behind `manage.py run`, and the wake-up filter of `pump`. Real processes."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from caio_project.management.commands.pump import RUNS_PER_TASK, WakeUpFilter
from caio_project.operations.supervisor import POLL_SECONDS, RunPlan

# A child notes its pid and each TERM, and runs until it is told to end.
CHILD = """
import os, signal, sys, time
def end(*_):
    open(sys.argv[1], "a").write(f"term {os.getpid()}\\n")
    if len(sys.argv) == 2: sys.exit(0)
signal.signal(signal.SIGTERM, end)
open(sys.argv[1], "a").write(f"start {os.getpid()}\\n")
while True: time.sleep(0.02)
"""
SUPERVISED = """
import sys
from caio_project.operations.supervisor import Supervisor
notes, child, grace, *stubborn = sys.argv[1:]
Supervisor(
    {{"one": [sys.executable, "-c", child, notes, *stubborn]}}, grace=float(grace),
    parent={parent}, say=lambda text: print(text, flush=True)
).run()
print("done", flush=True)
"""


def eventually(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def is_alive(pid: int) -> bool:
    """Not counting one that has ended and waits to be collected."""
    found = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return bool(found.strip()) and not found.strip().startswith("Z")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Supervised:
    def __init__(
        self, notes: Path, grace: float = 5.0, stubborn: tuple[str, ...] = (), parent: str = "None"
    ):
        self.notes = notes
        program = textwrap.dedent(SUPERVISED.format(parent=parent))
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(notes), CHILD, str(grace), *stubborn],
            stdout=subprocess.PIPE,
            text=True,
            cwd=settings.BASE_DIR,
        )

    def noted(self, word: str) -> list[int]:
        text = self.notes.read_text() if self.notes.exists() else ""
        return [int(line.split()[1]) for line in text.splitlines() if line.startswith(word)]

    def started(self, times: int = 1) -> int:
        return eventually(lambda: len(self.noted("start")) >= times and self.noted("start"))[
            times - 1
        ]

    def ends(self) -> str:
        return self.process.communicate(timeout=60)[0]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    made = []

    def start(**how: Any) -> Supervised:
        made.append(Supervised(tmp_path / "notes", **how))
        return made[-1]

    yield start
    for one in made:
        if one.process.poll() is None:
            one.process.terminate()
        one.process.communicate(timeout=60)


def test_a_dead_child_is_restarted_and_announced(supervise: Any) -> None:
    run = supervise()
    os.kill(run.started(), signal.SIGKILL)
    second = run.started(2)
    run.process.terminate()
    assert run.ends() == "one ended (killed by SIGKILL); starting it again in 1 s\ndone\n"
    assert not is_alive(second)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_child_gently_and_then_itself(
    supervise: Any, number: signal.Signals
) -> None:
    run = supervise()
    child = run.started()
    run.process.send_signal(number)
    assert run.ends() == "done\n"
    assert run.process.returncode == 0
    assert run.noted("term") == [child]
    assert not is_alive(child)


def test_a_stubborn_child_is_killed_after_the_grace(supervise: Any) -> None:
    run = supervise(grace=2, stubborn=("stubborn",))
    child = run.started()
    run.process.terminate()
    run.ends()
    assert run.noted("term") == [child]
    assert not is_alive(child)


def test_a_second_ctrl_c_kills_at_once(supervise: Any) -> None:
    run = supervise(grace=60, stubborn=("stubborn",))
    child = run.started()
    run.process.send_signal(signal.SIGINT)
    eventually(lambda: run.noted("term"))
    run.process.send_signal(signal.SIGINT)
    run.ends()
    assert not is_alive(child)


def test_it_ends_with_its_parent_process(supervise: Any) -> None:
    run = supervise(parent="-1")  # a parent that cannot be
    assert run.ends() == "done\n"


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells children of their parent's death"
)
def test_children_do_not_outlive_a_killed_supervisor(supervise: Any) -> None:
    run = supervise()
    child = run.started()
    run.process.kill()
    eventually(lambda: not is_alive(child))
    assert run.noted("term") == [child]


def test_a_taken_port_is_named_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from caio_project.management.commands import run

    monkeypatch.setattr(run, "become_supervisor", None)  # would fail if it came that far
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} is taken .* make run PORT={port + 1}"):
            call_command("run", port=port)


def test_a_taken_port_is_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        env = {**os.environ, "DATABASE_URL": "sqlite://:memory:"}
        command = [sys.executable, "manage.py", "run", "--port", port]
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, timeout=120
        )
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr


def test_the_supervisor_says_once_that_the_web_server_answers(tmp_path: Path) -> None:
    port = free_port()
    serve = f"exec {sys.executable} -m http.server --bind 127.0.0.1 {port} >/dev/null"
    plan = RunPlan({"web": ["sh", "-c", serve]}, "127.0.0.1", port, "The password is s3cret.", None)
    program = (
        "import os, sys; from caio_project.operations import supervisor as s; "
        f"s.become_supervisor(s.{plan!r}, os.environ)"
    )
    env = {**os.environ, "PYTHONPATH": str(settings.BASE_DIR)}
    command = [sys.executable, "-u", "-c", program]

    process = subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(2)]
    shown = subprocess.run(
        ["ps", "eww", "-p", str(process.pid)], capture_output=True, text=True, check=True
    ).stdout
    time.sleep(3 * POLL_SECONDS)  # it would be said again by then
    process.terminate()
    rest = process.communicate(timeout=60)[0]

    assert lines == [
        "Starting the web server and the background work …\n",
        "The password is s3cret.\n",
    ]
    assert "supervisor.py" in shown and "s3cret" not in shown
    assert rest == "Stopped.\n"


def test_the_supervisor_loads_nothing_of_ours() -> None:
    path = settings.BASE_DIR / "caio_project/operations/supervisor.py"
    program = (
        f"import runpy, sys; runpy.run_path({str(path)!r}); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'django', 'celery', 'rich', 'caio_project'}))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout == "[]\n"


class Task:
    name = "leads.process_events"


def test_a_waiting_task_is_not_sent_again() -> None:
    wake_ups = WakeUpFilter()
    assert wake_ups.allows(Task.name)
    assert not wake_ups.allows(Task.name)
    assert wake_ups.allows("leads.assess_due")


def test_a_task_runs_at_most_three_times_concurrently() -> None:
    wake_ups = WakeUpFilter()
    for _ in range(RUNS_PER_TASK):
        assert wake_ups.allows(Task.name)
        wake_ups.note_start(task=Task)
    assert not wake_ups.allows(Task.name)
    wake_ups.note_end(task=Task)
    assert wake_ups.allows(Task.name)


def test_a_lost_wake_up_blocks_only_seconds() -> None:
    wake_ups = WakeUpFilter()
    assert wake_ups.allows(Task.name)
    wake_ups._waiting[Task.name] -= 60
    assert wake_ups.allows(Task.name)
