"""When a delivery is tried again, and which addresses may be posted to; no database."""

import ipaddress
import json
from datetime import timedelta
from typing import Any

import pytest

from caio_project.lib.webhooks_out import public_http, retry_rules
from caio_project.lib.webhooks_out.event_types import SCOPE_OF_EVENT, EventType
from caio_project.lib.webhooks_out.public_http import PostCode, UrlRefused
from tests.fakes.dns import FakeDns
from tests.fakes.receiver import FakeReceiver


def test_delays_grow_and_stay_within_a_day_and_a_step() -> None:
    delays = [retry_rules.next_delay(n, 0.0).total_seconds() for n in range(1, 11)]

    assert delays == sorted(delays) and delays[0] == 10
    assert timedelta(hours=15) < timedelta(seconds=sum(delays[:8])) < retry_rules.GIVE_UP_AFTER


def test_jitter_only_lengthens_and_a_wish_of_the_receiver_is_kept_up_to_the_longest() -> None:
    assert retry_rules.next_delay(1, 1.0) == timedelta(seconds=12)
    assert retry_rules.next_delay(1, 0.0, retry_after=90) == timedelta(seconds=90)
    assert retry_rules.next_delay(1, 0.0, 1e12) == timedelta(seconds=retry_rules.LONGEST_DELAY)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30", 30), ("", 0), ("inf", 0), ("-4", 0), ("soon", 0), ("nan", 0)]
)
def test_retry_after_is_read_or_ignored(text: str, seconds: float) -> None:
    assert retry_rules.retry_after_seconds(text) == seconds


def test_rest_doubles_to_ten_minutes() -> None:
    rests = [retry_rules.rest_after(n).total_seconds() for n in (0, 1, 2, 3, 50)]

    assert rests == [5, 5, 10, 20, 600]
    assert [retry_rules.needs_rest(code) for code in (0, 429, 500, 503, 400, 404)] == [
        True, True, True, True, False, False,
    ]  # fmt: skip


def test_every_event_but_the_test_has_a_scope() -> None:
    assert set(EventType) - set(SCOPE_OF_EVENT) == {EventType.ENDPOINT_TEST}


PRIVATE = (
    "127.0.0.1", "127.8.9.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd12::5", "ff02::1",
    "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1", "2002:a00:1::", "2001:db8::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::7f00:1",
)  # fmt: skip


@pytest.mark.parametrize("text", PRIVATE)
def test_addresses_of_no_public_network_are_refused(text: str) -> None:
    assert not public_http.is_allowed(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_public_addresses_are_allowed(text: str) -> None:
    assert public_http.is_allowed(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x", "https://", "ftp://hooks.example.com", "hooks.example.com",
        "https://user:pw@hooks.example.com/", "https://user@hooks.example.com/",
        "https://hooks.example.com/#part", "https://10.0.0.8/x", "https://[::1]/x",
        "https://localhost/x", "https://hooks.example.com:0/", "https://hooks.example.com:99999/",
        "https://hooks.example.com/a b", "https://hooks.example.com/\n", "https://höoks.example/",
        "https://[fe80::1%25eth0]/", "https://[/", "http://127.0.0.1/x", "https://169.254.169.254/",
        "https://hooks.example.com/" + "x" * 500,
    ],
)  # fmt: skip
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        public_http.check_url(url)


def test_loopback_is_allowed_by_the_setting_alone(settings: Any) -> None:
    settings.WEBHOOKS_OUT_LOOPBACK = True

    assert public_http.check_url("http://127.0.0.1:9/x").port == 9
    for other in ("http://hooks.example.com/", "http://10.0.0.1/", "https://192.168.0.1/"):
        with pytest.raises(UrlRefused):
            public_http.check_url(other)


def test_a_post_arrives_once_with_its_body(settings: Any) -> None:
    settings.WEBHOOKS_OUT_LOOPBACK = True
    with FakeReceiver() as receiver:
        receiver.on("POST /hooks/caio").status(202, {"seen": 1})
        found = public_http.post(receiver.address(), b'{"a": 1}', {"X-Mine": "yes"})

        (request,) = receiver.requests()
    assert (found.code, found.status, found.is_accepted) == (PostCode.ANSWERED, 202, True)
    assert json.loads(found.body) == {"seen": 1}
    assert request.body == b'{"a": 1}' and request.headers["x-mine"] == "yes"


