"""SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489) records of a sending domain.

Only an answer confirms that a record is missing. A resolver that fails confirms nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import dns.exception
import dns.resolver
from django.conf import settings

from leads import normal
from outreach.choices import Record

LOOKUP_SECONDS = 3.0  # for one name


@dataclass(frozen=True)
class DnsRecords:
    spf: Record
    dkim: Record
    dmarc: Record


def look_up_records(domain: str) -> DnsRecords:
    resolver = _dns_resolver()
    return DnsRecords(
        _spf_record(domain, resolver),
        _dkim_record(domain, resolver),
        _dmarc_record(domain, resolver),
    )


def _dns_resolver() -> dns.resolver.Resolver | None:
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


def _txt_records(name: str, resolver: dns.resolver.Resolver | None) -> list[str] | None:
    """TXT records of `name`; [] where DNS answers that there is none, None without an answer."""
    if resolver is None:
        return None
    try:
        answer = resolver.resolve(name, "TXT", lifetime=LOOKUP_SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException:
        return None
    return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]


def _spf_record(domain: str, resolver: dns.resolver.Resolver | None) -> Record:
    texts = _txt_records(domain, resolver)
    return _exactly_one(
        None
        if texts is None
        else [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    )


def _dmarc_record(domain: str, resolver: dns.resolver.Resolver | None) -> Record:
    """The domain's own policy, else the one that it inherits (RFC 7489, 6.6.3)."""
    found = Record.MISSING
    for name in dict.fromkeys([domain, normal.registrable_domain(domain) or domain]):
        texts = _txt_records(f"_dmarc.{name}", resolver)
        found = _exactly_one(
            None
            if texts is None
            else [text for text in texts if text.upper().startswith("V=DMARC1")]
        )
        if texts is None or found == Record.PRESENT:
            break
    return found


def _exactly_one(texts: list[str] | None) -> Record:
    """Two records are an error that receivers treat as none."""
    if texts is None:
        return Record.UNKNOWN
    return Record.PRESENT if len(texts) == 1 else Record.MISSING


def _dkim_record(domain: str, resolver: dns.resolver.Resolver | None) -> Record:
    """A key under any selector. Without selectors it is unknown; an empty key was revoked."""
    found = [
        _txt_records(f"{selector}._domainkey.{domain}", resolver)
        for selector in settings.DKIM_SELECTORS
    ]
    if any(_has_key(texts or []) for texts in found):
        return Record.PRESENT
    return Record.UNKNOWN if not found or None in found else Record.MISSING


def _has_key(texts: Iterable[str]) -> bool:
    tags = [dict(_dkim_tags(text)) for text in texts]
    return any(one.get("p") for one in tags)


def _dkim_tags(text: str) -> Iterable[tuple[str, str]]:
    for part in text.split(";"):
        name, _, value = part.partition("=")
        yield name.strip(), "".join(value.split())
