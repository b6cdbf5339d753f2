from django.db import migrations

from caio_project.lib.db.append_only import HoldAppendOnly


class Migration(migrations.Migration):
    dependencies = [("metrics", "0001_initial")]
    operations = [HoldAppendOnly("metrics_gateevaluation")]
