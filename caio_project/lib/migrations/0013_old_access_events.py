from django.db import migrations

from caio_project.lib.db import append_only

TABLE = "lib_accessevent"


def set_guards_anew(apps, schema_editor):
    """The database refuses to delete a sign-in for 90 days, and to change one for ever."""
    append_only.allow_changes(schema_editor, TABLE)
    append_only.forbid_changes(schema_editor, TABLE)


class Migration(migrations.Migration):

    dependencies = [("lib", "0012_rows_of_sessions")]

    operations = [migrations.RunPython(set_guards_anew, set_guards_anew)]
