"""Stops the domains that were typed or imported in a spelling that matched nothing.

`*@acme.com` was stored as an address and `*.acme.com` as a domain. The rows stay as they are; beside
each comes one that holds.
"""

from django.db import migrations

from leads.field_values import stop_entries


def stop_meant_domains(apps, schema_editor):
    Suppression = apps.get_model("leads", "Suppression")
    for row in Suppression.objects.filter(scope__in=("address", "domain"), value__contains="*"):
        typed = row.value.removeprefix("*.") if row.scope == "domain" else row.value
        try:
            entry = stop_entries.read_entry(typed)
        except stop_entries.RefusedEntry:
            continue
        Suppression.objects.get_or_create(
            scope=entry.scope,
            value=entry.value,
            reason=row.reason,
            defaults={"source": row.source, "created_at": row.created_at, "expires_at": row.expires_at},
        )


class Migration(migrations.Migration):
    dependencies = [("leads", "0020_stop_reasons")]

    operations = [migrations.RunPython(stop_meant_domains, migrations.RunPython.noop)]
