from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lib", "0024_file_imports")]
    operations = [
        migrations.AddField(
            "personalsettings", "keys_off", models.BooleanField(default=False, db_default=False)
        ),
        migrations.AddField(
            "personalsettings",
            "numbers_still",
            models.BooleanField(
                default=False, db_default=False, help_text="Times of day in place of countdowns."
            ),
        ),
        migrations.AddField(
            "personalsettings",
            "stays_on_decided",
            models.BooleanField(
                default=False,
                db_default=False,
                help_text="After a decision the next email is not opened.",
            ),
        ),
    ]
