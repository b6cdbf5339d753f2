"""Processes that begin as copies of one that has loaded Django: to load it takes seconds each time.

    forker = Forker(env, "leads.tasks")
    process = forker.start(output, "celery", "--app", "caio_project", "worker")

Each runs a module as `python -m` does, is a process of its own, to kill by its pid, and connects by
itself: the one that is copied has neither a connection nor a thread. It ends with who started it,
and its copies with it.
"""

import fcntl
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
CELERY_MODULES = (
    *("caio_project.celery", "celery.bin.celery", "celery.apps.worker", "celery.apps.beat"),
    *(f"{app}.tasks" for app in ("caio_project", "leads", "outreach", "approvals", "metrics")),
)
LONGEST = 65_536  # bytes of a request or an answer


class Forker:
    """Starts copies of a process that has loaded Django and `modules` with one environment."""

    def __init__(self, env: dict[str, str], *modules: str):
        self._socket, theirs = socket.socketpair()
        self._one_at_a_time = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.forking", str(theirs.fileno()), *modules],
                cwd=ROOT,
                env=env,
                pass_fds=(theirs.fileno(),),
            )

    def start(
        self,
        output: IO[str],
        *module: str,
        pass_fds: Sequence[int] = (),
        environment: dict[str, str] | None = None,
    ) -> "ForkedProcess":
        """`module` with its arguments; what it says goes to `output`.

        `environment` is added to the one of the process that is copied; then the settings are read
        again.
        """
        asked = {"run": module, "as": list(pass_fds), "environment": environment or {}}
        pid = self.ask(asked, output.fileno(), *pass_fds)
        assert pid is not None
        return ForkedProcess(self, pid, output)

    def run(self, *module: str) -> str:
        """What it says until it ends; raises where it fails."""
        with tempfile.TemporaryFile("w+") as output:
            process = self.start(output, *module)
            said, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{' '.join(module)} failed:\n{said}")
        return said

    def ask(self, what: dict[str, Any], *files: int) -> int | None:
        with self._one_at_a_time:
            socket.send_fds(self._socket, [json.dumps(what).encode()], files)
            if not (answer := self._socket.recv(LONGEST)):
                raise RuntimeError("The process that is copied has ended; it said why on stderr.")
        return json.loads(answer)

    def end(self) -> None:
        self._socket.close()
        self._process.wait()

    def __enter__(self) -> "Forker":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


class ForkedProcess:
    """As much of subprocess.Popen as is used."""

    def __init__(self, forker: Forker, pid: int, output: IO[str]):
        self._forker, self.pid, self._output = forker, pid, output
        self.returncode: int | None = None
        self._said = ""

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._forker.ask({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and timeout is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.02)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """Wait for its end; gives all that it said, and closes the file of it."""
        self.wait(timeout)
        if not self._output.closed:
            self._output.seek(0)
            self._said = self._output.read()
            self._output.close()
        return self._said, None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def serve(requests: socket.socket) -> dict[str, Any]:
    """Fork a child for each request to run a module; returns in the child, with what was asked."""
    running: set[int] = set()
    try:
        while True:
            text, files, _, _ = socket.recv_fds(requests, LONGEST, 16)
            if not text:
                sys.exit()
            asked = json.loads(text)
            if pid := asked.get("ended"):
                ended, status = os.waitpid(pid, os.WNOHANG)
                running.discard(ended)
                answer = os.waitstatus_to_exitcode(status) if ended else None
            elif answer := fork_alone():
                running.add(answer)
            else:
                running.clear()
                requests.close()
                take_files(files, [1, *asked["as"]])
                os.dup2(1, 2)
                return dict(asked)
            for file in files:
                os.close(file)
            requests.sendall(json.dumps(answer).encode())
    finally:
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def fork_alone() -> int:
    """Fork; a connection or a thread that the child would share or miss is refused."""
    from django.db import connections

    assert threading.active_count() == 1, threading.enumerate()
    assert all(one.connection is None for one in connections.all(initialized_only=True))
    return os.fork()


def take_files(files: list[int], numbers: list[int]) -> None:
    """Have each file under its number, which another of them may have had."""
    above = [fcntl.fcntl(file, fcntl.F_DUPFD, 1 + max(numbers)) for file in files]
    for file in files:
        os.close(file)
    for file, number in zip(above, numbers, strict=True):
        os.dup2(file, number)
        os.close(file)


def add_to_environment(environment: dict[str, str]) -> None:
    """Read the settings again, with more in the environment."""
    from django.conf import settings

    os.environ.update(environment)
    importlib.reload(importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"]))
    settings._setup()


def main(number: str, *modules: str) -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
    django.setup()
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # what is loaded is not looked through again by each child
    asked = serve(socket.socket(fileno=int(number)))
    if asked["environment"]:
        add_to_environment(asked["environment"])
    module = asked["run"][0]
    sys.argv = asked["run"]
    if module in modules:
        del sys.modules[module]  # else runpy warns; a package runs its own __main__
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
