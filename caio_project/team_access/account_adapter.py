"""What allauth does our way: links from SITE_URL, nothing to strangers, refusals on record."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import ResetPasswordForm
from allauth.core import context as allauth_context
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from caio_project.lib.models import AccessEvent
from caio_project.team_access.access_log import client_address, record_access
from caio_project.team_access.second_factor import SINGLE_SIGN_ON
from caio_project.team_access.single_sign_on.claims import is_same_address

THROTTLE_CODES = ("too_many_login_attempts", "rate_limited")
FACTOR_STAGE = "caio_project.team_access.second_factor.FactorStage"
THROTTLED_ONCE_IN = 60  # seconds: a flood of tries is one line a minute and address


def active_users_with_email(email: str) -> list[Any]:
    """Accounts of this address, however it is capitalised."""
    found = get_user_model().objects.filter(email__iexact=email, is_active=True)
    return [user for user in found[:20] if is_same_address(user.email, email)][:5]


def may_use_password(user: Any) -> bool:
    """Under OIDC_ONLY, the accounts in OIDC_BREAK_GLASS alone."""
    return not settings.OIDC.is_only_way or user.get_username() in settings.OIDC.break_glass


class TeamBackend(AuthenticationBackend):
    """Take a username or an email address with the password."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        """A password also confirms who is signed in already, whichever way they came."""
        user = super().authenticate(request, **credentials)
        signed_in = getattr(request, "user", None)
        is_confirmed = user is not None and signed_in is not None and signed_in.pk == user.pk
        return user if user is None or is_confirmed or may_use_password(user) else None

    def _authenticate_by_email(self, email: str, password: str) -> Any:
        for user in active_users_with_email(email) if email else []:
            if self._check_password(user, password):
                return user
        return None


class TeamResetForm(ResetPasswordForm):
    """Write to the active accounts of an address that sign in by password; whoever asks always gets
    the same answer.
    """

    def clean_email(self) -> str:
        found = active_users_with_email(self.cleaned_data["email"])
        self.users = [one for one in found if one.has_usable_password() and may_use_password(one)]
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        for user in self.users:
            record_access(AccessEvent.Kind.RESET_ASKED, user=user, request=request)
        return str(super().save(request, **kwargs))


class TeamAccountAdapter(DefaultAccountAdapter):
    def get_login_stages(self) -> list[str]:
        theirs, ours = "allauth.mfa.stages.AuthenticateStage", FACTOR_STAGE
        return [ours if stage == theirs else stage for stage in super().get_login_stages()]

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        if request.session.get(SINGLE_SIGN_ON) and settings.OIDC.is_on:
            return reverse("single-sign-on-left")
        return str(super().get_logout_redirect_url(request))

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        if code in THROTTLE_CODES:
            _record_throttling(allauth_context.request)
        return super().validation_error(code, *args)

    def get_reset_password_from_key_url(self, key: str) -> str:
        parts = {"uidb36": "UID", "key": "KEY"}
        path = reverse("account_reset_password_from_key", kwargs=parts)
        return settings.SITE_URL + path.replace("UID-KEY", key)

    def format_email_subject(self, subject: str) -> str:
        return f"CAIO: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Name the site by its setting; the request's Host is what a client wrote."""
        site = {"name": "CAIO", "domain": settings.SITE_URL}
        super().send_mail(template_prefix, email, {**context, "current_site": site})


def _record_throttling(request: HttpRequest | None) -> None:
    address = client_address(request)
    if cache.add(f"throttled:{address}", 1, THROTTLED_ONCE_IN):
        record_access(AccessEvent.Kind.THROTTLED, request=request)
