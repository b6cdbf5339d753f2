"""What DNS findings mean, and the exact record to publish at the DNS provider. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from caio_project.lib.words.check_states import CheckState
from metrics.integrations.dns_findings import FindingCode

Code = FindingCode
Arguments = Mapping[str, Any]
AT_GHL = "GoHighLevel shows it under Settings, Email services, Dedicated domain"

OLD_TAGS = ("pct", "rf", "ri")  # RFC 9989 took them away
UNKNOWN = (Code.SPF_UNKNOWN, Code.DKIM_NO_SELECTORS, Code.DKIM_UNKNOWN, Code.DMARC_UNKNOWN)
ADVICE = (
    Code.SPF_NEAR_LIMIT,
    Code.SPF_EVERYBODY,
    Code.DKIM_TESTING,
    Code.DMARC_TESTING,
    Code.DMARC_NOT_ENFORCED,
    Code.DMARC_OLD_TAGS,
    Code.DMARC_NO_REPORTS,
    Code.DMARC_BAD_REPORT_ADDRESS,
)


@dataclass(frozen=True)
class RecordToPublish:
    """A TXT record as one enters it at the DNS provider. `value` may say where to find it."""

    name: str
    value: str
    is_exact: bool = True


@dataclass(frozen=True)
class FindingWords:
    code: str
    state: CheckState
    says: str
    do: str
    record: RecordToPublish | None = None


def describe_finding(stored: Arguments, domain: str) -> FindingWords:
    """A finding as a DomainDay keeps it: its code and, beside it, the arguments."""
    code = Code(stored["code"])
    says, do, record = WORDS[code]
    made = record(stored, domain) if record else None
    return FindingWords(code.value, _state(code), says.format(**stored), do.format(**stored), made)


def _state(code: FindingCode) -> CheckState:
    if code in UNKNOWN:
        return CheckState.NOT_KNOWN
    return CheckState.ALERT if code in ADVICE else CheckState.FAIL


def merge_spf(texts: list[str]) -> str:
    """One SPF record with the senders of several; where they differ, unlisted ones soft fail."""
    terms: dict[str, None] = {}
    endings = set()
    for text in texts:
        for term in text.split()[1:]:
            if term.lower().lstrip("+-~?") == "all":
                endings.add(term.lower())
            else:
                terms[term] = None
    ending = endings.pop() if len(endings) == 1 else "~all"
    return " ".join(["v=spf1", *terms, ending])


def change_tags(text: str, changes: Mapping[str, str]) -> str:
    """A DMARC record with tags set, or taken out where the new value is ""."""
    kept = [part.strip() for part in text.split(";") if part.strip()]
    names = [part.partition("=")[0].strip().lower() for part in kept]
    parts = []
    for name, part in zip(names, kept, strict=True):
        if name not in changes:
            parts.append(part)
        elif changes[name]:
            parts.append(f"{name}={changes[name]}")
    parts += [f"{name}={value}" for name, value in changes.items() if value and name not in names]
    return "; ".join(parts)


def _at_domain(value: Callable[[Arguments], str]) -> Callable[[Arguments, str], RecordToPublish]:
    return lambda found, domain: RecordToPublish(domain, value(found))


def _dmarc(**changes: str) -> Callable[[Arguments, str], RecordToPublish]:
    """The record that is there, with changes and without old tags, at the domain it stands at."""
    changes = {**dict.fromkeys(OLD_TAGS, ""), **changes}
    return lambda found, domain: RecordToPublish(
        f"_dmarc.{found['location']}",
        change_tags(found["text"], {k: v.format(domain=domain) for k, v in changes.items()}),
    )


def _enforced(found: Arguments, domain: str) -> RecordToPublish:
    tag = "p" if found["location"] == domain else "sp"
    return _dmarc(**{tag: "quarantine"})(found, domain)


def _without_old_tags(found: Arguments, domain: str) -> RecordToPublish:
    return _dmarc(**dict.fromkeys(found["tags"], ""))(found, domain)


def _new_dmarc(_found: Arguments, domain: str) -> RecordToPublish:
    return RecordToPublish(f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}")


def _new_spf(_found: Arguments, domain: str) -> RecordToPublish:
    value = f"v=spf1 include:(the sending service's; {AT_GHL}) ~all"
    return RecordToPublish(domain, value, is_exact=False)


def _new_key(found: Arguments, domain: str) -> RecordToPublish:
    name = f"{found['selector']}._domainkey.{domain}"
    return RecordToPublish(name, f"k=rsa; p=(the public key; {AT_GHL})", is_exact=False)


FEWER_LOOKUPS = (
    "Take out what no longer sends for you, and list addresses (ip4:, ip6:) instead of includes "
    "where a service publishes them. It is now: {text}"
)
RESOLVER = (
    "Nothing to change yet: it is asked again in half an hour. If it stays so, check the domain's "
    "name servers, or DNS_SERVER here."
)
# of each code: what it means, what to do, and the record that does it
WORDS: dict[FindingCode, tuple[str, str, Callable[[Arguments, str], RecordToPublish] | None]] = {
    Code.SPF_MISSING: ("There is no SPF record.", "Publish one.", _new_spf),
    Code.SPF_SEVERAL: (
        "There are several SPF records. Receivers then treat them as none.",
        "Replace all of them by one.",
        _at_domain(lambda found: merge_spf(found["texts"])),
    ),
    Code.SPF_TOO_MANY_LOOKUPS: (
        "SPF needs {lookups} DNS look-ups or more; over 10 it fails everywhere.",
        FEWER_LOOKUPS,
        None,
    ),
    Code.SPF_TOO_MANY_VOID: (
        "SPF asks for at least {lookups} names that do not exist; over 2 it may fail.",
        "Take out the names that no longer exist. It is now: {text}",
        None,
    ),
    Code.SPF_BROKEN: ("SPF cannot be read: {detail}", "Correct it. It is now: {text}", None),
    Code.SPF_UNKNOWN: ("DNS gave no full answer about SPF.", RESOLVER, None),
    Code.SPF_NEAR_LIMIT: (
        "SPF needs {lookups} of the 10 DNS look-ups that are allowed.",
        FEWER_LOOKUPS,
        None,
    ),
    Code.SPF_EVERYBODY: (
        "SPF ends in +all: anybody may send as you.",
        "End it in ~all.",
        _at_domain(lambda found: merge_spf([*[found["text"]], "v=spf1 ~all"])),
    ),
    Code.DKIM_NO_SELECTORS: (
        "Nobody can tell whether DKIM keys are there: DKIM_SELECTORS is not set.",
        f"Set DKIM_SELECTORS to the names before ._domainkey. {AT_GHL}.",
        None,
    ),
    Code.DKIM_MISSING: (
        "There is no DKIM key under the selector {selector}, or it was revoked.",
        "Publish it.",
        _new_key,
    ),
    Code.DKIM_BROKEN: (
        "The DKIM key under {selector} cannot be used: receivers need an RSA key of 1024 bits, and "
        "this one has {bits}.",
        "Publish it again, in one piece.",
        _new_key,
    ),
    Code.DKIM_UNKNOWN: ("DNS gave no answer about the DKIM selector {selector}.", RESOLVER, None),
    Code.DKIM_TESTING: (
        "The DKIM key under {selector} says t=y: testing.",
        "Take t=y out of that record.",
        None,
    ),
    Code.DMARC_MISSING: (
        "There is no DMARC record here or at a domain above.",
        "Publish one that only asks for reports, then enforce it.",
        _new_dmarc,
    ),
    Code.DMARC_SEVERAL: (
        "There are several DMARC records. Receivers then ignore all of them.",
        "Delete all but one.",
        None,
    ),
    Code.DMARC_BROKEN: ("DMARC cannot be read: {detail}", "Correct it.", None),
    Code.DMARC_UNKNOWN: ("DNS gave no answer about DMARC.", RESOLVER, None),
    Code.DMARC_TESTING: (
        "DMARC says t=y: receivers test the policy and do not enforce it.",
        "Once reports show that your own mail is aligned, take t=y out.",
        _dmarc(t=""),
    ),
    Code.DMARC_NOT_ENFORCED: (
        "DMARC asks for reports only: mail that others send as you is delivered.",
        "Once reports show that your own mail is aligned, enforce it.",
        _enforced,
    ),
    Code.DMARC_OLD_TAGS: (
        "DMARC has tags that RFC 9989 took away and receivers ignore.",
        "Take them out; pct=0 becomes t=y.",
        _without_old_tags,
    ),
    Code.DMARC_NO_REPORTS: (
        "DMARC names no address for reports, so nobody learns who sends as you.",
        "Add an address that somebody reads, and import what arrives.",
        _dmarc(rua="mailto:dmarc@{domain}"),
    ),
    Code.DMARC_BAD_REPORT_ADDRESS: (
        "Reports cannot be delivered: {detail}",
        "Correct the address.",
        None,
    ),
}
