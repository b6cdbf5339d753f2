"""SPF, DKIM and DMARC as a fake DNS server on loopback answers them."""

import time
from typing import Any

import pytest

from metrics.integrations import dns_records, resolver
from metrics.integrations.dns_findings import DnsRecords
from tests.fakes.dns import FakeDns
from tests.metrics.conftest import DOMAIN, dkim_key


def look_up() -> DnsRecords:
    return dns_records.look_up_records(DOMAIN)


def states() -> tuple[str, str, str]:
    found = look_up()
    return found.spf.value, found.dkim.value, found.dmarc.value


def codes() -> list[str]:
    return [finding.code.value for finding in look_up().findings]


def test_a_domain_as_it_should_be(fake_dns: FakeDns) -> None:
    assert (states(), codes()) == (("present", "present", "present"), [])
    assert look_up().facts == {
        "spf": {"text": fake_dns.texts[DOMAIN][0], "lookups": 1, "void_lookups": 0},
        "dkim": {"selectors": {"k1": "present", "k2": "present"}},
        "dmarc": {
            "text": fake_dns.texts[f"_dmarc.{DOMAIN}"][0],
            "location": DOMAIN,
            "policy": "reject",
            "is_testing": False,
        },
    }


def includes(count: int) -> str:
    return f"v=spf1 {' '.join(f'include:i{n}.example.org' for n in range(count))} ~all"


@pytest.mark.parametrize(
    ("texts", "spf", "found"),
    [
        ([], "missing", ["spf_missing"]),
        (None, "missing", ["spf_missing"]),  # the name does not exist
        (["v=spf1"], "present", []),
        (["V=SPF1 -all"], "present", []),
        (["v=spf10 x"], "missing", ["spf_missing"]),
        (["v=spf1 -all", "v=spf1 ~all"], "missing", ["spf_several"]),
        (["v=spf1 +all"], "present", ["spf_everybody"]),
        (["v=spf1 ip4:500.1.1.1 -all"], "missing", ["spf_broken"]),
        (["v=spf1 include:gone.example.org -all"], "missing", ["spf_broken"]),
        ([includes(8)], "present", []),
        ([includes(10)], "present", ["spf_near_limit"]),
        ([includes(11)], "missing", ["spf_too_many_lookups"]),
        (["v=spf1 a:n1.example.org a:n2.example.org -all"], "present", []),
        (
            ["v=spf1 a:n1.example.org a:n2.example.org a:n3.example.org -all"],
            "missing",
            ["spf_too_many_void"],
        ),
    ],
)
def test_spf(fake_dns: FakeDns, texts: list[str] | None, spf: str, found: list[str]) -> None:
    fake_dns.texts |= {f"i{n}.example.org": ["v=spf1 ip4:192.0.2.1"] for n in range(11)}
    fake_dns.texts.pop(DOMAIN)
    if texts is not None:
        fake_dns.texts[DOMAIN] = texts
    assert (states()[0], codes()) == (spf, found)


@pytest.mark.parametrize("name", [DOMAIN, "mail.example.org"])
def test_spf_that_is_not_answered_in_full_is_not_known(fake_dns: FakeDns, name: str) -> None:
    fake_dns.fails_about = {name}
    assert (states()[0], codes()) == ("unknown", ["spf_unknown"])


@pytest.mark.parametrize(
    ("own", "above", "dmarc", "found"),
    [
        ("p=reject", None, "present", ["dmarc_no_reports"]),
        (None, None, "missing", ["dmarc_missing"]),
        (None, "p=reject; rua=mailto:a@example.com", "present", []),
        (None, "p=reject; sp=none; rua=mailto:a@example.com", "present", ["dmarc_not_enforced"]),
        (f"p=none; rua=mailto:a@{DOMAIN}", None, "present", ["dmarc_not_enforced"]),
        (f"p=reject; t=y; rua=mailto:a@{DOMAIN}", None, "present", ["dmarc_testing"]),
        (f"p=reject; pct=20; rua=mailto:a@{DOMAIN}", None, "present", ["dmarc_old_tags"]),
        ("p=reject; rua=nonsense", None, "present", ["dmarc_bad_report_address"]),
        ("p=nonsense", None, "missing", ["dmarc_broken"]),
        # psd=n makes a domain below the registrable one the organisation's (RFC 9989, 4.10)
        (None, "p=none; psd=y", "present", ["dmarc_not_enforced", "dmarc_no_reports"]),
    ],
)
def test_dmarc(
    fake_dns: FakeDns, own: str | None, above: str | None, dmarc: str, found: list[str]
) -> None:
    del fake_dns.texts[f"_dmarc.{DOMAIN}"]
    fake_dns.texts |= {f"_dmarc.{DOMAIN}": [f"v=DMARC1; {own}"]} if own else {}
    fake_dns.texts |= {"_dmarc.example.com": [f"v=DMARC1; {above}"]} if above else {}
    assert (states()[2], codes()) == (dmarc, found)


