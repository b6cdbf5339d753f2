"""A load generator for loopback: N keep-alive connections for S seconds, one request each.

One thread over non-blocking sockets and ready-made bytes, so that it costs a fraction of what it
measures; that cost is reported. Run alone: python -m bench.load URL CONNECTIONS SECONDS
"""

import itertools
import json
import os
import selectors
import socket
import statistics
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
MOST_CONNECTIONS, MOST_SECONDS = 200, 60.0
BODY = {
    "LinkedIn URL": "https://www.linkedin.com/in/load-{n}",
    "First Name": "Load",
    "Last Name": "Person {n}",
    "Title": "VP Sales",
    "Company Name": "Load Freight {n}",
    "Business Email": "load.{n}@load-{n}.test",
    "Website": "https://load-{n}.test",
    "Industry": "Logistics & Supply Chain",
    "Employee Count": "200-500",
    "Estimate Revenue": "$48M rev",
    "City": "Columbus",
    "State": "OH",
    "Zipcode": "04321",
    "Seen At": "2026-01-05T10:00:00+00:00",
    "Referrer": "https://www.google.com/search?q=chief+ai+officer&hl=en",
    "Captured URL": (
        "https://oursite.test/pricing?utm_source=google&utm_medium=cpc&utm_campaign=brand"
    ),
    "Tags": "Hot Pages, Hot Leads",
}


@dataclass
class LoadResult:
    seconds: float
    requests: int
    errors: int
    p50_ms: float
    p99_ms: float
    client_ms: float  # processor time of this script for one request
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


class Connection:
    def __init__(self, address: tuple[str, int]):
        self.sock = socket.create_connection(address, timeout=5)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.sent_at, self.answer, self.is_last = 0.0, b"", False

    def ask(self, request: bytes) -> None:
        self.answer, self.sent_at = b"", time.perf_counter()
        self.sock.send(request)  # a kilobyte always fits into an empty buffer

    def read(self) -> str:
        """The status once the whole answer is there, "" before."""
        part = self.sock.recv(65536)
        if not part:
            raise ConnectionError("closed")
        self.answer += part
        head, found, body = self.answer.partition(b"\r\n\r\n")
        if not found:
            return ""
        head = head.lower()
        self.is_last = b"\r\nconnection: close" in head  # a worker that is replaced says so
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return head[9:12].decode() if len(body) >= length else ""


def run_load(url: str, connections: int, seconds: float) -> LoadResult:
    parts = urlsplit(url)
    assert parts.hostname in LOOPBACK, "loopback only"
    connections, seconds = min(connections, MOST_CONNECTIONS), min(seconds, MOST_SECONDS)
    requests = _visitor_requests(parts.netloc, url.partition(parts.netloc)[2])
    address = (parts.hostname or "", parts.port or 80)
    selector, times, statuses = selectors.DefaultSelector(), [], {}
    began, cost_before = time.perf_counter(), time.process_time()
    until = began + seconds
    for _ in range(connections):
        _open_connection(selector, address, next(requests))
    while selector.get_map() and time.perf_counter() < until + 10:
        for key, _ in selector.select(timeout=1):
            connection = key.data
            try:
                status = connection.read()
            except (OSError, ValueError, IndexError) as error:
                status = type(error).__name__
            if not status:
                continue
            now = time.perf_counter()
            statuses[status] = statuses.get(status, 0) + 1
            times.append(now - connection.sent_at)
            if now < until and status.isdigit() and not connection.is_last:
                connection.ask(next(requests))
                continue
            selector.unregister(connection.sock)
            connection.sock.close()
            if now < until:
                _open_connection(selector, address, next(requests))
    statuses |= {"unanswered": left} if (left := len(selector.get_map())) else {}
    took, cost = time.perf_counter() - began, time.process_time() - cost_before
    return LoadResult(
        seconds=took,
        requests=len(times),
        errors=sum(count for status, count in statuses.items() if status != "200"),
        p50_ms=1000 * statistics.median(times),
        p99_ms=1000 * sorted(times)[int(len(times) * 0.99)],
        client_ms=1000 * cost / len(times),
        statuses=statuses,
    )


def _open_connection(
    selector: selectors.BaseSelector, address: tuple[str, int], request: bytes
) -> None:
    connection = Connection(address)
    connection.ask(request)
    selector.register(connection.sock, selectors.EVENT_READ, connection)


def _visitor_requests(host: str, target: str) -> "itertools.starmap[bytes]":
    head = (
        f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: "
        "application/json\r\nContent-Length: "
    )
    text, run_id = json.dumps(BODY), f"{os.getpid()}-{time.time_ns()}"

    def request(n: int) -> bytes:
        body = text.replace("{n}", f"{run_id}-{n}")
        return f"{head}{len(body)}\r\n\r\n{body}".encode()

    return itertools.starmap(request, zip(itertools.count()))


if __name__ == "__main__":
    print(json.dumps(run_load(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])).__dict__))
