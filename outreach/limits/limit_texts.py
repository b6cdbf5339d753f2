"""The code of each limit, and the sentence made from it and its arguments. Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo


class LimitCode(StrEnum):
    """What an approved email waits for. Stored in `Message.waiting_for` and shown by the API."""

    # for every email
    HALTED = "halted"
    PHASE = "phase"
    DAILY = "daily"
    WARM_UP = "warm_up"
    HOURLY = "hourly"
    GAP = "gap"
    GHL = "ghl"
    GUARDRAIL = "guardrail"
    # for one email
    DOMAIN = "domain"
    WORKING_HOURS = "working_hours"
    KEPT = "kept"
    TURN = "turn"
    UNDO = "undo"
    # after a try that sent nothing
    GHL_CONFIG = "ghl_config"
    GHL_UNAVAILABLE = "ghl_unavailable"
    CONTACT_GONE = "contact_gone"
    RECOVERY = "recovery"


TEXTS: dict[str, str] = {
    LimitCode.HALTED: "Sending is halted.",
    LimitCode.PHASE: "Nothing is sent in Shadow.",
    LimitCode.DAILY: "{used} of {cap} sent today",
    LimitCode.WARM_UP: "{used} of {cap} sent today in week {week} of {domain}",
    LimitCode.HOURLY: "{cap} an hour",
    LimitCode.GAP: "{seconds:.0f} s between emails",
    LimitCode.GHL: "GoHighLevel cannot be used: {reason}",
    LimitCode.DOMAIN: "{cap} an hour to {domain}",
    LimitCode.WORKING_HOURS: "working hours in {zone}",
    LimitCode.UNDO: "time to undo",
}


def limit_text(limit: str, arguments: Mapping[str, Any]) -> str:
    """The sentence of a limit.

    `days` says that the email does not leave within so many days, `ahead` how many go first,
    `a_day` the cap of any day, `retry` what an earlier try ended in.
    """
    if "days" in arguments:
        return f"too many go first: it does not leave within {arguments['days']} days"
    ahead = arguments.get("ahead", 0)
    first = f"{ahead} {'goes' if ahead == 1 else 'go'} first"
    if limit == LimitCode.TURN and "retry" not in arguments:
        return first
    text = _own_text(limit, arguments)
    return f"{text}; {first}" if ahead else text


def _own_text(limit: str, arguments: Mapping[str, Any]) -> str:
    if "a_day" in arguments:
        return f"{arguments['a_day']} a day"
    if "retry" in arguments:
        return f"tried again then: {arguments['retry']}"
    if limit == LimitCode.KEPT:
        return _kept_text(
            **{name: arguments[name] for name in ("kept", "at_once", "opens", "zone")}
        )
    return TEXTS[limit].format(**arguments)


def _kept_text(kept: int, at_once: bool, opens: datetime, zone: str) -> str:
    local, city = opens.astimezone(ZoneInfo(zone)), zone.rpartition("/")[2].replace("_", " ")
    if kept == 1:
        which = "one that opens"
    else:
        which = "ones that open" if at_once else "ones, the first of which opens"
    return f"kept for {kept} more urgent {which} at {local:%H:%M} in {city}"