def test_a_nearer_organisation_ends_the_tree_walk(fake_dns: FakeDns) -> None:
    del fake_dns.texts[f"_dmarc.{DOMAIN}"]
    fake_dns.texts |= {
        "_dmarc.ours.example.com": ["v=DMARC1; p=reject; psd=n"],
        "_dmarc.example.com": ["v=DMARC1; p=none"],
    }
    assert look_up().facts["dmarc"]["location"] == "ours.example.com"


def test_two_dmarc_records_are_none(fake_dns: FakeDns) -> None:
    fake_dns.texts[f"_dmarc.{DOMAIN}"] = ["v=DMARC1; p=none", "v=DMARC1; p=reject"]
    assert (states()[2], codes()) == ("missing", ["dmarc_several"])


def test_unrelated_texts_beside_dmarc_change_nothing(fake_dns: FakeDns) -> None:
    fake_dns.texts[f"_dmarc.{DOMAIN}"].append("something else")
    assert (states()[2], codes()) == ("present", [])


@pytest.mark.parametrize("name", [f"_dmarc.{DOMAIN}", "_dmarc.example.com"])
def test_dmarc_that_is_not_answered_is_not_known(fake_dns: FakeDns, name: str) -> None:
    fake_dns.texts.pop(f"_dmarc.{DOMAIN}")
    fake_dns.fails_about = {name}
    assert (states()[2], codes()) == ("unknown", ["dmarc_unknown"])


@pytest.mark.parametrize(
    ("selectors", "text", "dkim", "found"),
    [
        (["k1", "k2"], None, "present", ["dkim_missing"]),
        (["k2"], None, "missing", ["dkim_missing"]),
        ([], None, "unknown", ["dkim_no_selectors"]),  # nobody can tell
        (["k2"], "v=DKIM1; p=", "missing", ["dkim_missing"]),  # revoked
        (["k2"], "v=DKIM1; k=rsa", "missing", ["dkim_missing"]),
        (["k2"], "v=DKIM1; k=rsa; p=AAAA", "missing", ["dkim_broken"]),
        (["k2"], "v=DKIM1; k=ed25519; p=AAAA", "present", []),
        (["k2"], "t=y; ", "present", ["dkim_testing"]),
    ],
)
def test_dkim(
    fake_dns: FakeDns,
    settings: Any,
    selectors: list[str],
    text: str | None,
    dkim: str,
    found: list[str],
) -> None:
    settings.DKIM_SELECTORS = selectors
    del fake_dns.texts[f"k2._domainkey.{DOMAIN}"]
    if text is not None:
        text = text + dkim_key() if text.startswith("t=") else text
        fake_dns.texts[f"k2._domainkey.{DOMAIN}"] = [text]
    assert (states()[1], codes()) == (dkim, found)


def test_a_selector_without_an_answer_is_not_known(fake_dns: FakeDns) -> None:
    fake_dns.fails_about = {f"k1._domainkey.{DOMAIN}"}
    assert (states()[1], codes()) == ("present", ["dkim_unknown"])
    del fake_dns.texts[f"k2._domainkey.{DOMAIN}"]
    assert states()[1] == "unknown"


def test_a_record_just_mended_shows_at_once(fake_dns: FakeDns) -> None:
    text = fake_dns.texts.pop(DOMAIN)
    assert states()[0] == "missing"
    fake_dns.texts[DOMAIN] = text
    assert states()[0] == "present"


def test_a_server_that_fails_confirms_nothing(fake_dns: FakeDns) -> None:
    fake_dns.fails = True
    assert states() == ("unknown", "unknown", "unknown")


def test_a_silent_server_is_waited_for_once(fake_dns: FakeDns) -> None:
    fake_dns.is_silent, began = True, time.monotonic()
    assert states() == ("unknown", "unknown", "unknown")
    assert time.monotonic() - began < 2 * resolver.LOOKUP_SECONDS


def test_odd_records_break_nothing(fake_dns: FakeDns) -> None:
    odd = ["v=spf1 " + "a " * 300, "v=spf1 %{x}", 'v=spf1 "', "v=spf1 include:" + "x" * 400]
    odd += ["v=spf1 redirect=" + DOMAIN, "v=spf1 exp=..", "v=spf1 a:é.test", "v=spf1 exists:%{i}."]
    for text in odd:
        fake_dns.texts[DOMAIN] = [text]
        fake_dns.texts[f"_dmarc.{DOMAIN}"] = [text.replace("v=spf1", "v=DMARC1;")]
        assert look_up().spf in ("missing", "present")
