"""SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 9989) of a sending domain, by checkdmarc.

Only an answer confirms that a record is missing or broken. A resolver that fails confirms nothing.
checkdmarc reads no DKIM keys, so that is done here. It is imported where it is used: it takes a
second.
"""

import base64
import binascii
from collections.abc import Iterable
from typing import Any

import dns.exception
import dns.resolver
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings

from metrics.integrations.dns_findings import (
    DnsFinding,
    DnsRecords,
    FindingCode,
    OneRecord,
    lost,
    unknown,
)
from metrics.integrations.resolver import LOOKUP_SECONDS, NotingResolver
from outreach.choices import Record

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4
NEAR_LIMIT = 9
SHORTEST_RSA_KEY = 1024  # RFC 8301
SHOWN_DETAIL = 300
Code = FindingCode


def look_up_records(domain: str) -> DnsRecords:
    try:
        resolver = NotingResolver()
    except dns.exception.DNSException:  # this machine has no resolver
        found = [unknown(Code.SPF_UNKNOWN), unknown(Code.DKIM_UNKNOWN), unknown(Code.DMARC_UNKNOWN)]
        return _together(*found)
    from checkdmarc.utils import DNS_CACHE

    DNS_CACHE.clear()  # kept for half an hour otherwise: a record just mended would not show
    parts = []
    for look_up in (_spf_record, _dkim_record, _dmarc_record):
        resolver.forget_unanswered()
        parts.append(look_up(domain, resolver))
    return _together(*parts)


def _together(spf: OneRecord, dkim: OneRecord, dmarc: OneRecord) -> DnsRecords:
    parts = {"spf": spf, "dkim": dkim, "dmarc": dmarc}
    findings = tuple(finding for part in parts.values() for finding in part.findings)
    facts = {name: part.facts for name, part in parts.items()}
    return DnsRecords(spf.state, dkim.state, dmarc.state, findings, facts)


def _asked_by(resolver: NotingResolver) -> dict[str, Any]:
    """How checkdmarc asks. Some of its questions go past `resolver`, but to the same servers."""
    return {
        "resolver": resolver,
        "nameservers": resolver.nameservers,
        "timeout": LOOKUP_SECONDS,
        "retries": 0,
    }


# --- SPF ---


def _spf_record(domain: str, resolver: NotingResolver) -> OneRecord:
    from checkdmarc import spf

    try:
        text = spf.query_spf_record(domain, **_asked_by(resolver))["record"]
    except spf.MultipleSPFRTXTRecords:
        return lost(Code.SPF_SEVERAL, texts=_spf_texts(domain, resolver))
    except spf.SPFError:
        is_unknown = (domain, "TXT") in resolver.unanswered
        return unknown(Code.SPF_UNKNOWN) if is_unknown else lost(Code.SPF_MISSING)
    resolver.forget_unanswered()
    text = f"v=spf1{text[len('v=spf1') :]}"  # checkdmarc refuses V=SPF1; receivers do not
    try:
        parsed = spf.parse_spf_record(text, domain, **_asked_by(resolver))
    except spf.SPFTooManyDNSLookups as error:
        return lost(Code.SPF_TOO_MANY_LOOKUPS, lookups=_counted(error), text=text)
    except spf.SPFTooManyVoidDNSLookups as error:
        return lost(Code.SPF_TOO_MANY_VOID, lookups=_counted(error), text=text)
    except spf.SPFError as error:
        if resolver.unanswered:
            return unknown(Code.SPF_UNKNOWN)
        return lost(Code.SPF_BROKEN, detail=str(error)[:SHOWN_DETAIL], text=text)
    if resolver.unanswered:  # of what it includes: the count is not known
        return OneRecord(Record.UNKNOWN, (DnsFinding(Code.SPF_UNKNOWN),), {"text": text})
    return _read_spf(text, parsed)


def _read_spf(text: str, parsed: Any) -> OneRecord:
    lookups, findings = parsed["dns_lookups"], []
    if lookups >= NEAR_LIMIT:
        findings.append(DnsFinding(Code.SPF_NEAR_LIMIT, {"lookups": lookups, "text": text}))
    if parsed["parsed"]["all"] == "pass":
        findings.append(DnsFinding(Code.SPF_EVERYBODY, {"text": text}))
    facts = {"text": text, "lookups": lookups, "void_lookups": parsed["void_dns_lookups"]}
    return OneRecord(Record.PRESENT, tuple(findings), facts)


def _counted(error: Any) -> int:
    return next(iter(error.data.values()))


def _spf_texts(domain: str, resolver: NotingResolver) -> list[str]:
    texts = _txt_records(domain, resolver) or []
    return [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]


# --- DMARC ---


