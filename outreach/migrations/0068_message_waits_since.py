from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows that are there keep it empty: `held_at` and `snoozed_until` say the same for them."""

    dependencies = [("outreach", "0067_tiers_are_named")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="waits_since",
            field=models.DateTimeField(
                blank=True,
                help_text="When its wait for a decision began; a snoozed email's, when it comes back.",
                null=True,
            ),
        ),
    ]
