"""The record of sign-ins, refused ones, second factors and API keys."""

import logging
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from caio_project.lib.models import AccessEvent

log = logging.getLogger(__name__)


def record_access(
    kind: AccessEvent.Kind,
    *,
    user: Any = None,
    by: Any = None,
    request: HttpRequest | None = None,
    about: str = "",
) -> AccessEvent:
    """Store one event and log it. `user` is whose account it is, `by` who acted for it."""
    event = AccessEvent.objects.create(
        kind=kind,
        user=user if getattr(user, "pk", None) else None,
        by=by if getattr(by, "pk", None) else None,
        address=client_address(request),
        about=about[:100],
    )
    level = logging.WARNING if kind in AccessEvent.REFUSED else logging.INFO
    log.log(level, "access event %s: %s, user %s", event.pk, kind, event.user_id or "-")
    return event


def client_address(request: HttpRequest | None) -> str | None:
    """The client's IP address as allauth's throttles see it; None where it cannot be known."""
    if request is None:
        return None
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        return None
