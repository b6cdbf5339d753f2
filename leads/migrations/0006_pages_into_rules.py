"""Page triggers become part of a version of the rules: those in the table go into every version, then the table goes.

Scores were made by the table as it stood beside whichever version was in force; every version gets it as it stands now,
with the two numbers that are new at the values at which nothing changes. Where no version was published, the built-in
rules of that time are published with the table, so that what people edited stays in force.
"""

import re

from django.db import migrations
from django.utils import timezone

AS_BEFORE = {
    "pages_at_most": 50,
    "colleague_share": 0.5,
    "look_back_days": 30,
    "decay": [{"days": 1, "share": 1.0}, {"days": 7, "share": 0.7}, {"days": 30, "share": 0.4}],
    "repeats": [{"visits": 5, "points": 15}, {"visits": 3, "points": 10}, {"visits": 2, "points": 5}],
    "warm_points": {"known": 25, "overlap": 25, "employer": 20, "employer_now": 15},
    "fit_share": 0.25,
    "titles": [
        {
            "points": 50,
            "label": "C-level or founder",
            "words": [
                "chief", "ceo", "cro", "coo", "cto", "cfo", "cmo", "cio", "founder", "co-founder", "owner", "president",
                "partner",
            ],
            "but_not": [
                "product owner", "vice president", "vice-president", "business partner", "partner manager",
                "partner marketing", "partner success", "partner sales",
            ],
        },
        {"points": 45, "label": "Vice president", "words": ["vp", "svp", "evp", "vice president", "vice-president"]},
        {"points": 38, "label": "Head or director", "words": ["head", "director", "general manager", "gm"]},
        {"points": 20, "label": "Manager or lead", "words": ["manager", "lead", "principal"]},
        {"points": 8, "label": "Other title", "words": []},
    ],
    "good_industries": [
        "logistics", "supply chain", "software", "saas", "technology", "information", "internet", "financial",
        "insurance", "manufacturing", "healthcare", "health", "professional services", "consulting", "marketing",
        "advertising", "staffing", "construction", "real estate", "telecommunications", "computer", "banking",
    ],
    "industry_points": {"good": 20, "other": 10},
    "sizes": [
        {"from": 5001, "points": 12, "label": "over 5,000"},
        {"from": 1001, "points": 22, "label": "1,001 to 5,000"},
        {"from": 50, "points": 30, "label": "50 to 1,000"},
        {"from": 10, "points": 15, "label": "10 to 49"},
        {"from": 0, "points": 5, "label": "under 10"},
    ],
    "tiers": {"tier_1": 80, "tier_2": 60},
}  # fmt: skip
MOST = 100


def into_versions(apps, schema_editor):
    ScoringRules = apps.get_model("leads", "ScoringRules")
    pages = [as_page(row) for row in apps.get_model("leads", "PageTrigger").objects.order_by("priority", "pk")]
    pages.sort(key=lambda page: not page["active"])  # what is off is what there may be no room for
    for row in ScoringRules.objects.all():
        row.rules = with_pages(row.rules, pages)
        row.save(update_fields=["rules"])
    if pages and not ScoringRules.objects.filter(state="published").exists():
        ScoringRules.objects.create(
            version=next_version(apps),
            name="As it was, with the page triggers of the table",
            rules=with_pages(AS_BEFORE, pages),
            state="published",
            published_at=timezone.now(),
        )


def with_pages(rules, pages):
    warm = {**rules.get("warm_points", {}), "known_there": 0}
    return {**rules, "pages": pages[:MOST], "visit_hours": 0, "warm_points": warm}


def as_page(row):
    """A row in the form that rules have; `[…]` and `?` of fnmatch become the one wildcard that is left."""
    pattern = printable(re.sub(r"\[[^\]]*\]|[?]", "*", row.pattern)).replace("#", "*").replace(" ", "*").lower()
    reached = pattern[:1] in ("/", "*") and "//" not in pattern
    if not reached:
        pattern = re.sub("/+", "/", f"/{pattern}")[:200]
    angle = re.sub(r"[^a-z0-9_]", "_", row.angle.lower())
    return {
        "label": printable(row.label) or pattern[:80],
        "pattern": pattern.rstrip("/") or "/",
        "points": min(100, row.points),
        "angle": angle if angle.islower() else "",
        "topic": printable(row.topic),
        "category": printable(row.category),
        "active": row.active and reached,
    }


def printable(text):
    return "".join(char if char.isprintable() else " " for char in text).strip()


def next_version(apps):
    Counter = apps.get_model("lib", "Counter")
    counter, _ = Counter.objects.get_or_create(name="scoring_rules")
    counter.value += 1
    counter.save(update_fields=["value"])
    return counter.value


def out_of_versions(apps, schema_editor):
    ScoringRules, PageTrigger = apps.get_model("leads", "ScoringRules"), apps.get_model("leads", "PageTrigger")
    published = ScoringRules.objects.filter(state="published").first()
    for n, page in enumerate(published.rules.get("pages", []) if published else [], 1):
        PageTrigger.objects.create(**page, priority=10 * n)
    for row in ScoringRules.objects.all():
        row.rules = {name: value for name, value in row.rules.items() if name not in ("pages", "visit_hours")}
        row.rules["warm_points"] = {k: v for k, v in row.rules["warm_points"].items() if k != "known_there"}
        row.save(update_fields=["rules"])


class Migration(migrations.Migration):
    dependencies = [("leads", "0005_bookmark"), ("lib", "0001_initial")]

    operations = [
        migrations.RunPython(into_versions, out_of_versions),
        migrations.DeleteModel(name="PageTrigger"),
    ]
