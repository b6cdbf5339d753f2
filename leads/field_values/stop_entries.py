"""One entry of a list of people or companies who must not be written to.

A whole domain has many spellings: `acme.com`, `@acme.com`, `*@acme.com`, `*@*.acme.com`, a URL, a
host such as `mail.acme.com`. Whatever could never match an address is refused with a code.
"""

import re
from dataclasses import dataclass

from leads import normal
from leads.field_values import shared_hosts

ADDRESS, DOMAIN = "address", "domain"
WHOLE_DOMAIN, ONE_HOST = "whole_domain", "one_host"

ENTRY_NOTES = {
    WHOLE_DOMAIN: "“{typed}” stops the whole domain {value}.",
    ONE_HOST: "“{typed}” stops the host {value} alone: {shared} belongs to many.",
}
ENTRY_REFUSALS = {
    "empty": "It is empty.",
    "wildcard": (
        "“{typed}” is a pattern, and no address equals it. A domain stops everything at and below "
        "it: write acme.com or *@acme.com."
    ),
    "masked": "“{typed}” is a masked address: the letters behind the stars are not known.",
    "no_address": "“{typed}” is no email address.",
    "hash": "“{typed}” is a hash: only addresses and domains can be compared.",
    "no_domain": "“{typed}” is neither an email address nor a domain.",
    "ip_address": "“{typed}” is the number of a machine, not a domain.",
    "public_suffix": "“{typed}” is an ending of many domains: nobody owns it. Name the domain.",
    "shared_suffix": "“{typed}” belongs to many: name the one host below it.",
    "shared_page": "“{typed}” is a page on {shared}, which is a host of many. Name the domain.",
    "unknown_ending": "“{typed}” has an ending that no domain has.",
}
LONGEST_SHOWN = 80
_WHOLE_DOMAIN = re.compile(r"(?:\*|%|\.\*)?@(?:[*%]\.)?([^@*%]+)")
_HASH = re.compile(r"(?:sha\d+:|md5:)?[0-9a-f]{32,128}")
_IP_ADDRESS = re.compile(r"\[?(?:\d+\.\d+\.\d+\.\d+|[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*)\]?")
_PATH = re.compile(r"[^/:]/[^/]")
_FUNCTION = re.compile(r"m|mobile|web|business|[a-z]{2}(?:-[a-z]{2})?")  # de.linkedin.com
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_BETWEEN_ENTRIES = re.compile(r"[,;|\r\n]+|\s+(?=\S*[@.])")


@dataclass(frozen=True)
class StopEntry:
    """`scope` is ADDRESS or DOMAIN; `note` is WHOLE_DOMAIN, ONE_HOST or ""."""

    typed: str
    scope: str
    value: str
    note: str = ""
    host: str = ""  # as it was typed, where it is a domain

    @property
    def note_text(self) -> str:
        if not self.note:
            return ""
        shared = normal.shared_suffix(self.value) or normal.registrable_domain(self.value)
        return ENTRY_NOTES[self.note].format(typed=self.typed, value=self.value, shared=shared)


class RefusedEntry(Exception):
    """An entry that could never match. `code` is one of ENTRY_REFUSALS."""

    def __init__(self, code: str, typed: str, shared: str = "") -> None:
        super().__init__(ENTRY_REFUSALS[code].format(typed=typed[:LONGEST_SHOWN], shared=shared))
        self.code = code


def read_entry(text: str) -> StopEntry:
    """Raises RefusedEntry."""
    typed = _INVISIBLE.sub("", text).strip().strip("\"'“”‘’`").strip()
    low = typed.lower().removeprefix("mailto:")
    if not low:
        raise RefusedEntry("empty", typed)
    if whole := _WHOLE_DOMAIN.fullmatch(low):
        return _read_domain(typed, whole[1])
    if "*" in low or "?" in low.partition("://")[0].partition("/")[0]:
        raise RefusedEntry("masked" if re.search(r"\*[^@]*@", low) else "wildcard", typed)
    if "@" in low and "//" not in low:
        return _read_address(typed)
    return _read_domain(typed, low)


def _read_address(typed: str) -> StopEntry:
    address = normal.clean_email(typed.rpartition("<")[2] if typed.endswith(">") else typed)
    if not address:
        raise RefusedEntry("no_address", typed)
    return StopEntry(typed, ADDRESS, address)


def _read_domain(typed: str, text: str) -> StopEntry:
    if _HASH.fullmatch(text):
        raise RefusedEntry("hash", typed)
    if _IP_ADDRESS.fullmatch(text):
        raise RefusedEntry("ip_address", typed)
    host = normal.host_name(text).removeprefix("www.") if not re.search(r"\s", text) else ""
    if normal.is_public_suffix(host):
        raise RefusedEntry("public_suffix", typed)
    if "." not in host:
        raise RefusedEntry("no_domain", typed)
    domain, shared = normal.registrable_domain(host), shared_hosts.shared_host(text)
    if not domain:
        raise RefusedEntry("unknown_ending", typed)
    if shared:
        return _read_shared_host(typed, text, host, shared)
    return StopEntry(typed, DOMAIN, domain, WHOLE_DOMAIN if host != domain else "", host)


def _read_shared_host(typed: str, text: str, host: str, shared: str) -> StopEntry:
    """A host below a shared one is stopped alone. Its owner is a company like any other."""
    below = host.removesuffix(shared).rstrip(".").rpartition(".")[2]
    is_suffix = shared == normal.shared_suffix(host)
    if host in shared_hosts.FUNCTION_HOSTS or (_FUNCTION.fullmatch(below) and not is_suffix):
        below = ""
    if not below and _PATH.search(text):
        raise RefusedEntry("shared_page", typed, shared)
    if not below and (is_suffix or host != shared):
        raise RefusedEntry("shared_suffix", typed)
    if not below:
        return StopEntry(typed, DOMAIN, host)
    return StopEntry(typed, DOMAIN, f"{below}.{shared}", ONE_HOST)


def split_entries(cell: str) -> list[str]:
    """The entries of a cell; "Jane Doe <jane@acme.com>" is one."""
    if "<" in cell:
        return [part for part in re.split(r"[,;|\r\n]+", cell) if part.strip()]
    return [part for part in _BETWEEN_ENTRIES.split(cell) if part.strip()]


def host_or_typed(text: str) -> str:
    """The host of an entry, or what was typed where it is none; for settings that are checked."""
    try:
        entry = read_entry(text)
    except RefusedEntry:
        return text
    return entry.host or (entry.value if entry.scope == DOMAIN else text)
