"""The turn of the next call, for vendors whose calls are spread evenly."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0036_assessment_without_number")]

    operations = [
        migrations.AddField(
            model_name="ratewindow",
            name="next_turn",
            field=models.FloatField(
                default=0,
                db_default=0,
                help_text="Unix time of the next call, where calls have a pace.",
            ),
        )
    ]
