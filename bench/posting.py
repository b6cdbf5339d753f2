"""Post as RB2B does: each body once; only a 200 that was read in full is acknowledged."""

import hashlib
import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

RB2B_WAITS = 15.0  # seconds, then it disconnects for good


@dataclass
class PostOutcome:
    """What came of the posts so far."""

    acknowledged: set[str] = field(default_factory=set)  # sha256 of bodies
    answers: Counter[str] = field(
        default_factory=Counter
    )  # "stored", "spooled", or how it was refused
    refused_at: list[float] = field(default_factory=list)  # by time.monotonic()
    seconds: list[float] = field(default_factory=list)  # of each answer that came

    @property
    def posted(self) -> int:
        return self.answers.total()

    @property
    def refused(self) -> dict[str, int]:
        return {how: n for how, n in self.answers.items() if how not in ("stored", "spooled")}


def post_all(
    url: str, bodies: Iterable[bytes], found: PostOutcome, connections: int, rate: float = 0
) -> None:
    """Post every body over keep-alive connections, at most `rate` a second (0: unlimited)."""
    lock, paced = threading.Lock(), _at_rate(bodies, rate)
    threads = [
        threading.Thread(target=_post_some, args=(url, paced, found, lock))
        for _ in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _at_rate(bodies: Iterable[bytes], rate: float) -> Iterator[bytes]:
    began = time.monotonic()
    for n, body in enumerate(bodies):
        if rate and (early := began + n / rate - time.monotonic()) > 0:
            time.sleep(early)
        yield body


def _post_some(url: str, bodies: Iterator[bytes], found: PostOutcome, lock: threading.Lock) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=RB2B_WAITS)
    path = url.partition(parts.netloc)[2]
    while True:
        with lock:
            body = next(bodies, None)
        if body is None:
            connection.close()
            return
        began = time.monotonic()
        how = _post_body(connection, path, body)
        with lock:
            found.answers[how] += 1
            if how in ("stored", "spooled"):
                found.acknowledged.add(hashlib.sha256(body).hexdigest())
            else:
                found.refused_at.append(time.monotonic())
            found.seconds.append(time.monotonic() - began)


def _post_body(connection: http.client.HTTPConnection, path: str, body: bytes) -> str:
    """ "stored" or "spooled" for a 200 that was read to its end; else the status or what broke."""
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body_read = answer.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return type(error).__name__
    if answer.status != 200:
        return str(answer.status)
    return "spooled" if b'"spooled"' in body_read else "stored"
