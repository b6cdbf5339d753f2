"""The three kinds of failure, against servers that really fail, and the deadline that holds
whatever they do.
"""

import json
import socket
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from caio_project.lib import http
from tests.caio_project.lib.raw import RawServer, certificate, dripping, saying
from tests.fakes.clock import wait_for
from tests.fakes.exchange import Reply, Request
from tests.fakes.server import FakeServer

SLACK = (
    8  # seconds that a busy machine may add to a deadline; what the servers below would take is 20
)


class Peer(FakeServer):
    """Counts what it did, so that "it did not act" can be asserted."""

    name = "peer"
    routes = (("GET", "/thing", "thing"), ("POST", "/thing", "thing"), ("GET", "/other", "thing"))

    def clear(self) -> None:
        self.acted = 0
        self.answer: Reply = Reply(200, {"ok": True})

    def thing(self, request: Request) -> Reply:
        self.acted += 1
        return self.answer


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as fake:
        yield fake


CONTENT = ("headers", "params", "json", "form")


def send(method: str, url: str, **options: Any) -> http.HttpAnswer:
    content = {name: options.pop(name) for name in CONTENT if name in options}
    return http.send_request(method, url, http.RequestContent(**content), **options)


def failed(method: str, url: str, **options: object) -> http.HttpError:
    with pytest.raises(http.HttpError) as caught:
        send(method, url, **options)
    return caught.value


def kind(failure: http.HttpError) -> str:
    return type(failure).__name__


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_an_answer_has_status_body_and_headers(peer: Peer) -> None:
    peer.answer = Reply(201, {"id": "abc"}, {"X-Request": "7"})
    answer = send(
        "POST",
        peer.url + "/thing",
        headers={"X-Key": "k"},
        params={"a": "b"},
        json={"name": "Dana"},
    )
    assert (answer.status, answer.json(), answer.headers["x-request"]) == (201, {"id": "abc"}, "7")
    [request] = peer.requests()
    assert (request.headers["x-key"], request.query, request.json) == (
        "k",
        {"a": "b"},
        {"name": "Dana"},
    )


def test_an_empty_answer_is_an_answer(peer: Peer) -> None:
    peer.answer = Reply(204)
    assert send("POST", peer.url + "/thing", json={}).body == b""


def test_a_proxy_in_the_environment_is_not_used(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused_port()}")
    assert send("GET", peer.url + "/thing").status == 200


# Unavailable: it certainly did not act


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_unavailable_for_writes_too(method: str) -> None:
    port = unused_port()
    failure = failed(method, f"http://127.0.0.1:{port}/thing", deadline=2)
    assert (kind(failure), failure.status, failure.detail) == (
        "ServiceUnavailable",
        0,
        f"no connection to 127.0.0.1:{port}",
    )


@pytest.mark.parametrize("status", [425, 429])
def test_a_retry_later_status_is_unavailable_for_writes_too(peer: Peer, status: int) -> None:
    peer.on("POST /thing").status(status, {"message": "later"})
    failure = failed("POST", peer.url + "/thing", json={})
    assert (kind(failure), failure.status, peer.acted) == ("ServiceUnavailable", status, 0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("", None),
        ("soon", None),
        ("Mon, 06 Jan 2020 15:00:00 GMT", 0.0),
        ("Mon, 99 Jan 2020 15:00:00 GMT", None),
        ("-3", None),
        ("nan", None),
        ("inf", None),
        ("1e300", 86_400.0),
        ("99999999999", 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("Mon, 01 Jan 0001 00:00:00 GMT", 0.0),
        ("²", None),
    ],
)
def test_retry_after_may_be_a_number_or_date(
    peer: Peer, header: str, seconds: float | None
) -> None:
    peer.on("POST /thing").status(429, headers={"Retry-After": header})
    assert failed("POST", peer.url + "/thing", json={}).retry_after == seconds


def test_a_retry_after_that_is_a_date_counts_from_now(peer: Peer) -> None:
    peer.on("POST /thing").status(
        429, headers={"Retry-After": formatdate(time.time() + 90, usegmt=True)}
    )
    assert failed("POST", peer.url + "/thing", json={}).retry_after == pytest.approx(90, abs=3)


def test_a_failure_carries_the_headers_of_its_answer(peer: Peer) -> None:
    peer.on("POST /thing").status(400, headers={"X-RateLimit-Remaining": "0"})
    assert failed("POST", peer.url + "/thing", json={}).headers["x-ratelimit-remaining"] == "0"
    assert http.HttpError("no connection").headers == {}


def test_a_form_is_sent_as_one(peer: Peer) -> None:
    send("POST", peer.url + "/thing", form={"grant_type": "refresh_token", "code": "a&b=ü"})
    (request,) = peer.requests()
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(request.body.decode())) == {
        "grant_type": "refresh_token",
        "code": "a&b=ü",
    }


