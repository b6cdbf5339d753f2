from django.db import migrations

from caio_project.lib.db.append_only import HoldAppendOnly


class Migration(migrations.Migration):
    dependencies = [("lib", "0015_webhooks_and_answers")]

    operations = [HoldAppendOnly("lib_webhookchange")]
