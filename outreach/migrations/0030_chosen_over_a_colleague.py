"""Which email a person chose to write instead of a colleague's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outreach", "0029_snooze")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="chosen_at",
            field=models.DateTimeField(
                blank=True,
                null=True,
                help_text="When a person chose it instead of a colleague's.",
            ),
        ),
    ]
