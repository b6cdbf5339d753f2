"""The page of sessions: where one is signed in, and its end there."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from approvals.views.pages import SeeOther
from caio_project.team_access.sessions import session_rows
from caio_project.team_access.sessions.browser_words import browser_words, masked_address

MAX_SHOWN = 100


@login_required
@never_cache
@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    here = request.session.session_key
    rows = [
        {
            "pk": row.pk,
            "browser": browser_words(row.user_agent),
            "address": masked_address(row.ip),
            "since": row.created_at,
            "seen": row.last_seen_at,
            "is_here": row.session_key == here,
        }
        for row in session_rows.live_sessions(request.user)[:MAX_SHOWN]
    ]
    rows.sort(key=lambda row: not row["is_here"])
    context = {"rows": rows, "has_others": any(not row["is_here"] for row in rows)}
    if request.user.has_perm(session_rows.END_ANY):
        context["people"] = _people_signed_in(request.user)
    return render(request, "caio_project/team_access/sessions.html", context)


@login_required
@never_cache
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own, or any with the permission; others are not found."""
    row = get_object_or_404(session_rows.reachable_sessions(request.user), pk=pk)
    if row.session_key == request.session.session_key:
        messages.info(request, "This is where you are now. Use Sign out.")
        return _back()
    why = "by themselves" if row.user_id == request.user.pk else "by a Lead"
    session_rows.end_sessions([row], why, by=request.user, request=request)
    messages.success(request, f"Signed out: {session_rows.describe(row)}.")
    return _back()


@login_required
@never_cache
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    here = request.session.session_key or ""
    ended = session_rows.end_all_but(
        request.user, here, "by themselves", by=request.user, request=request
    )
    messages.success(request, f"Signed out everywhere else: {_counted(ended)}.")
    return _back()


@login_required
@permission_required(session_rows.END_ANY, raise_exception=True)
@never_cache
@require_POST
def end_sessions_of(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(get_user_model(), pk=pk)
    kept = (request.session.session_key or "") if person.pk == request.user.pk else ""
    ended = session_rows.end_all_but(person, kept, "by a Lead", by=request.user, request=request)
    messages.success(request, f"Signed out {person.get_username()}: {_counted(ended)}.")
    return _back()


def _people_signed_in(user: Any) -> list[dict[str, Any]]:
    live = UserSession.objects.filter(session_key__in=session_rows.live_keys())
    found = live.exclude(user=user).values("user_id", "user__username")
    counted = found.annotate(sessions=Count("pk"), seen=Max("last_seen_at"))
    return [
        {
            "pk": row["user_id"],
            "name": row["user__username"],
            "sessions": _counted(row["sessions"]),
            "seen": row["seen"],
        }
        for row in counted.order_by("user__username")[:MAX_SHOWN]
    ]


def _counted(number: int) -> str:
    return "1 session" if number == 1 else f"{number} sessions"


def _back() -> SeeOther:
    return SeeOther(reverse("sessions"))
