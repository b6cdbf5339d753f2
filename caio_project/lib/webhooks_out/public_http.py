"""POSTs to addresses that people typed: never into our own network, within a total deadline.

The name is resolved, every address is checked, and the socket is opened to one of the addresses
that were checked: a name that answers differently a moment later (DNS rebinding) changes nothing.
Redirects are not followed, no proxy is asked, and the answer is read up to a cap.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import certifi
import dns.exception
import dns.resolver
from django.conf import settings

DEADLINE = 10.0  # seconds for name, connection, request and answer together
STEP_SECONDS = 4.0  # for the name, and for each address tried
ADDRESSES_TRIED = 2
MAX_ANSWER_BYTES = 16_384
BODY_SECONDS = 2.0
MAX_URL_LENGTH = 500
LOOPBACK_NAME = "localhost"
# Each holds an IPv4 address: a NAT64 or 6to4 gateway would lead into the network around it.
TRANSITION_NETWORKS = [
    ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "::/96")
]

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class PostCode(StrEnum):
    ANSWERED = "answered"
    ADDRESS_REFUSED = "address_refused"
    NO_ADDRESS = "no_address"
    NO_CONNECTION = "no_connection"
    TLS_FAILED = "tls_failed"
    TIMED_OUT = "timed_out"
    HUNG_UP = "hung_up"


@dataclass(frozen=True)
class PostOutcome:
    """`status` is 0 without an answer; `body` is cut at MAX_ANSWER_BYTES."""

    code: PostCode
    status: int = 0
    body: bytes = b""
    retry_after: str = ""
    ms: int = 0

    @property
    def is_accepted(self) -> bool:
        return 200 <= self.status < 300


class UrlRefused(Exception):
    """No address that may be posted to; the text says why."""


class _NotConnected(Exception):
    def __init__(self, code: PostCode):
        super().__init__(code)
        self.code = code


def check_url(url: str) -> SplitResult:
    """Raises UrlRefused. What the name resolves to is checked with each connection."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise UrlRefused("It is not an address like https://hooks.example.com/caio.") from None
    if len(url) > MAX_URL_LENGTH:
        raise UrlRefused(f"It is longer than {MAX_URL_LENGTH} characters.")
    if not url.isascii() or not url.isprintable() or " " in url or not host or port == 0:
        raise UrlRefused("It is not an address like https://hooks.example.com/caio.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise UrlRefused("No name, password or # may be in it.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_allowed_loopback(host)):
        raise UrlRefused("It must begin with https://.")
    literal = _ip_literal(host)
    if (literal and not is_allowed(literal)) or (
        host == LOOPBACK_NAME and not settings.WEBHOOKS_OUT_LOOPBACK
    ):
        raise UrlRefused("It is an address of a private network.")
    return parts


def is_allowed(address: IpAddress) -> bool:
    """Whether anybody on the internet could be meant by it."""
    if address.is_loopback:
        return bool(settings.WEBHOOKS_OUT_LOOPBACK)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped or address.teredo:
            return False
        if any(address in network for network in TRANSITION_NETWORKS):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def post(
    url: str, body: bytes, headers: dict[str, str], *, deadline: float = DEADLINE
) -> PostOutcome:
    """Post `body` and read the answer. Never raises for what the other side does."""
    began = time.monotonic()
    with _Deadline(deadline) as limit:
        try:
            found = _exchange(check_url(url), body, headers, limit)
        except UrlRefused:
            found = PostOutcome(PostCode.ADDRESS_REFUSED)
        except _NotConnected as error:
            found = PostOutcome(error.code)
        except ssl.SSLError:
            found = PostOutcome(PostCode.TIMED_OUT if limit.fired else PostCode.TLS_FAILED)
        except (OSError, http.client.HTTPException, ValueError) as error:
            is_late = limit.fired or isinstance(error, TimeoutError)
            found = PostOutcome(PostCode.TIMED_OUT if is_late else PostCode.HUNG_UP)
    ms = round((time.monotonic() - began) * 1000)
    return PostOutcome(found.code, found.status, found.body, found.retry_after, ms)


def _exchange(
    parts: SplitResult, body: bytes, headers: dict[str, str], limit: "_Deadline"
) -> PostOutcome:
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=limit.left(), context=_tls_context()
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=limit.left())
    connection._create_connection = limit.connect  # type: ignore[attr-defined]
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with contextlib.closing(connection):
        connection.request("POST", target, body, headers)
        opened = connection.sock
        with contextlib.closing(connection.getresponse()) as answer:
            opened.settimeout(BODY_SECONDS)
            return PostOutcome(
                PostCode.ANSWERED,
                answer.status,
                _read_some(answer),
                (answer.headers.get("Retry-After") or "")[:60],
            )