def _dmarc_record(domain: str, resolver: NotingResolver) -> OneRecord:
    from checkdmarc import dmarc

    asked = {**_asked_by(resolver), "ignore_unrelated_records": True}  # receivers ignore them, too
    try:
        query = dmarc.query_dmarc_record(domain, **asked)
    except dmarc.MultipleDMARCRecords:
        return lost(Code.DMARC_SEVERAL)
    except dmarc.DMARCError as error:
        if any(name.startswith("_dmarc.") for name, _ in resolver.unanswered):
            return unknown(Code.DMARC_UNKNOWN)
        if isinstance(error, dmarc.DMARCRecordNotFound):
            return lost(Code.DMARC_MISSING)
        return lost(Code.DMARC_BROKEN, detail=str(error)[:SHOWN_DETAIL], text="", location=domain)
    text, location = query["record"], query["location"]
    where = {"text": text, "location": location}
    try:
        # without addresses for reports: what is wrong with one does not void the policy
        tags = dmarc.parse_dmarc_record(_without_reports(text), location, **asked)["tags"]
    except dmarc.DMARCError as error:
        return lost(Code.DMARC_BROKEN, detail=str(error)[:SHOWN_DETAIL], **where)
    policy = tags["p" if location == domain else "sp"]["value"]
    facts = {**where, "policy": policy, "is_testing": tags["t"]["value"] == "y"}
    findings = _policy_findings(policy, facts["is_testing"], text, where)
    findings += _report_findings(text, location, where, asked)
    return OneRecord(Record.PRESENT, tuple(findings), facts)


def _policy_findings(
    policy: str, is_testing: bool, text: str, where: dict[str, Any]
) -> list[DnsFinding]:
    findings = []
    if policy == "none":
        findings.append(DnsFinding(Code.DMARC_NOT_ENFORCED, where))
    elif is_testing:
        findings.append(DnsFinding(Code.DMARC_TESTING, where))
    if old := [tag for tag in ("pct", "rf", "ri") if tag in _tags(text)]:
        findings.append(DnsFinding(Code.DMARC_OLD_TAGS, {"tags": old, **where}))
    return findings


def _report_findings(
    text: str, location: str, where: dict[str, Any], asked: dict[str, Any]
) -> list[DnsFinding]:
    from checkdmarc import dmarc

    if "rua" not in _tags(text):
        return [DnsFinding(Code.DMARC_NO_REPORTS, where)]
    try:
        dmarc.parse_dmarc_record(text, location, **asked)
    except dmarc.DMARCError as error:
        detail = {"detail": str(error)[:SHOWN_DETAIL]}
        return [DnsFinding(Code.DMARC_BAD_REPORT_ADDRESS, {**detail, **where})]
    return []


def _without_reports(text: str) -> str:
    kept = [part for part in text.split(";") if part.partition("=")[0].strip().lower() not in _URIS]
    return ";".join(kept)


_URIS = ("rua", "ruf")


# --- DKIM ---


def _dkim_record(domain: str, resolver: NotingResolver) -> OneRecord:
    """A key under any selector. Without selectors it is unknown; an empty key was revoked."""
    if not settings.DKIM_SELECTORS:
        return unknown(Code.DKIM_NO_SELECTORS)
    states, findings = {}, []
    for selector in settings.DKIM_SELECTORS:
        texts = _txt_records(f"{selector}._domainkey.{domain}", resolver)
        states[selector], found = _read_selector(selector, texts)
        findings += found
    state = next(
        (one for one in (Record.PRESENT, Record.UNKNOWN) if one in states.values()), Record.MISSING
    )
    return OneRecord(state, tuple(findings), {"selectors": {k: v.value for k, v in states.items()}})


def _read_selector(selector: str, texts: list[str] | None) -> tuple[Record, list[DnsFinding]]:
    if texts is None:
        return Record.UNKNOWN, [DnsFinding(Code.DKIM_UNKNOWN, {"selector": selector})]
    tags = next((one for one in map(_tags, texts) if one.get("p")), None)
    if tags is None:  # no record, or a key that was revoked
        return Record.MISSING, [DnsFinding(Code.DKIM_MISSING, {"selector": selector})]
    bits = _key_bits(tags["p"])
    if tags.get("k", "rsa") == "rsa" and bits < SHORTEST_RSA_KEY:
        return Record.MISSING, [DnsFinding(Code.DKIM_BROKEN, {"selector": selector, "bits": bits})]
    if "y" in tags.get("t", "").split(":"):
        return Record.PRESENT, [DnsFinding(Code.DKIM_TESTING, {"selector": selector})]
    return Record.PRESENT, []


def _key_bits(key: str) -> int:
    """The length of an RSA key; 0 where it cannot be read."""
    try:
        found = load_der_public_key(base64.b64decode(key, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return 0
    return found.key_size if isinstance(found, RSAPublicKey) else 0


def _txt_records(name: str, resolver: NotingResolver) -> list[str] | None:
    """TXT records of `name`; [] where DNS answers that there is none, None without an answer."""
    try:
        answer = resolver.resolve(name, "TXT")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException:
        return None
    return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]


def _tags(text: str) -> dict[str, str]:
    return dict(_tag_pairs(text))


def _tag_pairs(text: str) -> Iterable[tuple[str, str]]:
    for part in text.split(";"):
        name, _, value = part.partition("=")
        yield name.strip().lower(), "".join(value.split())
