from django.db import migrations, models

ANY = [("slack", "Slack"), ("email", "Email")]
NOTES = [*ANY, ("page", "Only on the page Notices")]


def chosen(choices):
    return models.CharField(
        blank=True, choices=choices, db_default="", default="", max_length=5,
        help_text="Empty for the team's.",
    )


class Migration(migrations.Migration):
    dependencies = [("lib", "0027_rb2b_tokens")]
    operations = [
        migrations.AddField("personalsettings", "notices_of_emails", chosen(ANY)),
        migrations.AddField("personalsettings", "notices_of_answers", chosen(ANY)),
        migrations.AddField("personalsettings", "notices_of_notes", chosen(NOTES)),
        migrations.AddField("personalsettings", "notices_of_incidents", chosen(ANY)),
    ]
