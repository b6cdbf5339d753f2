"""allauth's OpenID Connect provider from our settings: our addresses, a nonce, proven tokens."""

import hashlib
from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import get_random_string

from caio_project.team_access.single_sign_on import admission, claims, provider_api
from caio_project.team_access.single_sign_on.id_tokens import (
    TokenRefused,
    UnknownKey,
    verify_id_token,
)
from caio_project.team_access.single_sign_on.refusals import Refusal, SignInRefused

PROVIDER_ID = "oidc"


class TeamOidcEndpoints(OpenIDConnectOAuth2Adapter):
    """Where the provider is, read by our own client."""

    @property
    def openid_config(self) -> dict[str, Any]:
        return provider_api.read_metadata()

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return callback_address()


class TeamOidcProvider(OpenIDConnectProvider):
    """One provider; what a request says about scope, process or parameters is not heard."""

    oauth2_adapter_class = TeamOidcEndpoints

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        given = super().get_redirect_from_request_kwargs(request)
        nonce = get_random_string(32)
        return {
            "next_url": given.get("next_url"),
            "process": "login",
            "scope": self.get_scope(),
            "auth_params": {"nonce": nonce},
            "nonce": nonce,  # kept with the state
        }

    def extract_uid(self, data: dict[str, Any]) -> str:
        """One value for issuer and subject; a subject of another issuer is another person."""
        return subject_hash(data["iss"], data["sub"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"issuer": data["iss"]}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}


class SocialAccounts(DefaultSocialAccountAdapter):
    """Knows the one provider of the settings, and admits people by our rules."""

    def list_apps(self, request: Any, provider: Any = None, client_id: Any = None) -> list[Any]:
        oidc = settings.OIDC
        is_asked = provider in (None, PROVIDER_ID, TeamOidcProvider.id)
        if not oidc.is_on or not is_asked or client_id not in (None, oidc.client_id):
            return []
        options = {"oauth_pkce_enabled": True, "scope": list(oidc.scopes)}
        app = SocialApp(
            provider=TeamOidcProvider.id,
            provider_id=PROVIDER_ID,
            name=oidc.name,
            client_id=oidc.client_id,
            secret=oidc.client_secret,
            settings={"server_url": oidc.issuer, **options},
        )
        return [app]

    def get_provider(self, request: Any, provider: Any, client_id: Any = None) -> Any:
        return TeamOidcProvider(request, app=self.get_app(request, provider, client_id))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def authenticate_by_email(self, sociallogin: SocialLogin) -> None:
        """Accounts are found in `admission`, by verified addresses alone."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        found = sociallogin.state["claims"]
        sociallogin.user = admission.admit(sociallogin.account, found, request)
        sociallogin.state = {
            "next": sociallogin.state.get("next"),
            "second_factor": counts_as_second_factor(found),
        }


def callback_address() -> str:
    return settings.SITE_URL + reverse("single-sign-on-callback")


def subject_hash(issuer: str, subject: str) -> str:
    return hashlib.sha256(f"{issuer} {subject}".encode()).hexdigest()


def counts_as_second_factor(found: claims.Claims) -> bool:
    """Whether the provider vouches for a second factor, as far as OIDC_SECOND_FACTOR lets it."""
    said = settings.OIDC.second_factor
    return said == "provider" or (said == "claim" and claims.names_second_factor(found))


def prove_identity(code: str, state: dict[str, Any]) -> dict[str, Any]:
    """Claims of whoever signed in, of the id token and of userinfo about the same subject.

    The id token wins where both say something. Raises SignInRefused.
    """
    tokens = provider_api.exchange_code(code, state["pkce_code_verifier"], callback_address())
    proven = _proven_claims(str(tokens.get("id_token") or ""), state["nonce"])
    more = provider_api.read_userinfo(str(tokens.get("access_token") or ""))
    if more and more.get("sub") != proven["sub"]:
        raise SignInRefused(Refusal.TOKEN, "userinfo is about another subject")
    return claims.merge_claims(proven, more)


def _proven_claims(token: str, nonce: str) -> dict[str, Any]:
    expected = {
        "issuer": provider_api.read_metadata()["issuer"],
        "client_id": settings.OIDC.client_id,
        "nonce": nonce,
    }
    try:
        try:
            return verify_id_token(token, provider_api.signing_keys(), **expected)
        except UnknownKey:
            return verify_id_token(token, provider_api.signing_keys(again=True), **expected)
    except TokenRefused as error:
        raise SignInRefused(Refusal.TOKEN, f"id token: {error}") from error