def test_a_failing_check_before_sends_no_byte(tmp_path: Path) -> None:
    """It is asked when the connection stands; what it raises comes out as it is."""
    asked: list[int] = []

    def stop() -> None:
        asked.append(server.connections)
        raise KeyError("stop")

    with RawServer(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as server:
        with pytest.raises(KeyError, match="stop"):
            send("POST", server.url, json={}, before=stop)
        assert asked[0] <= 1
        assert wait_for(lambda: server.requests) == [b""]  # the connection was opened and closed
        assert send("POST", server.url, json={}, before=lambda: None).status == 200
        assert len([request for request in server.requests if request]) == 1


def test_an_unanswered_tls_handshake_is_unavailable_for_writes() -> None:
    with RawServer(saying(b""), handshake=False) as server:
        failure = failed("POST", server.url, json={}, deadline=0.5)
        assert (kind(failure), server.requests) == ("ServiceUnavailable", [])


def test_an_untrusted_certificate_is_unavailable_and_sends_nothing(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with RawServer(saying(b"HTTP/1.1 200 OK\r\n\r\n"), tls=context) as server:
        failure = failed("POST", server.url, json={}, deadline=2)
        assert (kind(failure), server.requests) == ("ServiceUnavailable", [])
        host = server.url.split("/")[2]
        assert failure.detail == f"the certificate of {host} is not trusted"


# Uncertain: it may have acted. The same failure of a read, or of an idempotent write, may be
# repeated.

REPEATABLE = [
    ("POST", None, "OutcomeUncertain"),
    ("GET", None, "ServiceUnavailable"),
    ("POST", True, "ServiceUnavailable"),
]


@pytest.mark.parametrize(("method", "repeatable", "expected"), REPEATABLE)
def test_an_answer_that_never_comes(
    peer: Peer, method: str, repeatable: bool | None, expected: str
) -> None:
    peer.on("* /thing").never()
    started = time.monotonic()
    failure = failed(method, peer.url + "/thing", deadline=0.8, repeatable=repeatable)
    assert (kind(failure), failure.status) == (expected, 0)
    assert failure.detail == f"{peer.url.removeprefix('http://')} did not answer in time"
    assert 0.75 < time.monotonic() - started < 0.8 + SLACK
    assert len(wait_for(peer.requests)) == 1


@pytest.mark.parametrize(("method", "repeatable", "expected"), REPEATABLE)
def test_a_connection_reset_after_the_request(
    peer: Peer, method: str, repeatable: bool | None, expected: str
) -> None:
    peer.on("* /thing").act_then_close()
    failure = failed(method, peer.url + "/thing", repeatable=repeatable)
    assert (kind(failure), failure.status, peer.acted) == (expected, 0, 1)
    assert len(peer.requests()) == 1


@pytest.mark.parametrize(("method", "repeatable", "expected"), REPEATABLE)
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_5xx_or_408(
    peer: Peer, method: str, repeatable: bool | None, expected: str, status: int
) -> None:
    peer.on("* /thing").status(status, {"message": "broken"})
    failure = failed(method, peer.url + "/thing", repeatable=repeatable)
    assert (kind(failure), failure.status) == (expected, status)
    assert len(peer.requests()) == 1


def test_an_answer_that_is_cut_short_is_uncertain() -> None:
    with RawServer(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")) as server:
        assert kind(failed("POST", server.url, json={}, deadline=5)) == "OutcomeUncertain"


def test_bytes_that_are_not_http_are_uncertain() -> None:
    with RawServer(saying(b"220 mail.example.com ESMTP\r\n")) as server:
        assert kind(failed("POST", server.url, json={}, deadline=5)) == "OutcomeUncertain"


def test_tls_that_breaks_after_the_request_is_uncertain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A TLS error also comes from a connection that never stood up; then nothing was sent."""

    def break_tls(connection: socket.socket) -> None:
        plain = socket.socket(fileno=connection.detach())
        plain.sendall(b"this is no TLS record at all")
        plain.recv(1)

    context, authority = certificate(tmp_path)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", authority)
    with RawServer(break_tls, tls=context) as server:
        assert kind(failed("POST", server.url, json={}, deadline=5)) == "OutcomeUncertain"
        assert len(server.requests) == 1


# The deadline is for everything together


@pytest.mark.parametrize(
    ("method", "expected"), [("POST", "OutcomeUncertain"), ("GET", "ServiceUnavailable")]
)
@pytest.mark.parametrize(
    ("head", "drop"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x", id="body"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", b"x", id="body that ends with the connection"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", id="chunks"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", id="headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", b"y", id="one header"),
        pytest.param(b"", b"H", id="status line"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x", id="body of an error"),
    ],
)
def test_a_drip_ends_at_the_deadline(method: str, expected: str, head: bytes, drop: bytes) -> None:
    with RawServer(dripping(head, drop)) as server:
        started = time.monotonic()
        failure = failed(method, server.url, deadline=0.8)
        assert (kind(failure), failure.status) == (expected, 0)
        assert failure.detail.endswith("did not answer in time")
        assert 0.75 < time.monotonic() - started < 0.8 + SLACK
        assert len(wait_for(lambda: server.requests)) == 1


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]
)
def test_a_drip_over_tls_ends_at_the_deadline(
    head: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = certificate(tmp_path)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", authority)
    with RawServer(dripping(head), tls=context) as server:
        started = time.monotonic()
        assert kind(failed("POST", server.url, json={}, deadline=2)) == "OutcomeUncertain"
        assert time.monotonic() - started < 2 + SLACK


def test_an_answer_within_the_deadline_is_taken_whole(peer: Peer) -> None:
    peer.on("GET /thing").drip(100)
    assert send("GET", peer.url + "/thing", deadline=10).json() == {"ok": True}


# How much is read


def test_one_byte_over_the_largest_answer_is_refused(peer: Peer) -> None:
    peer.answer = Reply(200, b"x" * http.MAX_ANSWER_BYTES)
    assert len(send("GET", peer.url + "/thing").body) == http.MAX_ANSWER_BYTES
    peer.answer = Reply(200, b"x" * (http.MAX_ANSWER_BYTES + 1))
    failure = failed("POST", peer.url + "/thing", json={})
    assert (kind(failure), peer.acted) == ("OutcomeUncertain", 2)
    assert failure.detail == f"{peer.url.removeprefix('http://')} answered more than 5242880 bytes"


def test_an_endless_answer_is_cut_before_the_deadline() -> None:
    with RawServer(dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1_000_000, every=0.001)) as server:
        started = time.monotonic()
        assert kind(failed("GET", server.url, deadline=30)) == "ServiceUnavailable"
        assert time.monotonic() - started < 10


# Refused: asking again cannot help


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_4xx_is_refused(peer: Peer, status: int) -> None:
    peer.on("POST /thing").status(status, {"message": "no"})
    failure = failed("POST", peer.url + "/thing", json={})
    assert (kind(failure), failure.status, failure.json()) == (
        "RequestRefused",
        status,
        {"message": "no"},
    )
    assert len(peer.requests()) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "Contact is on DND"}, "Contact is on DND"),
        (
            {"message": ["email must be an email", "name is too long"]},
            "email must be an email; name is too long",
        ),
        ({"error": "Unauthorized"}, "Unauthorized"),
        ({"message": None, "error": "Bad"}, "Bad"),
        ({"message": {"code": 7}}, "{'code': 7}"),
        (["one", "two"], "one; two"),
        ({}, ""),
        ("<html>\n <h1>Bad\tGateway</h1>", "<html> <h1>Bad Gateway</h1>"),
        ("", ""),
        (b"\xff\xfe", "��"),
        ({"message": "a\x00b\nc\ud800"}, "ab c?"),
        ("[" * 100_000, "[" * 200),
    ],
)
def test_an_error_text_is_one_storable_line(peer: Peer, body: object, said: str) -> None:
    peer.on("POST /thing").status(422, body) if not isinstance(body, bytes) else setattr(
        peer, "answer", Reply(422, body)
    )
    failure = failed("POST", peer.url + "/thing", json={})
    assert failure.detail == f"{peer.url.removeprefix('http://')} answered 422: {said}"
    failure.detail.encode()


def test_a_long_error_is_cut(peer: Peer) -> None:
    peer.on("POST /thing").status(422, {"message": "x" * 10_000})
    failure = failed("POST", peer.url + "/thing", json={})
    assert len(failure.detail) == 500
    assert failure.json() == {"message": "x" * 10_000}


def test_a_non_json_error_reads_as_empty_object(peer: Peer) -> None:
    peer.on("POST /thing").status(422, "[" * 100_000)
    assert failed("POST", peer.url + "/thing", json={}).json() == {}


def test_a_non_json_answer_raises_value_error(peer: Peer) -> None:
    for body in ("<html>", "[" * 100_000):
        peer.answer = Reply(200, body)
        with pytest.raises(ValueError, match=r".+"):
            send("GET", peer.url + "/thing").json()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(peer: Peer, status: int) -> None:
    peer.on("POST /thing").status(status, headers={"Location": peer.url + "/other"})
    failure = failed("POST", peer.url + "/thing", json={})
    assert (kind(failure), failure.status) == ("RequestRefused", status)
    assert [request.path for request in peer.requests()] == ["/thing"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nowhere",
        "http://",
        "http://[::1",
        "http://a b/",
        "ftp://127.0.0.1/x",
        "http://" + "a" * 70 + ".test/",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    failure = failed("POST", url, json={}, deadline=2)
    assert (kind(failure), failure.status, failure.detail) == (
        "RequestRefused",
        0,
        f"{url!r} is not an address",
    )


def test_no_detail_shows_a_password_or_a_query(peer: Peer) -> None:
    port = peer.url.rpartition(":")[2]
    address = f"http://user:hidden-1@127.0.0.1:{port}/thing?token=hidden-2"
    peer.on("POST /thing").status(403, {"message": "no"}, times=1)
    peer.on("POST /thing").act_then_close(times=1)
    details = [failed("POST", address, json={}).detail for _ in range(2)]
    details.append(
        failed("POST", f"http://user:hidden-1@127.0.0.1:{unused_port()}/x?token=hidden-2").detail
    )
    assert "hidden" not in json.dumps(details)
    assert len(peer.requests()) == 2
