from django.db import migrations

from caio_project.lib.db.append_only import HoldAppendOnly


class Migration(migrations.Migration):
    dependencies = [("metrics", "0005_domain_days_and_dmarc_reports")]
    operations = [HoldAppendOnly("metrics_dmarcreport"), HoldAppendOnly("metrics_dmarcsource")]
