"""Nothing reads assessments by a gapless number any more: a lead asks for its draft itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0035_draft_due")]

    operations = [
        migrations.AlterModelOptions(name="assessment", options={"ordering": ["-pk"]}),
        migrations.RemoveIndex(model_name="assessment", name="assessment_of_lead"),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(fields=["lead", "-id"], name="assessment_of_lead"),
        ),
        migrations.RemoveField(model_name="assessment", name="seq"),
    ]
