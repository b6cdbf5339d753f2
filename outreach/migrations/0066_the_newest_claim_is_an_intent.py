"""When the last slot was claimed is read from the intents; the column goes with a later release."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("outreach", "0065_moves_by_origin"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="control", name="last_claim_at"),
            ],
        ),
    ]
