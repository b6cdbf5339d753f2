"""gunicorn's threaded worker, in which a request that is not whole holds no thread.

The event loop reads a request until its header, and a body of usual size, are there. A thread reads
the larger ones, by a deadline. A client that does not take its answer has a deadline too.
"""

import re
import selectors
import socket
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

HEADER_SECONDS = 10.0  # from its first byte
BODY_SECONDS = 15.0  # from the end of the header; RB2B gives up after as many
ANSWER_SECONDS = 120.0  # view and answer together
LINGER_SECONDS = 2.0  # for the client to close first, so that it reads the whole answer
DRAIN_SECONDS = 0.05
LONGEST_HEADER = 65_536
LONGEST_WAITED = 65_536  # of bodies that the event loop reads

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*(?:\r\n|\Z)", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect:", re.IGNORECASE)  # the client waits for 100 Continue


@dataclass
class IncomingRequest:
    """What has come of a request, and by when more must come."""

    deadline: float
    data: bytearray = field(default_factory=bytearray)
    length: int = 0  # of the header and the body that is waited for, once the header is there

    def add(self, part: bytes) -> None:
        if not self.data:
            part = part.lstrip(b"\r\n")
            self.deadline = min(self.deadline, time.monotonic() + HEADER_SECONDS)
        self.data += part
        if not self.length:
            end = self.data.find(_END, max(0, len(self.data) - len(part) - len(_END)))
            if end >= 0:
                self.length = end + len(_END) + _waited_length(bytes(self.data[:end]))
                self.deadline = time.monotonic() + BODY_SECONDS

    @property
    def is_whole(self) -> bool:
        return 0 < self.length <= len(self.data)


def _waited_length(header: bytes) -> int:
    found = _LENGTH.search(header)
    length = int(found[1]) if found and not _EXPECT.search(header) else 0
    return length if length <= LONGEST_WAITED else 0


class DeadlineWorker(ThreadWorker):  # type: ignore[misc]
    def init_process(self) -> None:
        self._incoming: dict[TConn, IncomingRequest] = {}
        self._received: dict[TConn, bytes] = {}  # what a thread is to read first
        self._served: dict[TConn, float] = {}  # since when a thread has it
        self._closing: dict[TConn, float] = {}  # until when
        super().init_process()

    def enqueue_req(self, conn: TConn) -> None:
        """Called by the event loop for a new connection, and for one with its next request."""
        incoming = IncomingRequest(time.monotonic() + self.cfg.keepalive)
        if conn.parser is not None and (ahead := conn.parser.unreader.take_buffered()):
            incoming.add(ahead)
        self._incoming[conn] = incoming
        conn.sock.setblocking(False)
        self._read_more(conn)
        if conn in self._incoming:
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._read_more, conn))

    def handle(self, conn: TConn) -> Any:
        self._served[conn] = time.monotonic()
        try:
            conn.sock.setblocking(True)
            conn.init()
            conn.parser.unreader.unread(self._received.pop(conn))
            return super().handle(conn)
        finally:
            del self._served[conn]

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        # A body that its view left unread is drained by the event loop, while it closes.
        soon = time.monotonic() + DRAIN_SECONDS
        return bool(keepalive and conn.parser.finish_body(deadline=soon))

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        is_over = not fs.cancelled() and fs.exception() is None and fs.result() is False
        if is_over:
            self._linger(conn)  # gunicorn waits in the event loop, which holds up everybody
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Called by the event loop at least once a second."""
        super().murder_pending()
        now = time.monotonic()
        for conn, incoming in self._incoming.copy().items():
            if not self.alive and not incoming.data:
                incoming.deadline = min(incoming.deadline, now + LINGER_SECONDS)
            if incoming.deadline < now:
                self._end_reading(conn, incoming)
        for conn, since in self._served.copy().items():
            if since + ANSWER_SECONDS < now:
                _shut(conn.sock, socket.SHUT_RDWR)
            elif since + BODY_SECONDS < now:
                _shut(conn.sock, socket.SHUT_RD)  # whoever reads on finds the end of the body
        for conn, until in self._closing.copy().items():
            if until < now:
                self._forget(conn, self._closing)

    def _read_more(self, conn: TConn, _sock: Any = None) -> None:
        incoming = self._incoming[conn]
        if not incoming.is_whole:
            try:
                part = conn.sock.recv(65_536)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                part = b""
            if not part:
                self._end_reading(conn, incoming)
                return
            incoming.add(part)
        if incoming.is_whole:
            self._serve(conn)
        elif not incoming.length and len(incoming.data) > LONGEST_HEADER:
            self._refuse(conn, b"431 Request Header Fields Too Large")

    def _end_reading(self, conn: TConn, incoming: IncomingRequest) -> None:
        """Nothing more comes, or too late: a view finds the end of a body and says so."""
        if incoming.length:
            _shut(conn.sock, socket.SHUT_RD)
            self._serve(conn)
        elif incoming.data and incoming.deadline < time.monotonic():
            self._refuse(conn, b"408 Request Timeout")
        else:
            self._forget(conn, self._incoming)

    def _serve(self, conn: TConn) -> None:
        self._received[conn] = bytes(self._incoming.pop(conn).data)
        self._stop_polling(conn)
        conn.data_ready = True
        super().enqueue_req(conn)

    def _refuse(self, conn: TConn, status: bytes) -> None:
        head = b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % status
        del self._incoming[conn]
        self._stop_polling(conn)
        try:
            conn.sock.send(head)
        except OSError:
            pass  # it is closed just the same
        self._linger(conn)

    def _linger(self, conn: TConn) -> None:
        self._closing[conn] = time.monotonic() + LINGER_SECONDS
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):
            self._forget(conn, self._closing)

    def _drain(self, conn: TConn, _sock: Any = None) -> None:
        try:
            is_over = not conn.sock.recv(65_536)
        except (BlockingIOError, InterruptedError):
            is_over = False
        except OSError:
            is_over = True
        if is_over:
            self._forget(conn, self._closing)

    def _forget(self, conn: TConn, where: dict[TConn, Any]) -> None:
        del where[conn]
        self._stop_polling(conn)
        self.nr_conns -= 1
        conn.close()

    def _stop_polling(self, conn: TConn) -> None:
        try:
            self.poller.unregister(conn.sock)
        except (OSError, KeyError, ValueError):
            pass  # nothing was waited for, or its thread has closed it


def _shut(sock: socket.socket, how: int) -> None:
    try:
        sock.shutdown(how)
    except OSError:
        pass
