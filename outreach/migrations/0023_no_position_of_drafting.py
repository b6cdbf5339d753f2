"""Drafting has no position any more: leads ask for their drafts."""

from django.db import migrations


def forget_position(apps, schema_editor):
    apps.get_model("outreach", "Position").objects.filter(reader="drafting").delete()


class Migration(migrations.Migration):
    dependencies = [("outreach", "0022_blocked_drafts")]

    operations = [migrations.RunPython(forget_position, migrations.RunPython.noop)]
