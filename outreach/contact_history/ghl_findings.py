"""What GoHighLevel shows about a recipient: what counts, what is new, and its sentence. Pure.

An earlier email to them counts for 180 days, a message from them for ever, a deal while it is
open.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from caio_project.lib.words.lists import and_list

OUTBOUND_COUNTS_FOR = timedelta(days=180)
MAX_NAME_LENGTH = 60
MAX_NAMED_DEALS = 2  # that are named


@dataclass(frozen=True)
class FoundDeal:
    """An open opportunity."""

    id: str
    name: str


@dataclass(frozen=True)
class Findings:
    outbound_at: datetime | None = None  # of the newest email to them that is not ours
    inbound_at: datetime | None = None  # of the newest message from them, on any channel
    deals: tuple[FoundDeal, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.outbound_at or self.inbound_at or self.deals)

    def as_seen(self) -> dict[str, Any]:
        return {
            "outbound_at": self.outbound_at.isoformat() if self.outbound_at else "",
            "inbound_at": self.inbound_at.isoformat() if self.inbound_at else "",
            "deals": [deal.id for deal in self.deals],
        }


def without_old_emails(found: Findings, now: datetime) -> Findings:
    recent = found.outbound_at and found.outbound_at >= now - OUTBOUND_COUNTS_FOR
    return found if recent else replace(found, outbound_at=None)


def with_known_facts(
    found: Findings, inbound_at: datetime | None, deals: Iterable[str]
) -> Findings:
    newest = max(filter(None, (found.inbound_at, inbound_at)), default=None)
    others = (FoundDeal(one, "") for one in deals if one not in {deal.id for deal in found.deals})
    return replace(found, inbound_at=newest, deals=(*found.deals, *others))


def newer_than_seen(found: Findings, seen: Mapping[str, Any]) -> Findings:
    """The part of `found` that was not stored with the approval; all of it without one."""
    known = set(seen.get("deals", ()))
    return Findings(
        outbound_at=_if_later(found.outbound_at, seen.get("outbound_at", "")),
        inbound_at=_if_later(found.inbound_at, seen.get("inbound_at", "")),
        deals=tuple(deal for deal in found.deals if deal.id not in known),
    )


def _if_later(at: datetime | None, known: str) -> datetime | None:
    return at if at and (not known or at > datetime.fromisoformat(known)) else None


def describe_findings(found: Findings, zone: str) -> str:
    parts = []
    if found.inbound_at:
        parts.append(f"a message from them on {_local_day(found.inbound_at, zone)}")
    if found.outbound_at:
        parts.append(f"an email to them on {_local_day(found.outbound_at, zone)}")
    if found.deals:
        parts.append(_describe_deals(found.deals))
    sentence = and_list(parts)
    return f"GoHighLevel shows {sentence}." if sentence else ""


def _describe_deals(deals: tuple[FoundDeal, ...]) -> str:
    names = ", ".join(
        " ".join(deal.name.split())[:MAX_NAME_LENGTH] or "without a name"
        for deal in deals[:MAX_NAMED_DEALS]
    )
    more = f" and {len(deals) - MAX_NAMED_DEALS} more" if len(deals) > MAX_NAMED_DEALS else ""
    return f"{'an open deal' if len(deals) == 1 else 'open deals'}: {names}{more}"


def _local_day(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%b} {local.day}, {local.year}"
