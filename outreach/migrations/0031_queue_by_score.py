"""Within a band the queue goes by score; overdue emails come first."""

from django.db import migrations, models
from django.db.models import F, Q


def order_by_score(apps, schema_editor):
    rows = apps.get_model("outreach", "Message").objects
    rows.filter(status__in=["held", "blocked"], intent__lte=100).update(
        queue_turn=101 - F("intent")
    )


class Migration(migrations.Migration):
    dependencies = [("outreach", "0030_chosen_over_a_colleague")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="queue_turn",
            field=models.PositiveSmallIntegerField(
                default=101,
                help_text="Within its rank: 0 is overdue, then the highest score first.",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["rank", "queue_turn", "due_at", "id"],
                name="message_in_queue",
                condition=Q(status="held"),
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["due_at"],
                name="message_turning_late",
                condition=Q(status="held", queue_turn__gt=0),
            ),
        ),
        migrations.RunPython(order_by_score, migrations.RunPython.noop),
    ]
