"""A template has a language; those there are, are in English."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outreach", "0023_no_position_of_drafting")]

    operations = [
        migrations.AddField(
            model_name="emailtemplate",
            name="language",
            field=models.CharField(
                db_default="en",
                default="en",
                help_text="People who read another one get it only after a person has looked.",
                max_length=8,
            ),
        ),
    ]
