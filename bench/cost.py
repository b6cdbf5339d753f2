"""The cost of one visit from stored to assessed as tables grow; __main__ runs it as a process.

Each round is one new person whom Clay answers about, one known person who comes back, one known by
LinkedIn alone at a company known by its name, and one company alone. Every round makes as many
queries at every size; the time is shown as a ratio to the smallest size of the same run.
"""

import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import django

from bench import world
from bench.counted import QueryCounter

SIZES = (100, 10_000, 1_000_000)  # visits in the table; the last takes a minute to load
SHORT = (100, 10_000)  # where the run is short
AIM = 1.5  # times the cost at the smallest size
ROUNDS, SHORT_ROUNDS, WARM_UP = 40, 12, 3
VISITS = 4  # a round
FIRST = 10_000_000  # the first id of what is loaded; below are the sequences' own

# Five visits a lead and two leads a company at every size, and nothing missing that a visit would
# fill.
LOAD = """
INSERT INTO leads_company (id, domain, name, name_key, industry, employees, employees_from,
    revenue, linkedin_url, city,
    state, technologies, open_roles, kind, sources, enriched_at, created_at)
SELECT {first} + n, 'firm-' || n || '.test', 'Firm ' || n, 'firm ' || n, 'Logistics', '200-500',
    200, '$48M',
    'https://www.linkedin.com/company/firm-' || n, 'Columbus', 'OH',
    '[]', 4, 'live', '{{}}', now() - interval '1 day', now() - interval '30 days'
FROM generate_series(0, {visits} / 10 - 1) n;

INSERT INTO leads_lead (id, public_id, kind, email, email_verified, email_invalid, personal_email,
    address,
    linkedin_key, first_name, last_name, title, company_id, city, state, country, past_employers,
    sources,
    first_seen_at, last_seen_at, score, tier, needs_assessment_at, attempts, lease_until, error,
    owner_id,
    owner_how, owner_rule_id, owner_facts, ghl_assigned_to, merged_into_id)
SELECT {first} + n, lpad(to_hex(n), 32, '0')::uuid, 'live',
    'p' || n || '@firm-' || n / 2 || '.test', true, false, '',
    'usable', 'in/p-' || n, 'Pat', 'Number' || n, 'VP Sales', {first} + n / 2, 'Columbus', 'OH',
    'US', '[]', '{{}}',
    now() - interval '30 days', now() - n * interval '1 second', n % 100, 'tier_2', NULL, 0, NULL,
    '', NULL,
    '', NULL, '', '', NULL
FROM generate_series(0, {visits} / 5 - 1) n;

INSERT INTO leads_inboundevent (id, public_id, source, body_sha256, body, kind, received_at,
    state, reason, deliveries,
    attempts, not_before, lease_until, processed_at)
SELECT {first} + n, lpad(to_hex(n), 32, '0')::uuid, 'rb2b', lpad(n::text, 64, '0'), '{{}}', 'live',
    now() - n * interval '1 second', 'processed', '', 1, 1, now(), NULL, now()
FROM generate_series(0, {visits} - 1) n;

INSERT INTO leads_visit (id, event_id, event_key, lead_id, company_id, url, path, referrer,
    is_repeat, seen_at,
    received_at)
SELECT {first} + n, {first} + n, lpad(n::text, 64, '0'),
    CASE WHEN n % 5 < 4 THEN {first} + n / 5 END,
    {first} + n / 10, 'https://oursite.test/pricing', '/pricing', '', false,
    now() - n * interval '1 second',
    now() - n * interval '1 second'
FROM generate_series(0, {visits} - 1) n;

INSERT INTO leads_enrichment (id, lead_id, request_id, state, outcome, reason, created_at,
    not_before, lease_until,
    attempts, requested_at, answered_at, settled_at, gained, asks_person, asks_company,
    company_known_at, is_test)
SELECT {first} + n, {first} + n, 'enr_bench_' || n, 'settled', 'answered', '',
    now() - interval '1 day', now(), NULL, 1,
    now() - interval '1 day', now() - interval '1 day', now() - interval '1 day', '["title"]',
    true, true, NULL,
    false
FROM generate_series(0, {visits} / 5 - 1) n;

INSERT INTO leads_assessment (id, lead_id, made_at, rules_version, intent, reasons, icp,
    icp_reasons, tier, angle,
    topic, warm)
SELECT {first} + n, {first} + n, now(), '1', 50, '[]', 50, '[]', 'tier_2',
    'high_intent', 'pricing', NULL
FROM generate_series(0, {visits} / 5 - 1) n;

INSERT INTO leads_suppression (id, scope, value, reason, source, lead_id, created_at, expires_at)
SELECT {first} + n, 'address', 'gone' || n || '@firm-' || n || '.test', 'unsubscribed', 'bench',
    NULL, now(), NULL
FROM generate_series(0, {visits} / 10 - 1) n;
"""


