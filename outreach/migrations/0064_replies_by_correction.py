from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outreach", "0062_escalation_index")]

    operations = [
        migrations.AddIndex(
            model_name="reply",
            index=models.Index(
                fields=["corrected_at"],
                name="reply_corrected",
                condition=models.Q(corrected_at__isnull=False),
            ),
        )
    ]
