"""The way to the identity provider and back."""

import logging
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.internal import statekit
from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from caio_project.lib.models import AccessEvent
from caio_project.team_access.access_log import client_address, record_access
from caio_project.team_access.single_sign_on import provider, provider_api, refusals
from caio_project.team_access.single_sign_on.refusals import Refusal, SignInRefused

log = logging.getLogger(__name__)
# Of people nobody knows; once in so many seconds by address and code, for anybody can cause them.
ON_THE_RECORD = {Refusal.STATE, Refusal.TOO_MANY, Refusal.TOKEN, Refusal.PROVIDER_REFUSED}
RECORDED_ONCE_IN = 60
TRIES = {"single_sign_on": "30/m/ip"}  # each may cost calls to the provider


@never_cache
@require_POST
def begin_sign_in(request: HttpRequest) -> HttpResponse:
    """Remember what was begun, and lead to the provider.

    A page of its own leads there: our policy for forms lets none be redirected to another site.
    """
    chosen = _chosen_provider(request)
    try:
        address = chosen.redirect_from_request(request).url
    except SignInRefused as error:
        return refused_page(request, error)
    context = {"address": address, "host": urlsplit(address).hostname, "name": settings.OIDC.name}
    return render(request, "caio_project/team_access/sso_leaving.html", context)


@never_cache
@require_safe
def finish_sign_in(request: HttpRequest) -> HttpResponse:
    """What the provider sent the browser back with."""
    chosen = _chosen_provider(request)
    try:
        _count_try(request)
        sociallogin = _proven_login(request, chosen)
        return complete_social_login(request, sociallogin)
    except SignInRefused as error:
        return refused_page(request, error)
    except ImmediateHttpResponse as error:
        return error.response


def refused_page(request: HttpRequest, error: SignInRefused) -> HttpResponse:
    log.warning("single sign-on refused: %s %s", error.code, error.detail)
    name = f"sso-refused:{client_address(request)}:{error.code}"
    if error.code in ON_THE_RECORD and cache.add(name, 1, RECORDED_ONCE_IN):
        kind = AccessEvent.Kind.SSO_REFUSED
        record_access(kind, request=request, about=error.code.value)
    what, then = refusals.words_of(error.code, settings.OIDC.name)
    context = {"what": what, "then": then, "oidc": settings.OIDC}
    page = "caio_project/team_access/sso_refused.html"
    return render(request, page, context, status=refusals.status_of(error.code))


@never_cache
@require_safe
def leave_page(request: HttpRequest) -> HttpResponse:
    """After signing out here: says what holds at the provider, or leads there to sign out too."""
    if not settings.OIDC.is_on:
        raise Http404
    context = {"address": _leave_address(), "oidc": settings.OIDC}
    return render(request, "caio_project/team_access/sso_left.html", context)


def _leave_address() -> str:
    if not settings.OIDC.signs_out_there:
        return ""
    address = provider_api.sign_out_address()
    back = {
        "client_id": settings.OIDC.client_id,
        "post_logout_redirect_uri": f"{settings.SITE_URL}{settings.LOGIN_URL}",
    }
    return f"{address}{'&' if '?' in address else '?'}{urlencode(back)}" if address else ""


def _count_try(request: HttpRequest) -> None:
    counted = {"app": "caio", "action": "single_sign_on", "config": TRIES, "limit_get": True}
    if not ratelimit.consume(request, **counted):
        raise SignInRefused(Refusal.TOO_MANY)


def _chosen_provider(request: HttpRequest) -> Any:
    if not settings.OIDC.is_on:
        raise Http404
    return get_adapter(request).get_provider(request, provider.PROVIDER_ID)


def _proven_login(request: HttpRequest, chosen: Any) -> Any:
    """A login with proven claims, of a sign-in begun in this browser. Raises SignInRefused."""
    given = {name: request.GET.get(name, "") for name in ("state", "code", "error", "iss")}
    state = statekit.unstash_state(
        request, provider_id=chosen.sub_id, state_id=given["state"][:100]
    )
    if state is None or not state.get("nonce"):
        raise SignInRefused(Refusal.STATE)
    if given["error"] or not given["code"]:
        was_cancelled = given["error"] == "access_denied"
        code = Refusal.CANCELLED if was_cancelled else Refusal.PROVIDER_REFUSED
        raise SignInRefused(
            code, "".join(c for c in given["error"] if c.isalnum() or c == "_")[:40]
        )
    issuer = provider_api.read_metadata()["issuer"]
    if given["iss"] and not compare_digest(given["iss"].encode(), issuer.encode()):
        raise SignInRefused(Refusal.STATE, "the answer is of another issuer")  # RFC 9207
    found = provider.prove_identity(given["code"], state)
    sociallogin = chosen.sociallogin_from_response(request, found)
    sociallogin.state = {"next": state.get("next"), "claims": found}
    return sociallogin
