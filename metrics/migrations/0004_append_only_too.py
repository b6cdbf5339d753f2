from django.db import migrations

from caio_project.lib.db.append_only import HoldAppendOnly


class Migration(migrations.Migration):
    dependencies = [("metrics", "0003_baseline_and_sign_off")]
    operations = [HoldAppendOnly("metrics_baseline"), HoldAppendOnly("metrics_signoff")]
