from django.db import migrations

from caio_project.lib.db.append_only import HoldAppendOnly


class Migration(migrations.Migration):
    dependencies = [("metrics", "0022_targets_and_prices")]
    operations = [HoldAppendOnly("metrics_monthlytarget", "metrics_unitprice")]
