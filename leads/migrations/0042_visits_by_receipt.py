from django.db import migrations, models

from caio_project.lib.db.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0041_erasures")]
    operations = [
        AddIndexOnline("visit", models.Index(fields=["received_at"], name="visit_by_receipt")),
    ]
