"""Live events are found at once, however many imported ones wait."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("leads", "0037_rate_turn")]

    operations = [
        migrations.AddIndex(
            model_name="inboundevent",
            index=models.Index(
                fields=["source", "not_before"],
                name="inbound_event_due_of_source",
                condition=Q(state="waiting"),
            ),
        ),
        migrations.RemoveIndex(model_name="inboundevent", name="inbound_event_due"),
    ]
