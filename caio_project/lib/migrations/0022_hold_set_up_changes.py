from django.db import migrations

from caio_project.lib.db.append_only import HoldAppendOnly


class Migration(migrations.Migration):
    dependencies = [("lib", "0021_set_up_vendors")]

    operations = [HoldAppendOnly("lib_setupchange")]
