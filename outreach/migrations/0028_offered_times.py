"""Until when the times hold that an email offers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outreach", "0027_what_we_sell")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="offer_ends_at",
            field=models.DateTimeField(
                blank=True, help_text="The first of the times that its text offers.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(
                    ("offer_ends_at__isnull", False), ("status__in", ["held", "blocked"])
                ),
                fields=["offer_ends_at"],
                name="message_offer_ends",
            ),
        ),
    ]