def measure_cost(sizes: tuple[int, ...], rounds: int) -> dict[str, Any]:
    from tests.fakes.clay import FakeClay

    with FakeClay() as clay, world.database_copies([str(size) for size in sizes]) as databases:
        os.environ |= {
            "SANDBOX": "ghl",
            "REDIS_URL": "",
            "CLAY_CALLBACK_TOKEN": "bench-callback-token",
        }
        os.environ["CLAY_WORKBOOK_WEBHOOK_URL"] = clay.source_url()
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
        django.setup()
        from caio_project.lib.vendor_access import access

        access.assume_no_rows()  # every process reads them every two seconds, whatever it does
        connections = {
            size: _database_connection(name) for size, name in zip(sizes, databases, strict=True)
        }
        loaded = {
            size: _seconds_taken(lambda size=size: _fill_database(connections[size], size))
            for size in sizes
        }
        times, queries = _measure_rounds(clay, connections, rounds)
    ms = {size: 1000 * statistics.median(times[size]) / VISITS for size in sizes}
    found = [{"visits": size, "ms": ms[size], "loaded_s": loaded[size]} for size in sizes]
    return {"queries": queries / VISITS, "sizes": found, "ratio": ms[sizes[-1]] / ms[sizes[0]]}


def _database_connection(database: str) -> Any:
    from django.db import connections

    wrapper = connections.create_connection("default")
    wrapper.settings_dict = {**wrapper.settings_dict, "NAME": database}
    return wrapper


def _fill_database(connection: Any, visits: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        load_visits(cursor, visits)
        cursor.execute("VACUUM ANALYZE")


def load_visits(cursor: Any, visits: int) -> None:
    cursor.execute(
        "SET session_replication_role = replica"
    )  # the foreign keys are right: no check of each
    cursor.execute(LOAD.format(first=FIRST, visits=visits))
    cursor.execute("SET session_replication_role = DEFAULT")


def _measure_rounds(
    clay: Any, connections: dict[int, Any], rounds: int
) -> tuple[dict[int, list[float]], int]:
    """The seconds of every round by size, and how many queries each of them makes.

    Rounds alternate, for whatever else the machine does then falls on all sizes alike.
    """
    import django.db

    from leads.models import RateWindow

    times: dict[int, list[float]] = {size: [] for size in connections}
    queries: dict[int, set[int]] = {size: set() for size in connections}
    for number, (size, connection) in itertools.product(
        range(WARM_UP + rounds), connections.items()
    ):
        django.db.connections["default"] = connection
        visits = round_visits(size)
        RateWindow.objects.filter(vendor="clay").update(
            window=0
        )  # nobody waits for Clay's rate here
        counted = QueryCounter()
        with connection.execute_wrapper(counted):
            took = _seconds_taken(lambda visits=visits: run_round(clay, visits))
        if number >= WARM_UP:
            times[size].append(took)
            queries[size].add(counted.queries)
    assert len(set.union(*queries.values())) == 1, f"not as many queries in every round: {queries}"
    return times, queries.popitem()[1].pop()


def _seconds_taken(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


_numbers = itertools.count(1)


def round_visits(size: int) -> tuple[bytes, ...]:
    """A new person, two known people and a known company, all different in each round."""
    from tests.fakes import rb2b

    n, people = next(_numbers), size // 5
    page = {"Captured URL": f"https://oursite.test/demo?visit={n}"}
    known, by_name = _known_visitor(n * 7919 % people), _known_visitor((n * 7919 + 7) % people)
    by_name |= {"Business Email": None, "Website": None}
    company = {name: known[name] for name in ("Website", "Company Name")}
    return (
        rb2b.to_body(rb2b.person(page)),
        rb2b.to_body(rb2b.repeat_visit(rb2b.person(known), **page)),
        rb2b.to_body(rb2b.repeat_visit(rb2b.person(by_name), **page)),
        rb2b.to_body(rb2b.company_only({**company, **page})),
    )


def _known_visitor(n: int) -> dict[str, Any]:
    return {
        "LinkedIn URL": f"https://www.linkedin.com/in/p-{n}",
        "First Name": "Pat",
        "Business Email": f"p{n}@firm-{n // 2}.test",
        "Website": f"https://firm-{n // 2}.test",
        "Company Name": f"Firm {n // 2}",
    }


def run_round(clay: Any, visits: tuple[bytes, ...]) -> None:
    """From stored to assessed, by the sweeps that workers run."""
    from leads.enrichment import clay_push
    from leads.inbound import events
    from leads.models import Enrichment, Lead
    from leads.scoring import assess
    from tests.fakes.clay import callback_body

    for body in visits:
        events.store_event("rb2b", body)
    assert events.process_due() == len(visits)
    assert clay_push.push_due() == 1
    events.store_event("clay", callback_body(clay.submissions()[-1]))
    assert events.process_due() == 1
    assert assess.assess_due() == len(visits)  # the company's visit is one colleague's news
    assert not Lead.objects.filter(needs_assessment_at__isnull=False).exists()
    assert not Enrichment.objects.exclude(state=Enrichment.State.SETTLED).exists()


if __name__ == "__main__":
    is_short = float(sys.argv[1]) < 10
    print(
        json.dumps(measure_cost(SHORT, SHORT_ROUNDS) if is_short else measure_cost(SIZES, ROUNDS))
    )
