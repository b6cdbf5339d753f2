import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lib", "0025_personal_switches")]
    operations = [
        migrations.CreateModel(
            name="Rb2bToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("slot", models.PositiveSmallIntegerField(help_text="One live token each.")),
                ("prefix", models.CharField(help_text="How it begins, to tell it by.", max_length=8)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("made_by_name", models.CharField(max_length=150)),
                ("last_used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["pk"],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at", None)), fields=["slot"], name="one_live_token_a_slot"
                    )
                ],
            },
        ),
    ]
