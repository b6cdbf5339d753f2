from typing import Any

from django.db import migrations

from caio_project.lib.db.append_only import HoldAppendOnly


def say_how(apps: Any, schema_editor: Any) -> None:
    """Until now an owner was the default sender, or whom GoHighLevel named when its contact became a lead."""
    Lead, TeamMember = apps.get_model("leads", "Lead"), apps.get_model("leads", "TeamMember")
    owned = Lead.objects.exclude(owner=None)
    owned.filter(owner__is_default_sender=True).update(owner_how="default")
    for member in TeamMember.objects.exclude(ghl_user_id="").filter(is_default_sender=False):
        owned.filter(owner=member).update(owner_how="ghl", ghl_assigned_to=member.ghl_user_id)


class Migration(migrations.Migration):
    dependencies = [("leads", "0015_owners")]

    operations = [
        migrations.RunPython(say_how, migrations.RunPython.noop),
        HoldAppendOnly("leads_ownerchange"),
    ]
