"""A peer in its own process, programmed over HTTP by the same calls as one in this process."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .behaviours import RouteScript
from .clock import wait_for
from .loopback import direct_opener
from .server import FakeServer

PROJECT_ROOT = Path(__file__).resolve().parents[2]


class RemoteFake:
    """A peer in another process; every helper named in its `remote_calls` is a method here too."""

    def __init__(self, url: str):
        self.url = url.rstrip("/")

    def on(self, route: str, containing: str = "") -> RouteScript:
        return RouteScript(lambda script: self._ask("POST", "script", script), route, containing)

    def state(self) -> dict:
        return self._ask("GET", "state")

    def requests(self, route: str | None = None) -> list[dict]:
        query = "?" + urlencode({"route": route}) if route else ""
        return self._ask("GET", "requests" + query)

    def reset(self) -> None:
        self._ask("POST", "reset", {})

    def wait_for(self, condition: Callable[[], Any], timeout: float = 30.0) -> Any:
        return wait_for(condition, timeout)

    @property
    def public_key_b64(self) -> str:
        return self._ask("POST", "call", {"name": "public_key_b64"})["result"]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._ask("POST", "call", {"name": name, "args": args, "kwargs": kwargs})[
                "result"
            ]

        return call

    def _ask(self, method: str, command: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_fake/{command}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with direct_opener().open(request, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from None


@contextmanager
def running(module: str, *arguments: str) -> Iterator[RemoteFake]:
    """Runs a peer as its own process: running("tests.fakes.ghl", "--token", "pit-x")."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--port", "0", *arguments],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield RemoteFake(process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def serve_forever(
    fake_class: type[FakeServer], description: str | None, **options: type | tuple
) -> None:
    """Command line of a peer: prints the url, then serves until killed. `options` are constructor
    arguments.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0)
    for name, kind in options.items():
        parser.add_argument("--" + name.replace("_", "-"), type=kind, default=argparse.SUPPRESS)
    fake = fake_class(**vars(parser.parse_args())).start()
    print(fake.url, flush=True)
    threading.Event().wait()


def optional(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """An argparse type which reads "off" as None."""
    return lambda text: None if text == "off" else kind(text)
