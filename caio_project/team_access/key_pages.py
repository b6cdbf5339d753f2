"""The page of API keys: whose they are, what they may do, when they were used, and their end."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from approvals.views.pages import SeeOther
from caio_project.lib.models import ApiKey
from caio_project.lib.words.role_words import ask_a_lead
from caio_project.team_access import api_key_changes

MAX_KEYS_SHOWN = 200


@login_required
@never_cache
@require_safe
def key_list(request: HttpRequest) -> HttpResponse:
    found = list(api_key_changes.visible_keys(request.user)[:MAX_KEYS_SHOWN])
    rows = [
        {
            "key": key,
            "state": key_state(key),
            "revocable": not key.revoked and api_key_changes.may_revoke(request.user, key),
        }
        for key in found
    ]
    return render(request, "caio_project/team_access/keys.html", {"rows": rows})


@login_required
@never_cache
@require_POST
def revoke_key(request: HttpRequest, prefix: str) -> HttpResponse:
    """Revoke a key of one's own, or any with the permission; others are not found."""
    rows = api_key_changes.visible_keys(request.user)
    key = get_object_or_404(rows, prefix=prefix)
    if not api_key_changes.may_revoke(request.user, key):
        raise PermissionDenied(ask_a_lead("revoke a colleague's API key"))
    if api_key_changes.revoke_key(key, by=request.user, request=request):
        messages.success(request, f"Revoked: {key.name}. Requests with it get 401 from now on.")
    else:
        messages.info(request, f"{key.name} was revoked before.")
    return SeeOther(reverse("keys"))


def key_state(key: ApiKey) -> str:
    if key.revoked:
        return "Revoked"
    return "Expired" if key.has_expired else "Active"
