"""The code of each limit, and the sentence made from it and its arguments. Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from caio_project.lib.words.clock_words import clock_words


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
    REST = "rest"
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
    LimitCode.DAILY: "daily limit: {used} of {cap} sent",
    LimitCode.WARM_UP: "warm-up of {domain}, week {week}: {used} of {cap} sent today",
    LimitCode.HOURLY: "hourly limit of {cap}",
    LimitCode.GAP: "{seconds:.0f} s between two emails",
    LimitCode.GHL: "GoHighLevel cannot be used: {reason}",
    LimitCode.REST: "nothing more is sent today: {reason}",
    LimitCode.DOMAIN: "limit of {cap} an hour to {domain}",
    LimitCode.WORKING_HOURS: "outside working hours in {zone}",
    LimitCode.UNDO: "time to undo",
}


def limit_text(limit: str, arguments: Mapping[str, Any]) -> str:
    """The sentence of a limit.

    `days` says that the email does not leave within so many days, `ahead` how many go first,
    `a_day` the cap of any day, `retry` what an earlier try ended in.
    """
    if "days" in arguments:
        return f"too many ahead of it: not within {arguments['days']} days"
    ahead = arguments.get("ahead", 0)
    first = f"{ahead} ahead of it"
    if limit == LimitCode.TURN and "retry" not in arguments:
        return first
    text = _own_text(limit, arguments)
    return f"{text}, {first}" if ahead else text


def _own_text(limit: str, arguments: Mapping[str, Any]) -> str:
    if "a_day" in arguments:
        return f"daily limit of {arguments['a_day']}"
    if "retry" in arguments:
        return f"next try: {arguments['retry']}"
    if limit == LimitCode.KEPT:
        return _kept_text(
            **{name: arguments[name] for name in ("kept", "at_once", "opens", "zone")}
        )
    return TEXTS[limit].format(**arguments)


def _kept_text(kept: int, at_once: bool, opens: datetime, zone: str) -> str:
    if kept == 1:
        which = "one that opens"
    else:
        which = "ones that open" if at_once else "ones, the first of which opens"
    return f"sends kept for {kept} more urgent {which} at {clock_words(opens, ZoneInfo(zone))}"
