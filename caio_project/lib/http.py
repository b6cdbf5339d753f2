"""The HTTP client of all integrations: a total deadline for each call, three kinds of failure.

RequestRefused: asking again cannot help. ServiceUnavailable: it did not act, asking later is safe.
OutcomeUncertain: it may have acted; only a read or an idempotent write may be repeated. The timeout
of `requests` is per read, so a slow server could hold a caller for ever; here the socket is shut at
the deadline.
"""

import contextlib
import json as jsonlib
import math
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import LocationValueError

CONNECT_SECONDS = 5.0
LONGEST_RETRY_AFTER = 86_400.0
MAX_ANSWER_BYTES = 5 * 1024 * 1024


class HttpError(Exception):
    """A call without a 2xx. `status` is 0 without an answer; `detail` is safe to show and store."""

    def __init__(
        self,
        detail: str,
        status: int = 0,
        body: bytes = b"",
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(detail)
        self.detail, self.status, self.body, self.retry_after = detail, status, body, retry_after
        self.headers = headers or {}

    def json(self) -> Any:
        """The parsed body; {} where it is not JSON."""
        try:
            return _parse_json(self.body)
        except ValueError:
            return {}


class RequestRefused(HttpError):
    """The other side answered 4xx, except 408, 425 and 429."""


class ServiceUnavailable(HttpError):
    """It did not act: no connection, 425 or 429. Also an uncertain answer to a repeatable call."""


class OutcomeUncertain(HttpError):
    """It may have acted: timeout, a connection broken after the request, 408 or 5xx."""


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The parsed body. Raises ValueError for what is not JSON."""
        return _parse_json(self.body)


def _parse_json(body: bytes) -> Any:
    try:
        return jsonlib.loads(body)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error


class _TooLarge(requests.RequestException):
    pass


@dataclass(frozen=True)
class RequestContent:
    """What a request carries beside its address; the body is `json` or `form`."""

    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] | None = None
    json: Any = None
    form: Mapping[str, str] | None = None


def send_request(
    method: str,
    url: str,
    content: RequestContent | None = None,
    *,
    deadline: float = 15.0,
    repeatable: bool | None = None,
    before: Callable[[], None] | None = None,
) -> HttpAnswer:
    """Make one HTTP call within `deadline` seconds in total and return its 2xx answer.

    `repeatable`: asking twice does no harm (default: GET only); an uncertain failure then raises
    ServiceUnavailable. `before` is called once the connection stands and before a byte of the
    request leaves; what it raises ends the call. Redirects are not followed: a POST must not change
    its address. Raises RequestRefused, ServiceUnavailable or OutcomeUncertain.
    """
    content = content or RequestContent()
    repeatable = method == "GET" if repeatable is None else repeatable
    call_deadline = _CallDeadline(deadline, before)
    # By the adapter itself: a session makes two more, reads no cookie and follows no redirect here.
    with call_deadline, contextlib.closing(_DeadlineAdapter(call_deadline)) as adapter:
        try:
            request = requests.Request(
                method,
                url,
                headers={**requests.utils.default_headers(), **content.headers},
                params=content.params,
                json=content.json,
                data=content.form,
            ).prepare()
            timeout = (min(CONNECT_SECONDS, deadline), deadline)
            with adapter.send(request, stream=True, timeout=timeout) as answer:
                body = _read_body(answer, call_deadline)
        except (requests.RequestException, LocationValueError) as error:
            raise _error_by_cause(error, url, call_deadline, repeatable) from error
    if 200 <= answer.status_code < 300:
        return HttpAnswer(answer.status_code, body, answer.headers)
    raise _error_by_status(answer, body, repeatable)


def _read_body(answer: requests.Response, call_deadline: "_CallDeadline") -> bytes:
    parts, size = [], 0
    for part in answer.iter_content(65536):
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise _TooLarge
        parts.append(part)
    if call_deadline.fired:  # without a Content-Length the shut socket looks like the body's end
        raise requests.Timeout
    return b"".join(parts)


def _error_by_cause(
    error: Exception, url: str, call_deadline: "_CallDeadline", repeatable: bool
) -> HttpError:
    host = url_host(url)
    if not call_deadline.connected:  # not a byte of the request has left
        if isinstance(error, requests.ConnectionError | requests.Timeout):
            untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
            why = f"the certificate of {host} is not trusted" if untrusted else ""
            return ServiceUnavailable(why or f"no connection to {host}")
        return RequestRefused(f"{url.split('?')[0]!r} is not an address")
    if isinstance(error, _TooLarge):
        what = f"{host} answered more than {MAX_ANSWER_BYTES} bytes"
    elif call_deadline.fired or isinstance(error, requests.Timeout):
        what = f"{host} did not answer in time"
    else:
        what = f"{host} hung up"
    return (ServiceUnavailable if repeatable else OutcomeUncertain)(what)


def url_host(url: str) -> str:
    """Host and port, without a password; "" where it is no address."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _error_by_status(answer: requests.Response, body: bytes, repeatable: bool) -> HttpError:
    status, retry_after = (
        answer.status_code,
        _retry_after_seconds(answer.headers.get("Retry-After")),
    )
    detail = f"{url_host(answer.url)} answered {status}: {error_text(body)}"[:500]
    if status in (425, 429):
        kind: type[HttpError] = ServiceUnavailable
    # A gateway also answers 408 when it gives up on a request that is still being processed.
    elif status >= 500 or status == 408:
        kind = ServiceUnavailable if repeatable else OutcomeUncertain
    else:
        kind = RequestRefused
    return kind(detail, status, body, retry_after, answer.headers)


def error_text(body: bytes) -> str:
    """The message of an error body in one line; GHL's `message` is a string or a list of them."""
    try:
        parsed = _parse_json(body)
    except ValueError:
        return _one_line(body[:200].decode("utf-8", "replace"))
    names = ("message", "error_description", "error")
    message = next(filter(None, map(parsed.get, names)), "") if isinstance(parsed, dict) else parsed
    return _one_line(
        "; ".join(map(str, message)) if isinstance(message, list) else str(message or "")
    )


def _one_line(text: str) -> str:
    """Without line ends, and without NUL and lone surrogates, which PostgreSQL cannot store."""
    return " ".join(text.encode("utf-8", "replace").decode().replace("\x00", "").split())


def _retry_after_seconds(value: str | None) -> float | None:
    """Seconds from now by a Retry-After header, a number or a date (RFC 9110, 10.2.3).

    At most a day, whatever it says.
    """
    try:
        seconds = float(value or "")
    except ValueError:
        return _seconds_until(value or "")
    is_meant = math.isfinite(seconds) and seconds >= 0
    return min(seconds, LONGEST_RETRY_AFTER) if is_meant else None


def _seconds_until(date: str) -> float | None:
    try:
        seconds = parsedate_to_datetime(date).timestamp() - time.time()
        return min(max(0.0, seconds), LONGEST_RETRY_AFTER)
    except (ValueError, OverflowError):  # no date, or nothing
        return None


class _CallDeadline:
    """Shuts the socket of the call that runs inside it when the deadline passes."""

    def __init__(self, seconds: float, before: Callable[[], None] | None):
        self.fired, self.connected, self._socket, self._before = False, False, None, before
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True

    def watch(self, sock: Any) -> None:
        self.connected, self._socket = True, sock
        if self.fired:  # connecting alone took longer than the deadline
            self._shut()
        if self._before:
            self._before()

    def _fire(self) -> None:
        self.fired = True
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            try:
                # Not SSLSocket.shutdown, which also drops the TLS state that the reading thread is
                # using.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self) -> "_CallDeadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


class _DeadlineAdapter(HTTPAdapter):
    def __init__(self, call_deadline: _CallDeadline):
        self._call_deadline = call_deadline
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _watched_pool(HTTPConnectionPool, HTTPConnection, self._call_deadline),
            "https": _watched_pool(HTTPSConnectionPool, HTTPSConnection, self._call_deadline),
        }


def _watched_pool(pool: type, connection: type, call_deadline: _CallDeadline) -> type:
    def connect(self: Any) -> None:
        connection.connect(self)  # type: ignore[attr-defined]
        call_deadline.watch(self.sock)

    watched = type(f"Watched{connection.__name__}", (connection,), {"connect": connect})
    return type(f"Watched{pool.__name__}", (pool,), {"ConnectionCls": watched})
