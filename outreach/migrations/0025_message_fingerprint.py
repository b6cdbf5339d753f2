"""Each email keeps a fingerprint of its text, by which near copies in the queue are found.

Emails that are held already have none, and are compared once their text is written anew.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outreach", "0024_template_language")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="fingerprint",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("status", "held")),
                fields=["fingerprint"],
                name="message_copies",
            ),
        ),
    ]
