"""What the webhooks of all vendors share: secrets compared in constant time, and the same answers."""

import hmac
from collections.abc import Sequence

from django.http import HttpRequest, JsonResponse

from caio_project.lib.web.problems import problem_response


def matches_any_secret(token: str, allowed: Sequence[str]) -> bool:
    """Constant-time, and over all of them, so that the time tells nothing. An empty secret is none."""
    given = token.encode()
    return any([hmac.compare_digest(given, one.encode()) for one in allowed if one]) and bool(given)  # noqa: C419


def refuse_without_secret(request: HttpRequest, name: str, secret: str) -> JsonResponse | None:
    """The answer to a request that does not carry `secret`, the setting `name`, as its bearer token; None for one
    that does. While a secret is changed the setting holds the old one and the new one, with a comma between."""
    secrets = [one.strip() for one in secret.split(",") if one.strip()]
    if not secrets:
        return problem_response(503, f"{name} is not set, so no callback can be trusted.")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and matches_any_secret(token, secrets):
        return None
    return problem_response(
        401, "Authorization: it is missing or wrong.", **{"WWW-Authenticate": "Bearer"}
    )


def stored_response(id: str, *, is_spooled: bool) -> JsonResponse:
    return JsonResponse({"status": "spooled" if is_spooled else "stored", "id": id})


def not_stored_response() -> JsonResponse:
    """200 would be silent loss."""
    return problem_response(503, "Neither the database nor the spool can store it.")


def incomplete_response() -> JsonResponse:
    """Nothing was stored, and nobody waits for this answer any more."""
    return problem_response(400, "body: it did not come to its end.")
