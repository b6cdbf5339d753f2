from django.db import migrations

# The overview and the gate of connectivity ask what came since this morning. Without these the
# database reads every visit, move and assessment there has ever been. They stand here because only
# metrics reads these tables by time; on SQLite a later change of such a table may drop them, which
# costs time and nothing else.
INDEXES = (
    ("visit_by_receipt", "leads_visit (received_at)"),
    ("assessment_by_time", "leads_assessment (made_at)"),
    ("move_by_origin", "outreach_move (from_status, at DESC)"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0023_targets_append_only"),
        ("leads", "0041_erasures"),
        ("outreach", "0064_replies_by_correction"),
    ]
    operations = [
        migrations.RunSQL(
            f"CREATE INDEX IF NOT EXISTS {name} ON {rest}", f"DROP INDEX IF EXISTS {name}"
        )
        for name, rest in INDEXES
    ]
