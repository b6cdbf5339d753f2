"""A digest in words, one line a section, what waits first. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from caio_project.lib.words.clock_words import stamp_words
from metrics.incidents import incident_words
from outreach.choices import Band, BlockedBy, Phase

Numbers = Mapping[str, Any]
BANDS = (Band.CRITICAL, Band.HOT, Band.WARM, Band.LOW)
MOST_NAMED = 4
SECTION_NAMES = {
    "waiting": "what waits",
    "sources": "the sources",
    "sent": "what was sent",
    "decisions": "decisions",
    "changes": "changes",
    "gates": "the gates",
    "incidents": "incidents",
}
CAME_BACK = (
    ("positive", "positive"),
    ("meetings", "meeting"),
    ("bounced", "bounce"),
    ("blocked", "block by receivers"),
    ("complained", "complaint"),
    ("unsubscribed", "unsubscribe"),
)
BLOCKED = {
    BlockedBy.US: "by us",
    BlockedBy.PERSON: "by what is known of the person",
    BlockedBy.EARLIER: "by an earlier email",
}
NOTHING = "Nothing to report: every source was read, nothing waits, and nothing changed."


def title_of(content: Numbers) -> str:
    since, until = (stamp_words(datetime.fromisoformat(content[one])) for one in ("since", "until"))
    return f"{'Your week' if content['kind'] == 'weekly' else 'Your day'}: {since} to {until}"


def lines_of(content: Numbers) -> list[str]:
    """The digest without its title. A section that could not be read is said, never left out."""
    made = [
        *(words(content[name]) for name, words in WORDS.items() if name in content),
        _unread(content["unread"]),
    ]
    lines = [line for line in made if line]
    is_empty = not content["unread"] and not any(has_news(content, name) for name in WORDS)
    return [NOTHING, WORDS["gates"](content["gates"])] if is_empty else lines


def has_news(content: Numbers, name: str) -> bool:
    """Whether a section holds anything that somebody should know."""
    section = content.get(name)
    if name == "gates":
        return bool(section and section.get("changed"))
    if isinstance(section, Mapping):
        return any(bool(value) for value in section.values())
    return bool(section)


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"


def _waiting(section: Numbers) -> str:
    by_band = section["by_band"]
    total = sum(by_band.values())
    parts = []
    if total:
        bands = ", ".join(f"{by_band[band]} {band.label}" for band in BANDS if by_band.get(band))
        critical = f", {section['critical']} CRITICAL" if section["critical"] else ""
        parts.append(f"{_count(total, 'email')} to decide ({bands}{critical})")
    if section["overdue"]:
        parts.append(f"{section['overdue']} overdue")
    if section["answers"]:
        parts.append(f"{_count(section['answers'], 'answer')} nobody has taken")
    if section["uncertain"]:
        parts.append(f"{_count(section['uncertain'], 'email')} that may or may not have been sent")
    if section.get("blocked"):
        parts.append(_blocked(section["blocked"]))
    if section["parked"]:
        parts.append(f"{_count(section['parked'], 'parked event')}")
    if section.get("snoozed"):
        parts.append(f"{_count(section['snoozed'], 'email')} put off")
    halted = " Sending is halted." if section["halted"] else ""
    if not parts:
        return f"Waits for you: nothing.{halted}"
    oldest = ""
    if section["oldest"]:
        oldest = (
            f" The oldest waits since {stamp_words(datetime.fromisoformat(section['oldest']))}."
        )
    return f"Waits for you: {', '.join(parts)}.{oldest}{halted}"


def _blocked(drafts: Mapping[str, int]) -> str:
    whose = ", ".join(f"{drafts[who]} {said}" for who, said in BLOCKED.items() if who in drafts)
    return f"{_count(sum(drafts.values()), 'draft')} blocked ({whose})"


def _sources(section: list[Numbers]) -> str:
    if not section:
        return ""
    parts = [
        f"{incident_words.title_words(one['cause'], one['subject'])} "
        f"(since {stamp_words(datetime.fromisoformat(one['since']))})"
        for one in section
    ]
    return f"Dead sources: {'; '.join(parts)}."


def _sent(section: Numbers) -> str:
    kept = f", {section['sandbox']} kept in test mode" if section["sandbox"] else ""
    replies = f"{section['replies']} {'reply' if section['replies'] == 1 else 'replies'}"
    counts = [
        f"{section[name]} positive" if name == "positive" else _count(section[name], noun)
        for name, noun in CAME_BACK
        if section.get(name)
    ]
    came_back = f" ({', '.join(counts)})" if counts else ""
    return f"Sent: {_count(section['sent'], 'email')}{kept}. Came back: {replies}{came_back}."


def _decisions(section: Numbers) -> str:
    people = f"People decided {section['people']}"
    if section["people"]:
        people += f" ({section['rejected']} rejected, {section['edited']} edited)"
    if not section["machine"] and not section["reread"] and not section["returned"]:
        return f"{people}; the machine approved nothing."
    machine = f"The machine approved {section['machine']}"
    if section["returned"]:
        machine += f" and gave {section['returned']} back"
    reread = "none was re-read"
    if section["reread"]:
        reread = (
            f"of {section['reread']} re-read, people would have changed {section['overridden']}"
        )
    left = f"; {section['unread']} wait to be re-read" if section["unread"] else ""
    return f"{machine}; {reread}{left}. {people}."


def _changes(section: list[Numbers]) -> str:
    if not section:
        return ""
    parts = [
        f"{one['what'].replace('_', ' ')} {one['before']} to {one['after']}"
        for one in section[-MOST_NAMED:]
    ]
    more = len(section) - len(parts)
    return f"Changed: {', '.join(parts)}{f' and {more} more' if more else ''}."


def _gates(section: Numbers) -> str:
    here = Phase(section["phase"]).label
    if not section.get("target"):
        return f"Phase: {here}. There is no gate above it."
    target = Phase(section["target"]).label
    if section["passed"] is None:
        return f"Phase: {here}. The gates to {target} were not evaluated yet."
    said = f"Phase: {here}. {section['passed']} of {section['of']} gates to {target} pass"
    changed = section["changed"]
    parts = [f"{name} went from {before} to {after}" for name, before, after in changed]
    return f"{said}; {', '.join(parts)}." if parts else f"{said}."


def _incidents(section: Numbers) -> str:
    names = [incident_words.title_words(cause, subject) for cause, subject in section["open"]]
    if not names and not section["opened"] and not section["closed"]:
        return ""
    shown = "; ".join(names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    still = f" Still open: {shown}{more}." if names else ""
    return f"Incidents: {section['opened']} opened, {section['closed']} closed.{still}"


def _unread(names: list[str]) -> str:
    if not names:
        return ""
    said = ", ".join(SECTION_NAMES[name] for name in names)
    return f"Could not be read: {said}. See the log."


WORDS: dict[str, Callable[[Any], str]] = {
    "waiting": _waiting,
    "sources": _sources,
    "sent": _sent,
    "decisions": _decisions,
    "changes": _changes,
    "gates": _gates,
    "incidents": _incidents,
}
