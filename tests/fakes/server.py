"""Base of the local HTTP peers: request recording, programmable behaviour and the /_fake/ control
plane.

In-process:   with FakeGhl() as ghl: ghl.on("GET /contacts/{id}").status(500, times=1) Own process:
with running("tests.fakes.ghl") as ghl: ghl.on("GET /contacts/{id}").status(500, times=1)

Both objects answer to the same calls: the second one sends them over HTTP.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .behaviours import ACTIONS, Behaviour, RouteScript
from .clock import wait_for
from .exchange import Reply, Request, parse_json, route_matches, template_regex
from .sockets import PeerHttpServer

RECORDED_REQUESTS = 50_000


class FakeServer:
    """A peer. Subclasses list `routes` as (method, path template, method name) and override the
    hooks below.
    """

    name = "fake"
    routes: tuple[tuple[str, str, str], ...] = ()
    settings: tuple[str, ...] = ()
    remote_calls: tuple[str, ...] = ()

    def __init__(self, port: int = 0):
        self.lock = threading.RLock()
        self.stopped = threading.Event()
        self._port = port
        self._server: PeerHttpServer | None = None
        self._compiled = [
            (method, path, template_regex(path), handler) for method, path, handler in self.routes
        ]
        self._initial_settings = {name: getattr(self, name) for name in self.settings}
        self._clear()

    # Hooks

    def clear(self) -> None:
        """Forgets the peer's own state; the lock is held."""

    def check(self, request: Request) -> Reply | None:
        """Refuses a request before its route acts; the lock is held."""

    def finish(self, request: Request, reply: Reply) -> None:
        """Adds what every answer carries; the lock is held."""

    def not_found(self, request: Request) -> Reply:
        return Reply(404, {"error": f"no route {request.method} {request.path}"})

    def state(self) -> dict:
        return {}

    # Life cycle

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> FakeServer:
        """Listens; after a stop() it listens on the same port again, with its state kept."""
        self.stopped.clear()
        self._server = PeerHttpServer(("127.0.0.1", self._port), self)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stops listening and drops every open connection."""
        if self._server is None:
            return
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.drop_connections()
        self._server = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc_info) -> None:
        self.stop()

    # Programming and inspection

    def reset(self) -> None:
        """Back to the state after construction: no scripts, no records, first settings."""
        with self.lock:
            for name, value in self._initial_settings.items():
                setattr(self, name, value)
            self._clear()

    def _clear(self) -> None:
        self._requests: deque[Request] = deque(maxlen=RECORDED_REQUESTS)
        self._behaviours: list[Behaviour] = []
        self._request_count = 0
        self.clear()

    def configure(self, **settings: Any) -> None:
        """Changes the peer's settings (those named in `settings` of its class)."""
        unknown = set(settings) - set(self.settings)
        if unknown:
            raise ValueError(f"{self.name} has no setting {', '.join(sorted(unknown))}")
        with self.lock:
            for name, value in settings.items():
                setattr(self, name, value)

    def on(self, route: str, containing: str = "") -> RouteScript:
        """Programs "METHOD /path/{id}", an exact path, or a pattern with *; `containing` filters on
        the raw body.
        """
        return RouteScript(self.add_behaviour, route, containing)

    def add_behaviour(self, script: dict) -> None:
        if script["action"] not in ACTIONS:
            raise ValueError(f"unknown action {script['action']}")
        behaviour = Behaviour(
            script["route"],
            script["action"],
            script.get("times"),
            script.get("containing") or "",
            script.get("options") or {},
        )
        with self.lock:
            self._behaviours.append(behaviour)

    def clear_behaviours(self, route: str | None = None) -> None:
        with self.lock:
            self._behaviours = [
                b for b in self._behaviours if route is not None and b.route != route
            ]

    def requests(self, route: str | None = None) -> list[Request]:
        """The recorded requests, oldest first, optionally of one route ("POST
        /contacts/{id}/tags").
        """
        with self.lock:
            return [r for r in self._requests if route is None or route_matches(route, r)]

    def wait_for(self, condition: Callable[[], Any], timeout: float = 30.0) -> Any:
        """Polls until the condition gives a true value; raises TimeoutError."""
        return wait_for(condition, timeout)

    # Serving

    def record(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Request:
        parts = urlsplit(target)
        with self.lock:
            self._request_count += 1
            request = Request(
                number=self._request_count,
                method=method,
                path=parts.path,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers=headers,
                body=body,
                json=parse_json(body),
                time=time.time(),
            )
            request.route, request.params, _ = self._resolve(request)
            self._requests.append(request)
        return request

    def _resolve(self, request: Request) -> tuple[str, dict[str, str], str | None]:
        for method, path, regex, handler in self._compiled:
            match = regex.fullmatch(request.path)
            if method == request.method and match:
                return f"{method} {path}", match.groupdict(), handler
        return f"{request.method} {request.path}", {}, None

    def take_behaviour(self, request: Request) -> Behaviour | None:
        """The behaviour for this request: queued ones first (used up), then the newest permanent
        one.
        """
        with self.lock:
            matching = [b for b in self._behaviours if b.matches(request)]
            queued = next((b for b in matching if b.times is not None), None)
            if queued is None:
                return matching[-1] if matching else None
            queued.times -= 1
            if queued.times <= 0:
                self._behaviours.remove(queued)
            return queued

    def act(self, request: Request) -> Reply:
        """Does what the real service would do. One request at a time: effects are atomic."""
        with self.lock:
            try:
                reply = self.check(request)
                if reply is None:
                    handler = self._resolve(request)[2]
                    reply = getattr(self, handler)(request) if handler else self.not_found(request)
            except Exception:
                # A dropped connection would look like scripted behaviour: say loudly that the fake
                # is wrong.
                traceback.print_exc()
                reply = Reply(500, "the fake failed:\n" + traceback.format_exc())
            self.finish(request, reply)
            return reply

    # Control plane

    def control(self, method: str, target: str, body: bytes) -> Reply:
        parts = urlsplit(target)
        command = parts.path.removeprefix("/_fake/").strip("/")
        data = parse_json(body)
        try:
            if (method, command) == ("GET", "requests"):
                return Reply(
                    200,
                    [r.as_dict() for r in self.requests(dict(parse_qsl(parts.query)).get("route"))],
                )
            if (method, command) == ("GET", "state"):
                with self.lock:
                    return Reply(200, self.state())
            if (method, command) == ("POST", "reset"):
                self.reset()
                return Reply(200, {"ok": True})
            if (method, command) == ("POST", "script"):
                for script in data if isinstance(data, list) else [data]:
                    self.add_behaviour(script)
                return Reply(200, {"ok": True})
            if (method, command) == ("POST", "call"):
                return Reply(200, {"result": self._call(data)})
        except (
            Exception
        ) as error:  # reported to the test in the other process, which raises it there
            return Reply(400, {"error": f"{type(error).__name__}: {error}"})
        return Reply(404, {"error": f"no control command {method} {command}"})

    def _call(self, data: dict) -> Any:
        name = data["name"]
        if name not in (*self.remote_calls, "configure", "clear_behaviours"):
            raise ValueError(f"{self.name} offers no call {name}")
        value = getattr(self, name)
        return value(*data.get("args", []), **data.get("kwargs", {})) if callable(value) else value
