"""Asking a deployment from outside whether it is what we think it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from caio_project.lib import http
from caio_project.operations import status

DEADLINE = 10.0


@dataclass(frozen=True)
class Finding:
    name: str
    ok: bool
    text: str


def verify(url: str, commit: str | None = None) -> list[Finding]:
    """Every check in order. Reads only, but for one webhook post with a wrong token, which stores nothing."""
    live = _json(url + "/api/health/live")
    if isinstance(live, str):
        return [Finding("reachable", False, live)]
    expected = commit or status.commit()
    running = str(live.get("commit", "unknown"))
    same = running != "unknown" and (running.startswith(expected) or expected.startswith(running))
    return [
        Finding("reachable", True, url),
        Finding("commit", same, f"runs {running[:12]}, expected {expected[:12]}"),
        *_health(url),
        _expect("ready", url + "/api/health/ready", lambda body: body.get("status") == "healthy"),
        _expect(
            "queue status",
            url + "/api/queue-status",
            lambda body: {"shadow_mode_emails", "daily_limit"} <= set(body),
        ),
        _expect(
            "rb2b webhook",
            url + "/webhooks/rb2b/health",
            lambda body: body.get("status") == "healthy",
        ),
        _expect(
            "clay webhook",
            url + "/webhooks/clay/health",
            lambda body: body.get("status") in ("healthy", "sandbox"),
        ),
        _expect(
            "api schema",
            url + "/api/schema?format=json",
            lambda body: "/api/pending-emails" in body.get("paths", {}),
        ),
        _refused("pending emails need a key", "GET", url + "/api/pending-emails", (401, 403)),
        _refused(
            "a wrong rb2b token is refused",
            "POST",
            url + "/webhooks/rb2b?token=verify-deployment-wrong",
            (401,),
        ),
        _refused("sales pages need a login", "GET", url + "/sales", (302,)),
        _refused("admin needs a login", "GET", url + "/admin/", (302,)),
    ]


def _json(url: str) -> dict[str, Any] | str:
    """The parsed answer, of a 503 too; or a sentence on why there is none."""
    try:
        body = http.call(
            "GET", url, headers={"Accept": "application/json"}, deadline=DEADLINE
        ).json()
    except http.Failure as failure:
        body = failure.json() if failure.status == 503 else failure.detail
    except ValueError:
        return "it is not JSON"
    return body if isinstance(body, dict | str) else "it is not a JSON object"


def _expect(name: str, url: str, right: Callable[[dict[str, Any]], bool]) -> Finding:
    body = _json(url)
    if isinstance(body, str):
        return Finding(name, False, body)
    ok = right(body)
    return Finding(name, ok, str(body.get("status", "as expected" if ok else "not as expected")))


def _health(url: str) -> list[Finding]:
    body = _json(url + "/api/health")
    if isinstance(body, str):
        return [Finding("health", False, body)]
    checks = body.get("checks", {})
    return [
        Finding(
            name,
            bool(checks.get(name, {}).get("ok")),
            str(checks.get(name, {}).get("detail", "missing")),
        )
        for name in ("database", "worker", "beat", "pipeline")
    ]


def _refused(name: str, method: str, url: str, wanted: tuple[int, ...]) -> Finding:
    try:
        got = http.call(method, url, deadline=DEADLINE, repeatable=True).status
    except http.Failure as failure:
        got = failure.status
    return Finding(name, got in wanted, f"answered {got}")
