"""Keep a few processes running: restart them when they end, and stop them all on a signal.

Each child leads its own session, so that Ctrl-C in a terminal reaches the supervisor alone, which
then ends the children in order. On Linux the kernel also ends them if the supervisor itself is
killed.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

POLL_SECONDS = 0.1
GRACE_SECONDS = 8.0  # seconds to finish what is running, before a process is killed
MAX_PAUSE_SECONDS = 30.0
STEADY_SECONDS = (
    30.0  # seconds after which a process has proved itself, and its failures are forgotten
)
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


def _send_signal(process: "subprocess.Popen[bytes]", number: int) -> None:
    if process.poll() is None:
        process.send_signal(number)


def _kill_group(leader: int) -> None:
    """Kill also what a child has left behind."""
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
