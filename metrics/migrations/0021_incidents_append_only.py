from django.db import migrations

from caio_project.lib.db.append_only import HoldAppendOnly


class Migration(migrations.Migration):
    dependencies = [("metrics", "0020_incidents_and_digests")]
    operations = [HoldAppendOnly("metrics_incidentmove")]
