"""Keep a few processes running: restart them when they end, and stop them all on a signal.

Each child leads its own session, so that Ctrl-C in a terminal reaches the supervisor alone, which
then ends the children in order. On Linux the kernel also ends them if the supervisor itself is
killed.

`manage.py run` becomes this program once all is prepared. It imports nothing of ours: Django alone
would keep more than a hundred megabytes for as long as it watches.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NoReturn

POLL_SECONDS = 0.2
GRACE_SECONDS = 8.0  # seconds to finish what is running, before a process is killed
MAX_PAUSE_SECONDS = 30.0
STEADY_SECONDS = (
    30.0  # seconds after which a process has proved itself, and its failures are forgotten
)
SLOW_START_SECONDS = 20.0  # seconds without an answer after which we say so
PR_SET_PDEATHSIG = 1


@dataclass
class ChildProcess:
    name: str
    argv: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0


class Supervisor:
    """`commands` is name: argv. `say` gets each event; `on_tick` is called between checks."""

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        *,
        env: Mapping[str, str] | None = None,
        say: Callable[[str], None] = print,
        on_tick: Callable[[], None] = lambda: None,
        parent: int | None = None,
        grace: float = GRACE_SECONDS,
    ):
        self.children = [ChildProcess(name, argv) for name, argv in commands.items()]
        self._env, self._say, self._on_tick = env, say, on_tick
        self._parent, self._grace = parent, grace
        self._told_to_stop = 0

    def run(self) -> None:
        """Return on SIGTERM, SIGINT, SIGHUP, or the end of `parent`; no child is left then."""
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {number: signal.signal(number, self._stop) for number in numbers}
        try:
            while not self._told_to_stop:
                for child in self.children:
                    self._keep(child)
                self._on_tick()
                time.sleep(POLL_SECONDS)
                if self._parent is not None and os.getppid() != self._parent:
                    break
        finally:
            self._end_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, *_: object) -> None:
        self._told_to_stop += 1

    def _keep(self, child: ChildProcess) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.start_at:
                child.process = subprocess.Popen(
                    child.argv, env=self._env, start_new_session=True, preexec_fn=_end_with_parent
                )
                child.started_at = now
            return
        code = child.process.poll()
        if code is None:
            return
        _kill_group(child.process.pid)
        child.process = None
        child.failures = 1 if now - child.started_at > STEADY_SECONDS else child.failures + 1
        pause = min(MAX_PAUSE_SECONDS, 2.0 ** (child.failures - 1))
        child.start_at = now + pause
        self._say(f"{child.name} ended ({_exit_reason(code)}); starting it again in {pause:.0f} s")

    def _end_all(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            _send_signal(process, signal.SIGTERM)
        deadline, asked = time.monotonic() + self._grace, self._told_to_stop
        while any(process.poll() is None for process in running):
            if (
                time.monotonic() > deadline or self._told_to_stop > asked
            ):  # asked a second time: at once
                break
            time.sleep(0.05)
        for process in running:
            _kill_group(process.pid)
            process.wait()


@dataclass(frozen=True)
class RunPlan:
    """What the supervisor keeps running, and what it says once the web server answers."""

    commands: dict[str, list[str]]
    host: str
    port: int
    announcement: str
    parent: int | None


def become_supervisor(plan: RunPlan, env: Mapping[str, str]) -> NoReturn:
    """Replace this process by the supervisor; it has the same number and the same parent.

    The plan goes through a pipe: it may hold a password, which arguments and environment show.
    """
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    os.write(writer, json.dumps(asdict(plan)).encode())
    os.close(writer)
    sys.stdout.flush()
    arguments = [sys.executable, "-P", __file__, str(reader)]
    os.execve(sys.executable, arguments, dict(env))  # noqa: S606  (no shell is what we want)


def main(reader: int) -> None:
    with open(reader, encoding="utf-8") as pipe:
        plan = RunPlan(**json.load(pipe))
    say("Starting the web server and the background work …")
    Supervisor(
        plan.commands, say=say, on_tick=StartAnnouncement(plan).tell, parent=plan.parent
    ).run()
    say("Stopped.")


def say(text: str) -> None:
    print(text, flush=True)


class StartAnnouncement:
    """Says that the web server answers, or that it takes long; asked until it is said."""

    def __init__(self, plan: RunPlan):
        self._plan, self._is_told, self._since = plan, False, time.monotonic()

    def tell(self) -> None:
        if self._is_told:
            return
        if self._is_answering():
            self._is_told = True
            say(self._plan.announcement)
        elif time.monotonic() - self._since > SLOW_START_SECONDS:
            self._since = time.monotonic()
            say("Still waiting for the web server to answer …")

    def _is_answering(self) -> bool:
        request = f"GET /api/health/live HTTP/1.0\r\nHost: {self._plan.host}\r\n\r\n"
        try:
            with socket.create_connection((self._plan.host, self._plan.port), timeout=1) as web:
                web.sendall(request.encode())
                return web.recv(5) == b"HTTP/"
        except OSError:
            return False


def _send_signal(process: "subprocess.Popen[bytes]", number: int) -> None:
    if process.poll() is None:
        process.send_signal(number)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _exit_reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """Runs in the child before its program. Loaded beforehand: an import could deadlock."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    main(int(sys.argv[1]))
