"""Access to the API: a session with permissions, or a key with scopes, for the same scope."""

from datetime import timedelta
from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from caio_project.lib.api import rate_limits
from caio_project.lib.models import SCOPES, ApiKey


class ApiKeyAuthentication(BaseAuthentication):
    """Read `Authorization: Bearer <key>`; `request.auth` is the key, `request.user` its user."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        try:
            key = cast(ApiKey, ApiKey.objects.get_from_key(_decode_token(parts[1])))
        except (IndexError, ValueError, ApiKey.DoesNotExist) as error:
            raise AuthenticationFailed("This API key is not known.") from error
        if key.has_expired or (key.user and not key.user.is_active):
            raise AuthenticationFailed("This API key is no longer valid.")
        rate_limits.count_use(request._request, key.pk)
        _record_use(key)
        return key.user or AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _decode_token(token: bytes) -> str:
    text = token.decode("ascii")
    if not text.isprintable():  # PostgreSQL would refuse a NUL with an error of its own
        raise ValueError("not printable")
    return text


def _record_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - timedelta(minutes=1):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


class HasScope(BasePermission):
    """Require `view.scope` or `view.scopes[METHOD]`. A view without either is closed."""

    def has_permission(self, request: Request, view: Any) -> bool:
        scope = getattr(view, "scopes", {}).get(request.method) or getattr(view, "scope", None)
        if scope is None:
            return False
        self.message = f"This needs the scope {scope}."
        if isinstance(request.auth, ApiKey):
            return self._key_may(request.auth, scope)
        return bool(
            request.user and request.user.is_authenticated and request.user.has_perm(SCOPES[scope])
        )

    def _key_may(self, key: ApiKey, scope: str) -> bool:
        """The scope, and at this moment the permission of the person it acts for."""
        if scope not in key.scopes:
            return False
        if key.user is None or key.user.has_perm(SCOPES[scope]):
            return True
        self.message = f"{key.user.get_username()}, for whom this key acts, may not do {scope}."
        return False


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key from `manage.py create_api_key`.",
        }
