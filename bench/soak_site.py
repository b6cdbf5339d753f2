"""The product's processes under bench/soak.py: one of them is killed every minute, by turns.

One of two web workers, and one of two Celery workers with its child, live to the end, so that their
memory shows whether it grows. Beat is one process.
"""

import contextlib
import os
import signal
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench import world

MODULE = world.CELERY[1:]  # it runs on the shifted clock, by a module of ours
WORKER = (*MODULE, "worker", "--loglevel=WARNING", "--concurrency=1")
BEAT = (*MODULE, *world.BEAT)
HEALTH = "/webhooks/rb2b/health"
PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024


@dataclass
class Memory:
    """Samples of (seconds since the start, MB) by process."""

    samples: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def note(self, name: str, at: float, pid: int) -> None:
        with contextlib.suppress(OSError, IndexError):
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            self.samples.setdefault(name, []).append((at, pages * PAGE_KB / 1024))


class SoakSite:
    def __init__(self, env: dict[str, str], ahead: float, folder: Path = world.ROOT):
        self._env, self._ahead, self._folder = env | {"WEB_CONCURRENCY": "2"}, ahead, folder
        self._stack, self._one_at_a_time = contextlib.ExitStack(), threading.Lock()
        self.killed: Counter[str] = Counter()
        self.web_killed_at: list[float] = []  # by time.monotonic()
        self.memory, self._began = Memory(), time.monotonic()

    def __enter__(self) -> "SoakSite":
        listener = self._stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=2048))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        bind = ("--config", "gunicorn.conf.py", "--bind", f"fd://{listener.fileno()}")
        self._web = self._start(
            "gunicorn", *bind, "caio_project.wsgi", pass_fds=(listener.fileno(),)
        )
        self._kept, self._other, self._beat = (
            self._start(*WORKER, "--hostname=kept@soak"),
            self._start(*WORKER, "--hostname=other@soak"),
            self._start(*BEAT),
        )
        self._stack.callback(self._end)
        while not world.is_answering(self.url + HEALTH):
            self._web.check()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, *module: str, pass_fds: tuple[int, ...] = ()) -> world.Process:
        given = ("-m", "bench.shifted", f"{self._ahead}", *module)
        return world.Process(self._env, *given, pass_fds=pass_fds, folder=self._folder)

    def _end(self) -> None:
        for process in (self._beat, self._other, self._kept, self._web):
            process.__exit__()

    def kill_every(self, seconds: float, over: threading.Event) -> None:
        kills = (self._kill_web, self._kill_worker, self._kill_beat)
        while not over.wait(seconds):
            with self._one_at_a_time:
                kills[self.killed.total() % 3]()

    def _kill_web(self) -> None:
        """The younger of gunicorn's workers; gunicorn starts another."""
        if len(pids := self._web.children()) > 1:
            os.kill(max(pids), signal.SIGKILL)
            self.web_killed_at.append(time.monotonic())
        self.killed["web"] += 1

    def _kill_worker(self) -> None:
        _kill_whole(self._other)
        self._other = self._start(*WORKER, "--hostname=other@soak")
        self.killed["worker"] += 1

    def _kill_beat(self) -> None:
        _kill_whole(self._beat)
        self._beat = self._start(*BEAT)
        self.killed["beat"] += 1

    def watch(self, over: threading.Event) -> None:
        """Sample memory every five seconds. An end by itself of a process is kept in `ended`."""
        while not over.wait(5.0):
            with self._one_at_a_time:
                for process in (self._web, self._kept, self._other, self._beat):
                    process.check()
                at = time.monotonic() - self._began
                self.memory.note("gunicorn", at, self._web.pid)
                self.memory.note("web worker", at, min(self._web.children(), default=0))
                self.memory.note("celery", at, self._kept.pid)
                self.memory.note("celery child", at, min(self._kept.children(), default=0))
                self.memory.note("beat (killed)", at, self._beat.pid)


def _kill_whole(process: world.Process) -> None:
    for pid in [*process.children(), process.pid]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.__exit__()
