"""What a look at DNS found: codes and their arguments. Pure; `health/dns_words` makes sentences."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from outreach.choices import Record


class FindingCode(StrEnum):
    """Beside each, its arguments."""

    SPF_MISSING = "spf_missing"
    SPF_SEVERAL = "spf_several"  # texts
    SPF_TOO_MANY_LOOKUPS = "spf_too_many_lookups"  # lookups (at least), text
    SPF_TOO_MANY_VOID = "spf_too_many_void"  # lookups (at least), text
    SPF_BROKEN = "spf_broken"  # detail, text
    SPF_UNKNOWN = "spf_unknown"
    SPF_NEAR_LIMIT = "spf_near_limit"  # lookups, text
    SPF_EVERYBODY = "spf_everybody"  # text
    DKIM_NO_SELECTORS = "dkim_no_selectors"
    DKIM_MISSING = "dkim_missing"  # selector
    DKIM_BROKEN = "dkim_broken"  # selector, bits (0: no key that can be read)
    DKIM_UNKNOWN = "dkim_unknown"  # selector
    DKIM_TESTING = "dkim_testing"  # selector, text
    DMARC_MISSING = "dmarc_missing"
    DMARC_SEVERAL = "dmarc_several"
    DMARC_BROKEN = "dmarc_broken"  # detail, text, location
    DMARC_UNKNOWN = "dmarc_unknown"
    DMARC_TESTING = "dmarc_testing"  # text, location
    DMARC_NOT_ENFORCED = "dmarc_not_enforced"  # text, location
    DMARC_OLD_TAGS = "dmarc_old_tags"  # tags, text, location
    DMARC_NO_REPORTS = "dmarc_no_reports"  # text, location
    DMARC_BAD_REPORT_ADDRESS = "dmarc_bad_report_address"  # detail, text, location


@dataclass(frozen=True)
class DnsFinding:
    code: FindingCode
    arguments: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code.value, **self.arguments}


@dataclass(frozen=True)
class DnsRecords:
    """The state of each record; `facts` are what was read: texts, look-ups, policy."""

    spf: Record
    dkim: Record
    dmarc: Record
    findings: tuple[DnsFinding, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OneRecord:
    state: Record
    findings: tuple[DnsFinding, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def lost(code: FindingCode, **arguments: Any) -> OneRecord:
    """A record that receivers treat as none."""
    return OneRecord(Record.MISSING, (DnsFinding(code, arguments),))


def unknown(code: FindingCode, **arguments: Any) -> OneRecord:
    return OneRecord(Record.UNKNOWN, (DnsFinding(code, arguments),))
