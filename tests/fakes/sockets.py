"""The HTTP server under a peer; it can drip, reset and hold connections."""

from __future__ import annotations

import select
import socket
import struct
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from .behaviours import Behaviour
from .exchange import Reply

if TYPE_CHECKING:
    from .server import FakeServer

DRIP_INTERVAL = 0.05


class PeerHttpServer(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], fake: FakeServer):
        self.fake = fake
        self._open: set[socket.socket] = set()
        self._to_reset: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, PeerHandler)

    def server_bind(self) -> None:
        # HTTPServer.server_bind would ask DNS for the host's name, which can take seconds without a
        # network.
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


class PeerHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: PeerHttpServer

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
