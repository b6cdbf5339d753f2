"""What the webhooks of all vendors share: constant-time secrets, and the same answers."""

import hmac
from collections.abc import Iterable

from django.http import HttpRequest, JsonResponse

from caio_project.lib.web.problems import problem_response


def matches_any_secret(token: str, allowed: Iterable[str]) -> bool:
    """Compare in constant time with all of them. An empty secret matches nothing."""
    given = token.encode()
    return any([hmac.compare_digest(given, one.encode()) for one in allowed if one]) and bool(given)  # noqa: C419


def refuse_without_secret(request: HttpRequest, name: str, secret: str) -> JsonResponse | None:
    """The refusal of a request whose bearer token is not `secret`; None where it is.

    `name` is the setting. While a secret is rotated it holds the old and the new one, separated by
    a comma.
    """
    secrets = [one.strip() for one in secret.split(",") if one.strip()]
    if not secrets:
        return problem_response(503, f"{name} is not set, so no callback can be trusted.")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and matches_any_secret(token, secrets):
        return None
    return problem_response(
        401, "Authorization: it is missing or wrong.", **{"WWW-Authenticate": "Bearer"}
    )


def declared_length(request: HttpRequest) -> int:
    """The length that the body is said to have; 0 where the header says none."""
    said = request.META.get("CONTENT_LENGTH") or ""
    return int(said) if said.isdecimal() and len(said) < 19 else 0


def stored_response(id: str, *, is_spooled: bool) -> JsonResponse:
    return JsonResponse({"status": "spooled" if is_spooled else "stored", "id": id})


def not_stored_response() -> JsonResponse:
    """A 200 would lose the body silently."""
    return problem_response(503, "Neither the database nor the spool can store it.")


def incomplete_response() -> JsonResponse:
    return problem_response(400, "body: it did not come to its end.")
