from django.db import migrations, models

from caio_project.lib.db.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("outreach", "0064_replies_by_correction")]
    operations = [
        AddIndexOnline("move", models.Index(fields=["from_status", "-at"], name="move_by_origin")),
    ]
