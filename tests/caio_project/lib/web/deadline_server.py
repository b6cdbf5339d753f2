"""A small application behind the worker with short deadlines, run by test_worker.py."""

from collections.abc import Callable, Iterable
from typing import Any

from caio_project.lib.web import worker

worker.HEADER_SECONDS = worker.BODY_SECONDS = 1.5
worker.ANSWER_SECONDS = 4.0
worker.LINGER_SECONDS = 1.0

LARGE_ANSWER = 64 * 1024 * 1024


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answers how many bytes of a body it read, or with more than sockets hold."""
    if environ["PATH_INFO"] == "/large":
        start("200 OK", [("Content-Length", str(LARGE_ANSWER))])
        return (b"x" * 1024 * 1024 for _ in range(64))
    if environ["PATH_INFO"] == "/unread":
        said = b"unread"
    else:
        said = str(_count_bytes(environ["wsgi.input"])).encode()
    start("200 OK", [("Content-Length", str(len(said)))])
    return [said]


def _count_bytes(stream: Any) -> int:
    size = 0
    while part := stream.read(65_536):
        size += len(part)
    return size
