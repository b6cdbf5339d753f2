"""Templates with several subjects, and three more signals that a template may rest on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outreach", "0025_message_fingerprint")]

    operations = [
        migrations.AddField(
            model_name="emailtemplate",
            name="other_subjects",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Each email gets the first one that no neighbor in the queue has.",
            ),
        ),
        migrations.AlterField(
            model_name="emailtemplate",
            name="signal",
            field=models.CharField(
                blank=True,
                choices=[
                    ("warm_connection", "Warm connection"),
                    ("wants_to_talk", "Demo or contact page"),
                    ("asks_price", "Pricing page"),
                    ("case_study", "Case study"),
                    ("high_intent_page", "High-intent page"),
                    ("hiring", "Hiring"),
                    ("tech_stack", "Tech stack"),
                ],
                help_text="What must be known besides. Empty: used where no template fits a signal.",
                max_length=20,
            ),
        ),
    ]