def _read_some(answer: http.client.HTTPResponse) -> bytes:
    """What comes of the body soon. The status has decided: the text is for the log alone."""
    found, end = b"", time.monotonic() + BODY_SECONDS
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        while len(found) < MAX_ANSWER_BYTES and time.monotonic() < end:
            part = answer.read1(MAX_ANSWER_BYTES - len(found))
            if not part:
                break
            found += part
    return found


@cache
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


class _Deadline:
    """Shuts the socket that was opened inside it when the time is over.

    It holds a duplicate of the socket: while TLS is agreed on, the socket itself has none to shut.
    """

    def __init__(self, seconds: float):
        self.fired = False
        self._end = time.monotonic() + seconds
        self._held: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True

    def left(self, most: float = DEADLINE) -> float:
        return max(0.05, min(most, self._end - time.monotonic()))

    def connect(self, place: tuple[str, int], *_: Any) -> socket.socket:
        """A socket to one of the checked addresses of a name. Raises _NotConnected."""
        host, port = place
        for address in resolve(host, self.left(STEP_SECONDS))[:ADDRESSES_TRIED]:
            try:
                opened = socket.create_connection((str(address), port), self.left(STEP_SECONDS))
            except OSError:
                continue
            self._held = opened.dup()
            opened.settimeout(self.left())
            if self.fired:
                self._shut()
            return opened
        raise _NotConnected(PostCode.TIMED_OUT if self.fired else PostCode.NO_CONNECTION)

    def _fire(self) -> None:
        self.fired = True
        self._shut()

    def _shut(self) -> None:
        if self._held is not None:
            with contextlib.suppress(OSError):
                self._held.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._held is not None:
            self._held.close()


def resolve(host: str, seconds: float) -> list[IpAddress]:
    """The addresses of `host`. Raises _NotConnected where there is none, or one is not allowed."""
    literal = _ip_literal(host)
    if literal is not None:
        found = [literal]
    elif host == LOOPBACK_NAME:
        found = [ipaddress.ip_address("127.0.0.1")]
    else:
        found = _look_up(host, seconds)
    if not found:
        raise _NotConnected(PostCode.NO_ADDRESS)
    if not all(map(is_allowed, found)):
        raise _NotConnected(PostCode.ADDRESS_REFUSED)
    return found


def _look_up(host: str, seconds: float) -> list[IpAddress]:
    """By DNS alone: names in the machine's own hosts file are its own network's."""
    resolver = dns_resolver()
    found: list[IpAddress] = []
    for kind in ("A", "AAAA") if resolver else ():
        with contextlib.suppress(dns.exception.DNSException, ValueError):
            rows = resolver.resolve(f"{host}.", kind, lifetime=seconds / 2, search=False)
            found += [ipaddress.ip_address(row.address) for row in rows]
    return found


def dns_resolver() -> Any:
    """The one that DNS_SERVER names, else the machine's own; None where it has none."""
    if settings.DNS_SERVER:
        host, _, port = settings.DNS_SERVER.rpartition(":")
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [host], int(port)
        return resolver
    try:
        return dns.resolver.Resolver()
    except dns.exception.DNSException:
        return None


def _ip_literal(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_allowed_loopback(host: str) -> bool:
    literal = _ip_literal(host)
    is_loopback = literal.is_loopback if literal else host == LOOPBACK_NAME
    return is_loopback and bool(settings.WEBHOOKS_OUT_LOOPBACK)
