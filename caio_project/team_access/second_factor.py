"""Second factors: encrypted as stored, demanded of the roles in SECOND_FACTOR_ROLES."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from caio_project.lib import sealed
from caio_project.lib.models import AccessEvent
from caio_project.lib.web.problems import problem_response
from caio_project.team_access.access_log import record_access

OPEN_PATHS = ("/accounts/", "/static/", "/u/", "/webhooks/", "/api/health", "/api/queue-status")
SINGLE_SIGN_ON = "single_sign_on"  # in a session: how it began
UNREADABLE = (
    "This second factor was stored under another SECRET_KEY. Ask an administrator to remove it."
)


class SealedFactors(DefaultMFAAdapter):
    """Secrets and seeds leave and enter the database encrypted."""

    def encrypt(self, text: str) -> str:
        return sealed.encrypt_text(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises ValidationError, so that a form says why no code is right."""
        try:
            return sealed.decrypt_text(encrypted_text)
        except sealed.DecryptionError as error:
            raise ValidationError(UNREADABLE) from error

    def get_totp_issuer(self) -> str:
        return "CAIO"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Keys belong to the host of SITE_URL, whatever host a request was sent to."""
        return {"id": urlsplit(settings.SITE_URL).hostname or "", "name": "CAIO"}

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """A name that no other key of this person has."""
        keys = Authenticator.objects.filter(user=user, type=type)
        taken = {key.data.get("name") for key in keys}
        names = (f"Security key {number}" for number in range(1, len(taken) + 2))
        return next(name for name in names if name not in taken)


def remove_factors(user: Any, *, by: Any = None, request: HttpRequest | None = None) -> bool:
    """For who has lost theirs. Whether there was one."""
    with transaction.atomic():
        removed, _ = Authenticator.objects.filter(user=user).delete()
        if removed:
            kind = AccessEvent.Kind.FACTOR_REMOVED
            record_access(kind, user=user, by=by, request=request, about="all, as lost")
    return bool(removed)


def is_demanded_of(user: Any) -> bool:
    """A superuser may do what every role may, so any role in the setting means them as well."""
    roles = settings.SECOND_FACTOR_ROLES
    if not roles or not user.is_authenticated:
        return False
    return user.is_superuser or user.groups.filter(name__in=roles).exists()


def has_factor(user: Any) -> bool:
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user=user, type__in=kinds).exists()


def is_vouched_for(request: HttpRequest) -> bool:
    """Whether this session began by single sign-on with a second factor asked for there."""
    return bool(request.session.get(SINGLE_SIGN_ON, {}).get("second_factor"))


class FactorStage(AuthenticateStage):
    """Asks for the second factor of this account, unless the identity provider vouches for one."""

    def _should_handle(self, request: HttpRequest) -> bool:
        began = (self.login.signal_kwargs or {}).get("sociallogin")
        is_vouched = began is not None and bool(began.state.get("second_factor"))
        return not is_vouched and bool(super()._should_handle(request))


class DemandSecondFactor:
    """Send who lacks a demanded factor to the page that sets it up; nothing else is open to them.

    API keys are no people: a request with one is decided by its scopes.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.SECOND_FACTOR_ROLES or request.path.startswith(OPEN_PATHS):
            return self.get_response(request)
        user = request.user
        if not is_demanded_of(user) or has_factor(user) or is_vouched_for(request):
            return self.get_response(request)
        if request.path.startswith("/api/"):
            text = "Your role needs a second factor. Set it up at /accounts/2fa/."
            return problem_response(HTTPStatus.FORBIDDEN, text)
        return HttpResponseRedirect(reverse("mfa_activate_totp"))
