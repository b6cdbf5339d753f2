"""Drafting reads leads that ask for a draft, not assessments by their number.

Leads seen lately ask for one: whether it was looked at before is not known here. Looking again
opens no second email, and an older visit brings no draft, so nothing that waits is lost.
"""

from datetime import timedelta

from django.db import migrations, models
from django.utils import timezone

SEEN_WITHIN = timedelta(days=15)


def ask_for_drafts(apps, schema_editor):
    now = timezone.now()
    leads = apps.get_model("leads", "Lead").objects
    lately = leads.filter(last_seen_at__gte=now - SEEN_WITHIN, assessments__isnull=False)
    leads.filter(pk__in=lately.values("pk")).update(draft_due_at=now)


class Migration(migrations.Migration):
    dependencies = [("leads", "0034_clay_answers_unasked")]

    operations = [
        migrations.AddField(
            model_name="lead",
            name="draft_due_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Set by a new assessment, until drafting has looked at it.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("draft_due_at__isnull", False)),
                fields=["draft_due_at"],
                name="lead_to_draft",
            ),
        ),
        migrations.RunPython(ask_for_drafts, migrations.RunPython.noop),
    ]
