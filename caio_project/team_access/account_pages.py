"""The page of sign-ins, and pages of allauth that accounts made by an administrator do not need."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from caio_project.lib.models import AccessEvent

SEE_ANY = "lib.view_accessevent"
MAX_SHOWN = 100


@login_required
@never_cache
@require_safe
def sign_in_list(request: HttpRequest) -> HttpResponse:
    """One's own, newest first; everybody's for who may see them."""
    rows = AccessEvent.objects.select_related("user", "by").order_by("-at", "-pk")
    sees_all = request.user.has_perm(SEE_ANY)
    if not sees_all:
        rows = rows.filter(user_id=request.user.pk or 0)
    context = {"events": rows[:MAX_SHOWN], "sees_all": sees_all}
    return render(request, "caio_project/team_access/sign_ins.html", context)


def closed_page(request: HttpRequest, *args: Any) -> HttpResponse:
    raise Http404
