"""Base of the local HTTP peers: request recording, programmable behaviour and the /_fake/ control plane.

In-process:   with FakeGhl() as ghl: ghl.on("GET /contacts/{id}").status(500, times=1)
Own process:  with running("tests.fakes.ghl") as ghl: ghl.on("GET /contacts/{id}").status(500, times=1)

Both objects answer to the same calls: the second one sends them over HTTP.
"""

from __future__ import annotations

import argparse
import json
import re
import select
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

PROJECT_ROOT = Path(__file__).resolve().parents[2]
LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "::1"}
RECORDED_REQUESTS = 50_000
DRIP_INTERVAL = 0.05


@dataclass
class Request:
    """One request as the peer received it; `outcome` tells what the peer did with it."""

    number: int
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    json: Any
    time: float
    route: str = ""
    params: dict[str, str] = field(default_factory=dict)
    behaviour: str = ""
    outcome: int | str | None = None

    def as_dict(self) -> dict:
        return {**self.__dict__, "body": self.body.decode("utf-8", "replace")}


@dataclass
class Reply:
    """An answer; `body` may be a JSON value, text or bytes."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, str]:
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        if self.body is None:
            return b"", "text/plain; charset=utf-8"
        return json.dumps(self.body).encode(), "application/json; charset=utf-8"


@dataclass
class Behaviour:
    """What to do with the next `times` requests of a route (None: with all of them)."""

    route: str
    action: str
    times: int | None = None
    containing: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def matches(self, request: Request) -> bool:
        return route_matches(self.route, request) and self.containing.encode() in request.body


class RouteScript:
    """Programs one route; every method may be chained and takes `times` (None: until reset).

    Behaviours with `times` are used up first, in the order given; then the newest permanent one applies.
    """

    def __init__(self, add: Callable[[dict], Any], route: str, containing: str = ""):
        self._add, self._route, self._containing = add, route, containing

    def _script(self, action: str, times: int | None, **options: Any) -> RouteScript:
        self._add(
            {
                "route": self._route,
                "action": action,
                "times": times,
                "containing": self._containing,
                "options": options,
            }
        )
        return self

    def delay(self, seconds: float, times: int | None = None) -> RouteScript:
        """Waits, then acts and answers."""
        return self._script("delay", times, seconds=seconds)

    def drip(self, bytes_per_second: float, times: int | None = None) -> RouteScript:
        """Acts, sends the headers at once and the body slowly."""
        return self._script("drip", times, bytes_per_second=bytes_per_second)

    def status(
        self,
        code: int,
        body: Any = None,
        headers: dict[str, str] | None = None,
        times: int | None = None,
    ) -> RouteScript:
        """Answers this instead of acting."""
        return self._script("status", times, code=code, body=body, headers=headers or {})

    def garbage(
        self, body: str = '<html><body>{"id": oops', status: int = 200, times: int | None = None
    ) -> RouteScript:
        """Answers something which is not the announced JSON, without acting."""
        return self._script("garbage", times, body=body, status=status)

    def close_before(self, times: int | None = None) -> RouteScript:
        """Drops the connection without acting."""
        return self._script("close_before", times)

    def act_then_close(self, times: int | None = None) -> RouteScript:
        """Acts, then resets the connection without answering."""
        return self._script("act_then_close", times)

    def act_then_status(
        self,
        code: int = 500,
        body: Any = None,
        headers: dict[str, str] | None = None,
        times: int | None = None,
    ) -> RouteScript:
        """Acts, but answers this."""
        return self._script("act_then_status", times, code=code, body=body, headers=headers or {})

    def act_then_delay(self, seconds: float, times: int | None = None) -> RouteScript:
        """Acts at once, answers late."""
        return self._script("act_then_delay", times, seconds=seconds)

    def act_then_garbage(
        self, body: str = '<html><body>{"id": oops', status: int = 200, times: int | None = None
    ) -> RouteScript:
        """Acts, but answers something which is not JSON."""
        return self._script("act_then_garbage", times, body=body, status=status)

    def never(self, times: int | None = None) -> RouteScript:
        """Does not act and does not answer; holds the connection until the peer or the client closes."""
        return self._script("never", times)

    def normal(self, times: int = 1) -> RouteScript:
        """Acts and answers normally: puts a success in the middle of a queue of failures."""
        return self._script("normal", times)


ACTIONS = {
    name
    for name, value in vars(RouteScript).items()
    if callable(value) and not name.startswith("_")
}


class FakeServer:
    """A peer. Subclasses list `routes` as (method, path template, method name) and override the hooks below."""

    name = "fake"
    routes: tuple[tuple[str, str, str], ...] = ()
    settings: tuple[str, ...] = ()
    remote_calls: tuple[str, ...] = ()

    def __init__(self, port: int = 0):
        self.lock = threading.RLock()
        self.stopped = threading.Event()
        self._port = port
        self._server: _HttpServer | None = None
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
        self._server = _HttpServer(("127.0.0.1", self._port), self)
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
        """Programs "METHOD /path/{id}", an exact path, or a pattern with *; `containing` filters on the raw body."""
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
        """The recorded requests, oldest first, optionally of one route ("POST /contacts/{id}/tags")."""
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
        """The behaviour for this request: queued ones first (used up), then the newest permanent one."""
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
                # A dropped connection would look like scripted behaviour: say loudly that the fake is wrong.
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


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], fake: FakeServer):
        self.fake = fake
        self._open: set[socket.socket] = set()
        self._to_reset: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer.server_bind would ask DNS for the host's name, which can take seconds without a network.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]

    def process_request(self, request, client_address) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request) -> None:
        with self._open_lock:
            self._open.discard(request)
            reset = request in self._to_reset
            self._to_reset.discard(request)
        # The inherited method would send FIN before close() sends RST.
        self.close_request(request) if reset else super().shutdown_request(request)

    def reset_at_close(self, request: socket.socket) -> None:
        # Linger zero makes close() send RST instead of FIN.
        request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with self._open_lock:
            self._to_reset.add(request)

    def drop_connections(self) -> None:
        with self._open_lock:
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _HttpServer

    def log_message(self, *args) -> None:
        pass

    def version_string(self) -> str:
        return "fake"

    def serve(self) -> None:
        fake = self.server.fake
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.close_connection = True
            self._send(Reply(411, "a Content-Length is needed"))
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/_fake/"):
            self._send(fake.control(self.command, self.path, body))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = fake.record(self.command, self.path, headers, body)
        behaviour = fake.take_behaviour(request) or Behaviour("", "normal")
        request.behaviour = "" if behaviour.action == "normal" else behaviour.action
        request.outcome = getattr(self, f"_{behaviour.action}")(fake, request, **behaviour.options)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = serve

    # Behaviours

    def _normal(self, fake, request):
        return self._send(fake.act(request))

    def _delay(self, fake, request, seconds):
        self._pause(seconds)
        return self._send(fake.act(request))

    def _drip(self, fake, request, bytes_per_second):
        return self._send(fake.act(request), bytes_per_second)

    def _status(self, fake, request, code, body=None, headers=None):
        return self._send(Reply(code, body, headers or {}))

    def _garbage(self, fake, request, body, status):
        return self._send(Reply(status, body, {"Content-Type": "application/json"}))

    def _close_before(self, fake, request):
        self.close_connection = True
        return "closed"

    def _act_then_close(self, fake, request):
        fake.act(request)
        self.server.reset_at_close(self.connection)
        self.close_connection = True
        return "reset"

    def _act_then_status(self, fake, request, code, body=None, headers=None):
        fake.act(request)
        return self._send(Reply(code, body, headers or {}))

    def _act_then_delay(self, fake, request, seconds):
        reply = fake.act(request)
        self._pause(seconds)
        return self._send(reply)

    def _act_then_garbage(self, fake, request, body, status):
        fake.act(request)
        return self._garbage(fake, request, body, status)

    def _never(self, fake, request):
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        while not fake.stopped.is_set():
            if poll.poll(100) and not self.connection.recv(1, socket.MSG_PEEK):
                break
            fake.stopped.wait(0.02)
        self.close_connection = True
        return "never answered"

    def _pause(self, seconds):
        if self.server.fake.stopped.wait(seconds):
            raise ConnectionAbortedError("the peer is stopping")

    # Sending

    def _send(self, reply: Reply, bytes_per_second: float | None = None) -> int | str:
        raw, content_type = reply.encoded()
        headers = {"Content-Type": content_type, **reply.headers, "Content-Length": str(len(raw))}
        try:
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if bytes_per_second is None:
                self.wfile.write(raw)
            else:
                self._drip_body(raw, bytes_per_second)
            self.wfile.flush()
        except OSError:
            self.close_connection = True
            return f"{reply.status}, but the client was gone"
        return reply.status

    def _drip_body(self, raw: bytes, bytes_per_second: float) -> None:
        size = max(1, round(bytes_per_second * DRIP_INTERVAL))
        for start in range(0, len(raw), size):
            piece = raw[start : start + size]
            self.wfile.write(piece)
            self.wfile.flush()
            self._pause(len(piece) / bytes_per_second)


# The same peer seen from another process


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
            with _direct_opener().open(request, timeout=60) as response:
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
    """Command line of a peer: prints the url, then serves until killed. `options` are constructor arguments."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0)
    for name, kind in options.items():
        parser.add_argument("--" + name.replace("_", "-"), type=kind, default=argparse.SUPPRESS)
    fake = fake_class(**vars(parser.parse_args())).start()
    print(fake.url, flush=True)
    threading.Event().wait()


