"""Revoking of API keys: once, for good, and on record."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from caio_project.lib.models import AccessEvent, ApiKey
from caio_project.team_access.access_log import record_access

REVOKE_ANY = "lib.change_apikey"
SEE_ANY = "lib.view_apikey"


def visible_keys(user: Any) -> QuerySet[ApiKey]:
    """All keys for who may see them; otherwise the keys that act for this person."""
    rows = ApiKey.objects.select_related("user").order_by("revoked", "name", "created")
    return rows if user.has_perm(SEE_ANY) or user.has_perm(REVOKE_ANY) else rows.filter(user=user)


def may_revoke(user: Any, key: ApiKey) -> bool:
    return key.user_id == user.pk or user.has_perm(REVOKE_ANY)


def revoke_key(key: ApiKey, *, by: Any = None, request: HttpRequest | None = None) -> bool:
    """Whether it was revoked now; False where it had been before."""
    with transaction.atomic():
        if not ApiKey.objects.filter(pk=key.pk, revoked=False).update(revoked=True):
            return False
        about = f"{key.name} ({key.prefix})"
        record_access(
            AccessEvent.Kind.KEY_REVOKED, user=key.user, by=by, request=request, about=about
        )
    return True
