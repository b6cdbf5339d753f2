"""The team's calendar becomes outreach's, for deadlines count by it. The tables stay."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("approvals", "0042_card_compared_at"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name='DayOff'),
                migrations.DeleteModel(name='TeamCalendar'),
            ],
        ),
    ]
