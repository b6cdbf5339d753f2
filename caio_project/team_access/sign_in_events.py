"""Puts on record what allauth and Django announce about sign-ins, passwords and factors."""

from datetime import timedelta
from typing import Any

from allauth.account import signals as account_signals
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as factor_signals
from django.conf import settings
from django.contrib.auth import get_user_model, signals
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.models import AccessEvent
from caio_project.team_access.access_log import client_address, record_access
from caio_project.team_access.second_factor import SINGLE_SIGN_ON
from caio_project.team_access.sessions import session_rows

Kind = AccessEvent.Kind
METHODS = {
    "socialaccount": "single sign-on",
    "mfa": "second factor",
    "totp": "code",
    "webauthn": "security key",
    "recovery_codes": "recovery code",
}
BY_THEMSELVES = (
    (account_signals.password_changed, Kind.PASSWORD_CHANGED, ""),
    (account_signals.password_set, Kind.PASSWORD_CHANGED, "first password"),
    (account_signals.password_reset, Kind.PASSWORD_CHANGED, "by the link in an email"),
    (factor_signals.authenticator_added, Kind.FACTOR_ADDED, ""),
    (factor_signals.authenticator_removed, Kind.FACTOR_REMOVED, ""),
    (factor_signals.authenticator_reset, Kind.CODES_RENEWED, ""),
)


def listen() -> None:
    signals.user_logged_in.connect(_on_sign_in, dispatch_uid="access-in")
    signals.user_logged_out.connect(_on_sign_out, dispatch_uid="access-out")
    signals.user_login_failed.connect(_on_refused_password, dispatch_uid="access-refused")
    account_signals.user_logged_in.connect(_on_way_in, dispatch_uid="access-way-in")
    factor_signals.authentication_failed.connect(_on_refused_code, dispatch_uid="access-code")
    for number, (signal, kind, about) in enumerate(BY_THEMSELVES):
        signal.connect(_recorder(kind, about), weak=False, dispatch_uid=f"access-{number}")


def _recorder(kind: AccessEvent.Kind, about: str) -> Any:
    def record(*, request: Any, user: Any, authenticator: Any = None, **_: Any) -> None:
        factor = authenticator.get_type_display() if authenticator else ""
        record_access(kind, user=user, by=user, request=request, about=str(factor or about))

    return record


def _on_sign_in(*, request: Any, user: Any, **_: Any) -> None:
    records = get_authentication_records(request, user) if request is not None else []
    names = [str(one.get("type") or one["method"]) for one in records]
    methods = " and ".join(dict.fromkeys(METHODS.get(name, name) for name in names))
    record_access(Kind.SIGNED_IN, user=user, by=user, request=request, about=methods)
    if client_address(request):
        session_rows.start_row(request, user)


def _on_way_in(*, request: Any, sociallogin: Any = None, **_: Any) -> None:
    """A session by single sign-on ends within hours, so that roles are read from the claim anew."""
    if sociallogin is None:
        request.session.pop(SINGLE_SIGN_ON, None)
        return
    is_vouched = bool(sociallogin.state.get("second_factor"))
    request.session[SINGLE_SIGN_ON] = {"second_factor": is_vouched}
    request.session.set_expiry(timezone.now() + timedelta(hours=settings.OIDC.session_hours))


def _on_sign_out(*, request: Any, user: Any, **_: Any) -> None:
    if user is not None:
        record_access(Kind.SIGNED_OUT, user=user, by=user, request=request)


def _on_refused_password(*, credentials: Any, request: Any = None, **_: Any) -> None:
    """Name the account; what was typed is not kept, for it may be a password."""
    record_access(Kind.PASSWORD_REFUSED, user=_account_tried(credentials), request=request)


def _account_tried(credentials: Any) -> Any:
    typed = str(credentials.get("username") or credentials.get("email") or "")
    if not typed or "\x00" in typed:
        return None
    named = Q(username__iexact=typed) | Q(email__iexact=typed)
    return get_user_model().objects.filter(named).order_by("pk").first()


def _on_refused_code(*, request: Any, user: Any, authenticator: Any, **_: Any) -> None:
    about = str(authenticator.get_type_display())
    record_access(Kind.CODE_REFUSED, user=user, request=request, about=about)
