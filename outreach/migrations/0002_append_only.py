from django.db import migrations

from caio_project.lib.db.append_only import HoldAppendOnly


class Migration(migrations.Migration):
    dependencies = [("outreach", "0001_initial")]
    operations = [HoldAppendOnly("outreach_move", "outreach_controlchange")]
