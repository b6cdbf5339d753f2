"""Ends sessions where an account changes: a new password, a deactivation, a role taken away."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed, post_save, pre_save

from caio_project.team_access.sessions import session_rows

NEW_PASSWORD, DEACTIVATED, ROLE_TAKEN = "password changed", "deactivated", "role taken away"
WATCHED = {"password", "is_active"}


def listen() -> None:
    model = get_user_model()
    pre_save.connect(_before_saving, sender=model, dispatch_uid="sessions-before")
    post_save.connect(_after_saving, sender=model, dispatch_uid="sessions-after")
    through = model.groups.through
    m2m_changed.connect(_on_roles, sender=through, dispatch_uid="sessions-roles")


def _before_saving(instance: Any, update_fields: Any = None, **_: Any) -> None:
    instance.sessions_end_as = ""
    if instance.pk is None or (update_fields is not None and not WATCHED & set(update_fields)):
        return
    stored = type(instance).objects.filter(pk=instance.pk).values_list("password", "is_active")
    for password, was_active in stored:
        if was_active and not instance.is_active:
            instance.sessions_end_as = DEACTIVATED
        elif password != instance.password:
            instance.sessions_end_as = NEW_PASSWORD


def _after_saving(instance: Any, **_: Any) -> None:
    why = getattr(instance, "sessions_end_as", "")
    if why:
        kept = session_rows.current_key(instance) if why == NEW_PASSWORD else ""
        session_rows.end_all_but(instance, kept, why)


def _on_roles(instance: Any, action: str, reverse: bool, pk_set: Any, **_: Any) -> None:
    """Rights are read at each request; what ends here are pages that still show more."""
    if action == "post_remove":
        users = get_user_model().objects.filter(pk__in=pk_set) if reverse else [instance]
    elif action == "pre_clear":
        users = instance.user_set.all() if isinstance(instance, Group) else [instance]
    else:
        return
    for user in users:
        session_rows.end_all_but(user, "", ROLE_TAKEN)
