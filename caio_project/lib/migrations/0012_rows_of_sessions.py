from importlib import import_module

from django.conf import settings
from django.db import migrations
from django.utils import timezone


def list_sessions(apps, schema_editor):
    """Sessions that began before they were listed, so that they can be ended too."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    users = apps.get_model(*settings.AUTH_USER_MODEL.split("."))
    rows = apps.get_model("usersessions", "UserSession")
    known = {str(pk) for pk in users.objects.values_list("pk", flat=True)}
    live = apps.get_model("sessions", "Session").objects.filter(expire_date__gt=timezone.now())
    for session in live.iterator():
        user = str(store.decode(session.session_data).get("_auth_user_id", ""))
        if user in known:
            rows.objects.get_or_create(
                session_key=session.session_key,
                defaults={"user_id": user, "ip": "0.0.0.0", "user_agent": ""},
            )


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0011_access_kinds"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [migrations.RunPython(list_sessions, migrations.RunPython.noop)]
