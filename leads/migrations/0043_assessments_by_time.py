from django.db import migrations, models

from caio_project.lib.db.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0042_visits_by_receipt")]
    operations = [
        AddIndexOnline("assessment", models.Index(fields=["made_at"], name="assessment_by_time")),
    ]
