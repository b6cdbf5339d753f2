from django.db import migrations

from caio_project.lib import sealed

SECRETS = ("secret", "seed")


def seal(apps, schema_editor):
    """Encrypt what was stored in clear. What is sealed already stays as it is."""
    for row in apps.get_model("mfa", "Authenticator").objects.all():
        clear = {
            name: value
            for name, value in row.data.items()
            if name in SECRETS and isinstance(value, str) and not is_sealed(value)
        }
        if clear:
            row.data |= {name: sealed.encrypt_text(value) for name, value in clear.items()}
            row.save(update_fields=["data"])


def unseal(apps, schema_editor):
    for row in apps.get_model("mfa", "Authenticator").objects.all():
        found = {n: v for n, v in row.data.items() if n in SECRETS and is_sealed(v)}
        if found:
            row.data |= {name: sealed.decrypt_text(value) for name, value in found.items()}
            row.save(update_fields=["data"])


def is_sealed(value):
    try:
        sealed.decrypt_text(value)
    except sealed.DecryptionError:
        return False
    return True


class Migration(migrations.Migration):

    dependencies = [
        ('lib', '0002_access_events'),
        ('mfa', '0003_authenticator_type_uniq'),
    ]

    operations = [migrations.RunPython(seal, unseal)]
