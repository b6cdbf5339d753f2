"""GoHighLevel's ledger compared with the approved emails and our rows."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from bench.ghl_trouble import Recipients
from tests.fakes.ghl import FakeGhl

AGREES = {
    "sent": (1,),
    "uncertain": (0, 1),
}  # how often GoHighLevel may have accepted it; every other state: never
FINAL = {"sent", "failed", "uncertain", "withdrawn", "held"}
STATUSES = "SELECT status, count(*) FROM outreach_message GROUP BY status"
MESSAGES = "SELECT to_address, status FROM outreach_message"
HELD_AGAIN = """SELECT why, count(*) FROM outreach_move
    WHERE to_status = 'held' AND from_status IN ('cleared', 'sending') GROUP BY why"""
UNSEEN = """SELECT count(*) FROM outreach_message m WHERE m.status = 'uncertain' AND NOT EXISTS
    (SELECT 1 FROM leads_alarm a WHERE a.key = 'uncertain:' || m.id AND a.closed_at IS NULL)"""


def query_rows(db: str, query: str, values: Any = None) -> list[tuple[Any, ...]]:
    with psycopg.connect(db, connect_timeout=3) as connection:
        return connection.execute(query, values).fetchall()


def count_statuses(db: str) -> dict[str, int]:
    return dict(query_rows(db, STATUSES))  # type: ignore[arg-type]


def compare_ledger(
    db: str, ghl: FakeGhl, approved: dict[str, list[str]], people: Recipients, cap: int
) -> dict[str, Any]:
    """Figures; MUST_BE_ZERO names those that must be 0. `approved` is texts by address."""
    rows = dict(query_rows(db, MESSAGES))
    sent = ghl.sent_emails()
    accepted = Counter(entry["to"] for entry in sent)
    reply_ids = {row[0] for row in query_rows(db, "SELECT ghl_message_id FROM outreach_reply")}
    per_day = _per_day(sent)
    return {
        "statuses": dict(Counter(rows.values())),
        "held_again": dict(query_rows(db, HELD_AGAIN)),  # type: ignore[arg-type]
        "accepted": accepted.total(),
        "twice": sum(n > 1 for n in accepted.values()),
        "wrong": sum(
            accepted[to] not in AGREES.get(status, (0,))
            for to, status in rows.items()
            if status in FINAL
        ),
        "stuck": sum(status not in FINAL for status in rows.values()),
        "unknown": sum(to not in rows for to in accepted),
        "changed": sum(
            [entry["subject"], entry["html"]] != approved.get(entry["to"]) for entry in sent
        ),
        "in_spite": sum(to in accepted for to in people.stopped),
        "unheard": len(set(people.answers) - reply_ids),
        "unseen": query_rows(db, UNSEEN)[0][0],
        "most_a_day": max(per_day.values(), default=0),
        "over_the_cap": sum(n > cap for n in per_day.values()),
    }


MUST_BE_ZERO = (
    "twice",
    "wrong",
    "stuck",
    "unknown",
    "changed",
    "in_spite",
    "unheard",
    "unseen",
    "over_the_cap",
)


def _per_day(sent: list[dict[str, Any]]) -> Counter[Any]:
    zone = ZoneInfo("America/New_York")
    return Counter(
        datetime.fromtimestamp(entry["time"], UTC).astimezone(zone).date() for entry in sent
    )