@pytest.mark.parametrize("name", ["10.0.0.8", "169.254.169.254", "::ffff:127.0.0.1"])
def test_a_name_of_a_private_address_is_not_connected_to(settings: Any, name: str) -> None:
    with FakeDns() as dns:
        settings.DNS_SERVER, dns.addresses = dns.address, {"evil.example.com": [[name]]}
        found = public_http.post("https://evil.example.com/x", b"{}", {})

    assert (found.code, found.status) == (PostCode.ADDRESS_REFUSED, 0)


def test_one_private_address_among_public_ones_is_enough_to_refuse(settings: Any) -> None:
    with FakeDns() as dns:
        settings.DNS_SERVER = dns.address
        dns.addresses = {"evil.example.com": [["8.8.8.8", "10.0.0.8"]]}
        found = public_http.post("https://evil.example.com/x", b"{}", {})

    assert found.code == PostCode.ADDRESS_REFUSED


def test_dns_rebinding_reaches_nobody(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name answers a public address when it is checked, and a loopback one a moment later."""
    tried: list[tuple[str, int]] = []

    def connect(place: tuple[str, int], _timeout: float) -> Any:
        tried.append(place)
        raise OSError("nobody there")

    monkeypatch.setattr(public_http.socket, "create_connection", connect)
    with FakeReceiver() as receiver, FakeDns() as dns:
        port = int(receiver.url.rpartition(":")[2])
        settings.DNS_SERVER = dns.address
        dns.addresses = {"evil.example.com": [["8.8.8.8"], ["127.0.0.1"]]}
        url = f"https://evil.example.com:{port}/hooks/caio"
        first, second = (public_http.post(url, b"{}", {}) for _ in range(2))

        assert tried == [("8.8.8.8", port)]
        assert (first.code, second.code) == (PostCode.NO_CONNECTION, PostCode.ADDRESS_REFUSED)
        assert dns.asked == ["evil.example.com"] * 4 and receiver.requests() == []


def test_a_name_that_does_not_exist_and_dns_that_is_silent(settings: Any) -> None:
    with FakeDns() as dns:
        settings.DNS_SERVER = dns.address
        assert public_http.post("https://no.example.com/", b"", {}).code == PostCode.NO_ADDRESS
        dns.is_silent = True
        found = public_http.post("https://no.example.com/", b"", {}, deadline=0.4)

    assert found.code == PostCode.NO_ADDRESS and found.ms < 3000


def test_redirects_are_not_followed(settings: Any) -> None:
    settings.WEBHOOKS_OUT_LOOPBACK = True
    with FakeReceiver() as receiver, FakeReceiver() as other:
        receiver.on("POST /hooks/caio").status(307, headers={"Location": other.address()})
        found = public_http.post(receiver.address(), b"{}", {})

        assert (found.status, found.is_accepted, other.requests()) == (307, False, [])


def test_a_receiver_that_says_nothing_costs_the_deadline_and_no_more(settings: Any) -> None:
    settings.WEBHOOKS_OUT_LOOPBACK = True
    with FakeReceiver() as receiver:
        receiver.on("POST /hooks/caio").delay(5)
        found = public_http.post(receiver.address(), b"{}", {}, deadline=0.3)

    assert (found.code, found.status) == (PostCode.TIMED_OUT, 0) and 250 < found.ms < 2500


def test_an_endless_answer_is_cut_and_its_status_counts(settings: Any) -> None:
    settings.WEBHOOKS_OUT_LOOPBACK = True
    with FakeReceiver() as receiver:
        receiver.on("POST /hooks/caio").status(200, "x" * 3_000_000)
        found = public_http.post(receiver.address(), b"{}", {})

    assert found.is_accepted and len(found.body) == public_http.MAX_ANSWER_BYTES


def test_a_dripping_body_does_not_hold_whoever_posts(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS_OUT_LOOPBACK = True
    monkeypatch.setattr(public_http, "BODY_SECONDS", 0.2)
    with FakeReceiver() as receiver:
        receiver.on("POST /hooks/caio").drip(20)
        found = public_http.post(receiver.address(), b"{}", {}, deadline=5)

    assert found.status == 401 and found.ms < 3000


def test_plain_text_on_the_port_of_tls_is_said_so(settings: Any) -> None:
    settings.WEBHOOKS_OUT_LOOPBACK = True
    with FakeReceiver() as receiver:
        url = receiver.address().replace("http://", "https://")
        found = public_http.post(url, b"{}", {}, deadline=3)

        assert found.code in (PostCode.TLS_FAILED, PostCode.HUNG_UP) and not receiver.accepted
