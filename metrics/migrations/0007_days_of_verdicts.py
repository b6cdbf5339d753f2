"""The days of verdicts that were stored before days were: the gate reads days."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import migrations
from django.utils import timezone

DAYS = 90


def fill_days(apps, schema_editor):
    verdicts = apps.get_model("outreach", "HealthVerdict")
    days = apps.get_model("metrics", "DomainDay")
    zone, rows = ZoneInfo(settings.TEAM_TIME_ZONE), {}
    since = timezone.now() - timedelta(days=DAYS)
    for one in verdicts.objects.filter(evaluated_at__gt=since).order_by("evaluated_at").iterator():
        key = (one.domain, one.evaluated_at.astimezone(zone).date())
        row = rows.setdefault(key, days(domain=key[0], day=key[1], version="1"))
        if row.score is None or (one.score is not None and one.score <= row.score):
            row.score, row.parts = one.score, one.reasons
        for name in ("spf", "dkim", "dmarc"):
            if getattr(one, name) != "unknown" or not getattr(row, name):
                setattr(row, name, getattr(one, name))
        row.verdicts += 1
        row.measured_at = one.evaluated_at
    days.objects.bulk_create(rows.values(), ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0006_append_only_reports"),
        ("outreach", "0035_rest_of_the_day"),
    ]
    operations = [migrations.RunPython(fill_days, migrations.RunPython.noop)]
