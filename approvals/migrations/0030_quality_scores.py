import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from caio_project.lib.db.append_only import HoldAppendOnly

MARKS = ("personalisation", "subject_line", "value_proposition", "call_to_action", "tone")


class Migration(migrations.Migration):

    dependencies = [
        ("approvals", "0021_reopen"),
        ("outreach", "0034_plainer_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="QualityScore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(help_text="Of the text that was read.")),
                *[(name, models.PositiveSmallIntegerField(help_text="1 to 5.")) for name in MARKS],
                ("source", models.CharField(choices=[("desk", "Desk"), ("file", "File")], max_length=4)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("message", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="scores", to="outreach.message")),
            ],
            options={
                "indexes": [models.Index(fields=["message", "by"], name="score_of_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(*[(f"{name}__{end}", at) for name in MARKS for end, at in (("gte", 1), ("lte", 5))]),
                        name="marks_are_1_to_5",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QualityComment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                ("score", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="comment", to="approvals.qualityscore")),
            ],
        ),
        HoldAppendOnly("approvals_qualityscore"),
    ]