# Small tools shared by the peers


def optional(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """An argparse type which reads "off" as None."""
    return lambda text: None if text == "off" else kind(text)


def template_regex(path: str) -> re.Pattern:
    """A template's regex; a slash at its end may be left out by the client."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
    return re.compile(pattern + "?" if path.endswith("/") else pattern)


def route_matches(route: str, request: Request) -> bool:
    method, _, path = route.partition(" ")
    if method not in ("*", request.method):
        return False
    if "*" in path or not path:
        return re.fullmatch(re.escape(path or "*").replace(r"\*", ".*"), request.path) is not None
    if path == request.path:
        return True
    return anonymous(path) == anonymous(request.route.partition(" ")[2])


def anonymous(path: str) -> str:
    return re.sub(r"\{\w*\}", "{}", path)


def parse_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def iso(moment: datetime | float | None = None) -> str:
    """ISO 8601 with milliseconds and Z, as the vendors write it."""
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(time.time() if moment is None else moment, UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wait_for(condition: Callable[[], Any], timeout: float = 30.0) -> Any:
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not true after {timeout} s")
        time.sleep(0.01)


def require_loopback(url: str) -> None:
    assert urlsplit(url).hostname in LOOPBACK_HOSTS, f"the fakes only call this machine, not {url}"


def _direct_opener() -> urllib.request.OpenerDirector:
    # No proxy: HTTP_PROXY in the environment must not catch calls to this machine.
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post(url: str, body: bytes, headers: dict[str, str], timeout: float = 30.0) -> tuple[int, str]:
    """POSTs to this machine; returns status and text, also for error statuses."""
    require_loopback(url)
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with _direct_opener().open(request, timeout=timeout) as response:
            return response.status, response.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")
