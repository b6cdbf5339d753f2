"""Half-sent requests hold no thread, and whole ones are answered as before."""

import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from bench import world
from caio_project.lib.web.worker import LONGEST_HEADER, IncomingRequest

APP = "tests.caio_project.lib.web.deadline_server"
HEAD = b"POST /count HTTP/1.1\r\nHost: x\r\n"
SIMPLE = b"GET /count HTTP/1.1\r\nHost: x\r\n\r\n"
CROWD = 40  # five times the threads


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    env = {**os.environ, "CAIO_ENV_FILE": os.devnull, "GUNICORN_LOG_LEVEL": "error"}
    with world.run_web(env, "/count", f"{APP}:application", WEB_CONCURRENCY="1") as url:
        yield urlsplit(url).port or 0


@contextmanager
def connected(port: int, sent: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
        one.sendall(sent)
        yield one


def read_all(one: socket.socket) -> bytes:
    parts = []
    try:
        while part := one.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def read_answer(one: socket.socket) -> bytes:
    """The body of one answer with a Content-Length, whatever comes after it."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += one.recv(1)
    length = re.search(rb"(?i)content-length: (\d+)", got)
    assert length
    body = b""
    while len(body) < int(length[1]):
        body += one.recv(int(length[1]) - len(body))
    return body


def seconds_of_a_request(port: int) -> float:
    started = time.monotonic()
    with connected(port, SIMPLE) as one:
        assert read_answer(one) == b"0"
    return time.monotonic() - started


HALF_SENT = {
    "nothing": b"",
    "a byte": b"P",
    "half a header": b"POST /count HTTP/1.1\r\nHost: x\r\nContent-Le",
    "no body": HEAD + b"Content-Length: 10\r\n\r\n",
    "half a body": HEAD + b"Content-Length: 10\r\n\r\n12345",
    "half of a usual body": HEAD + b"Content-Length: 60000\r\n\r\n" + b"x" * 30_000,
}


@pytest.mark.parametrize("what", HALF_SENT)
def test_a_crowd_of_half_sent_requests_holds_up_nobody(port: int, what: str) -> None:
    with ExitStack() as crowd:
        for _ in range(CROWD):
            crowd.enter_context(connected(port, HALF_SENT[what]))
        assert seconds_of_a_request(port) < 1


@pytest.mark.parametrize("what", ["a byte", "half a header"])
def test_a_header_that_does_not_end_is_refused_at_its_deadline(port: int, what: str) -> None:
    started = time.monotonic()
    with connected(port, HALF_SENT[what]) as one:
        assert read_all(one).startswith(b"HTTP/1.1 408 ")
    assert 1 < time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (HALF_SENT["no body"], b"0"),
        (HALF_SENT["half a body"], b"5"),
        (HALF_SENT["half of a usual body"], b"30000"),
        (HEAD + b"Content-Length: 1000000\r\n\r\n" + b"x" * 100_000, b"100000"),
    ],
)
def test_a_body_ends_at_its_deadline(port: int, sent: bytes, read: bytes) -> None:
    started = time.monotonic()
    with connected(port, sent) as one:
        assert read_all(one).endswith(b"\r\n\r\n" + read)
    assert 1 < time.monotonic() - started < 6


def test_chunks_that_stop_give_their_thread_back(port: int) -> None:
    sent = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    with ExitStack() as crowd:
        for _ in range(CROWD // 4):
            crowd.enter_context(connected(port, sent))
        time.sleep(3)
        assert seconds_of_a_request(port) < 1


def test_a_client_that_reads_no_answer_gives_its_thread_back(port: int) -> None:
    with ExitStack() as crowd:
        for _ in range(CROWD // 4):
            one = crowd.enter_context(connected(port))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(6)
        assert seconds_of_a_request(port) < 1


@pytest.mark.parametrize("more", [b"Connection: close\r\n", b"Connection: keep-alive\r\n"])
def test_clients_that_do_not_close_hold_up_nobody(port: int, more: bytes) -> None:
    unread = HEAD.replace(b"/count", b"/unread") + more + b"Content-Length: 9999999\r\n\r\n"
    with ExitStack() as crowd:
        for _ in range(CROWD):
            one = crowd.enter_context(connected(port, unread))
            assert read_answer(one) == b"unread"
        assert seconds_of_a_request(port) < 1


def test_a_header_that_is_too_long_is_refused(port: int) -> None:
    with connected(port, b"GET / HTTP/1.1\r\n") as one:
        for n in range(LONGEST_HEADER // 1000 + 2):
            one.sendall(b"X-%d: %b\r\n" % (n, b"v" * 1000))
        assert read_all(one).startswith(b"HTTP/1.1 431 ")


WHOLE = [
    (SIMPLE, b"0"),
    (b"\r\n\r\n" + SIMPLE, b"0"),
    (HEAD + b"Content-Length: 5\r\n\r\nhello", b"5"),
    (HEAD + b"content-length:\t5 \r\n\r\nhello", b"5"),
    (HEAD + b"Content-Length: 65536\r\n\r\n" + b"x" * 65_536, b"65536"),
    (HEAD + b"Content-Length: 65537\r\n\r\n" + b"x" * 65_537, b"65537"),
    (HEAD + b"Content-Length: 900000\r\n\r\n" + b"x" * 900_000, b"900000"),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"5"),
]


@pytest.mark.parametrize(("sent", "read"), WHOLE)
def test_whole_requests_are_answered_one_after_another(port: int, sent: bytes, read: bytes) -> None:
    with connected(port) as one:
        for _ in range(3):
            one.sendall(sent)
            assert read_answer(one) == read
        one.sendall(sent + sent)  # pipelined
        assert [read_answer(one), read_answer(one)] == [read, read]


def test_a_request_in_single_bytes_is_answered(port: int) -> None:
    with connected(port) as one:
        for byte in HEAD + b"Content-Length: 5\r\n\r\nhello":
            one.sendall(bytes([byte]))
        assert read_answer(one) == b"5"


def test_a_client_that_waits_to_continue_is_told_to(port: int) -> None:
    with connected(port, HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n") as one:
        assert one.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        one.sendall(b"hello")
        assert read_answer(one) == b"5"


def test_a_body_that_its_client_ends_is_answered_at_once(port: int) -> None:
    started = time.monotonic()
    with connected(port, HALF_SENT["half a body"]) as one:
        one.shutdown(socket.SHUT_WR)
        assert read_all(one).endswith(b"5")
    assert time.monotonic() - started < 1


def test_many_at_once_are_all_answered(port: int) -> None:
    answers: list[bytes] = []

    def ask() -> None:
        with connected(port) as one:
            for _ in range(5):
                one.sendall(HEAD + b"Content-Length: 5\r\n\r\nhello")
                answers.append(read_answer(one))

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [b"5"] * 200


@pytest.mark.parametrize(
    ("parts", "is_whole"),
    [
        ([b"GET / HTTP/1.1\r\n\r", b"\n"], True),
        ([b"GET / HTTP/1.1\r\n", b"\r\n"], True),
        ([b"GET / HTTP/1.1\r\n\r"], False),
        ([b"\r\n", b"\r\n", b"GET / HTTP/1.1\r\n"], False),
        ([b"P / HTTP/1.1\r\nContent-Length: 3\r\n\r\n", b"12"], False),
        ([b"P / HTTP/1.1\r\nContent-Length: 3\r\n\r\n1", b"2", b"3"], True),
        ([b"P / HTTP/1.1\r\nX-Content-Length: 3\r\n\r\n"], True),
    ],
)
def test_a_request_is_whole_with_its_header_and_usual_body(
    parts: list[bytes], is_whole: bool
) -> None:
    incoming = IncomingRequest(0.0)
    for part in parts:
        incoming.add(part)
    assert incoming.is_whole is is_whole
