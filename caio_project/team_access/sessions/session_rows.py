"""Rows of sessions: written at sign-in, renewed every few minutes, ended with an event each."""

from collections.abc import Callable, Iterable
from typing import Any

from allauth.core import context as allauth_context
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from caio_project.lib.models import AccessEvent
from caio_project.team_access.access_log import client_address, record_access
from caio_project.team_access.sessions.browser_words import (
    NO_ADDRESS,
    browser_words,
    masked_address,
)

RENEWED = 300  # seconds: "last seen" is at most so old
PAGES = ("/sales", "/admin")
END_ANY = "lib.end_sessions"
LONGEST_BROWSER = UserSession._meta.get_field("user_agent").max_length


class SeeSessions:
    """Middleware: notes when a session last looked at a page, and from where."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
        if has_session and request.path.startswith(PAGES) and request.user.is_authenticated:
            note_session(request)
        return self.get_response(request)


def note_session(request: HttpRequest) -> None:
    """Renew the row of this session, or make it. Other requests within minutes do nothing."""
    key = request.session.session_key
    if key and caches["process"].add(f"session-seen:{key}", 1, RENEWED):
        seen = {**_seen_in(request), "last_seen_at": timezone.now()}
        if not UserSession.objects.filter(session_key=key, user=request.user).update(**seen):
            start_row(request, request.user)


def start_row(request: HttpRequest, user: Any) -> None:
    """A row for a session that has just begun, in place of what was left of earlier ones."""
    key = request.session.session_key
    if not key:
        return
    rows = UserSession.objects.filter(user=user)
    rows.exclude(session_key__in=live_keys()).delete()
    try:
        with transaction.atomic():
            UserSession.objects.update_or_create(
                session_key=key, defaults={"user": user, **_seen_in(request)}
            )
    except IntegrityError:  # two requests of one session at once
        pass


def live_sessions(user: Any) -> QuerySet[UserSession]:
    """The sessions that still sign `user` in, the one seen last first."""
    rows = UserSession.objects.filter(user=user, session_key__in=live_keys())
    return rows.order_by("-last_seen_at", "-pk")


def reachable_sessions(user: Any) -> QuerySet[UserSession]:
    """Those that `user` may end: their own, or everybody's with the permission."""
    rows = UserSession.objects.select_related("user")
    return rows if user.has_perm(END_ANY) else rows.filter(user=user)


def end_sessions(
    rows: Iterable[UserSession], why: str, *, by: Any = None, request: HttpRequest | None = None
) -> int:
    """End each, with an event; its next request is nobody's. How many were still alive."""
    ended = 0
    for row in rows:
        with transaction.atomic():
            was_alive, _ = Session.objects.filter(session_key=row.session_key).delete()
            UserSession.objects.filter(pk=row.pk).delete()
            if was_alive:
                ended += 1
                about = f"{describe(row)}: {why}"
                kind = AccessEvent.Kind.SESSION_ENDED
                record_access(kind, user=row.user, by=by, request=request, about=about)
    return ended


def end_all_but(
    user: Any, kept_key: str, why: str, *, by: Any = None, request: HttpRequest | None = None
) -> int:
    rows = live_sessions(user).exclude(session_key=kept_key)
    return end_sessions(rows.select_related("user"), why, by=by, request=request)


def current_key(user: Any) -> str:
    """The session of the request at work where it is this person's; "" otherwise."""
    request = allauth_context.request
    own = request is not None and getattr(getattr(request, "user", None), "pk", None) == user.pk
    return str(request.session.session_key or "") if own and hasattr(request, "session") else ""


def describe(row: UserSession) -> str:
    """Such as "Chrome on Windows, 203.0.113.x"."""
    return ", ".join(filter(None, (browser_words(row.user_agent), masked_address(row.ip))))


def _seen_in(request: HttpRequest) -> dict[str, Any]:
    agent = request.META.get("HTTP_USER_AGENT", "").replace("\x00", "")
    return {
        "ip": client_address(request) or NO_ADDRESS,
        "user_agent": agent[:LONGEST_BROWSER].encode("utf-8", "replace").decode(),
    }


def live_keys() -> Any:
    return Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
