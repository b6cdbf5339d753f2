"""Check a deployment from outside: its commit, its addresses, its worker and beat."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from caio_project.lib import http
from caio_project.lib.running_commit import running_commit

DEADLINE_SECONDS = 10.0
START_SECONDS, POLL_SECONDS = 150.0, 2.0  # the longest interval of a sweep is 120
ACCEPT_JSON = http.RequestContent(headers={"Accept": "application/json"})


@dataclass(frozen=True)
class DeploymentCheck:
    name: str
    ok: bool
    text: str


def verify_deployment(
    url: str, commit: str | None = None, wait: float = START_SECONDS
) -> list[DeploymentCheck]:
    """Every check in order. Reads only, except one webhook post with a wrong token."""
    live = _fetch_json(url + "/api/health/live")
    if isinstance(live, str):
        return [DeploymentCheck("reachable", False, live)]
    expected = commit or running_commit()
    running = str(live.get("commit", "unknown"))
    same = running != "unknown" and (running.startswith(expected) or expected.startswith(running))
    return [
        DeploymentCheck("reachable", True, url),
        DeploymentCheck("commit", same, f"runs {running[:12]}, expected {expected[:12]}"),
        *_check_health(url, wait),
        _check_json(
            "ready", url + "/api/health/ready", lambda body: body.get("status") == "healthy"
        ),
        *_check_queue(url),
        _check_json(
            "rb2b webhook",
            url + "/webhooks/rb2b/health",
            lambda body: body.get("status") == "healthy",
        ),
        _check_json(
            "clay webhook",
            url + "/webhooks/clay/health",
            lambda body: body.get("status") in ("healthy", "sandbox"),
        ),
        _check_json(
            "api schema",
            url + "/api/schema?format=json",
            lambda body: "/api/pending-emails" in body.get("paths", {}),
        ),
        _check_refused("pending emails need a key", "GET", url + "/api/pending-emails", (401, 403)),
        _check_refused(
            "a wrong rb2b token is refused",
            "POST",
            url + "/webhooks/rb2b?token=verify-deployment-wrong",
            (401,),
        ),
        _check_refused(
            "an unsigned click from Slack is refused", "POST", url + "/webhooks/slack", (401, 503)
        ),
        _check_login_page(url),
        _check_refused("sales pages need a login", "GET", url + "/sales", (302,)),
        _check_refused("admin needs a login", "GET", url + "/admin/", (302,)),
    ]


def _fetch_json(url: str) -> dict[str, Any] | str:
    """The parsed answer, of a 503 too; or a sentence on why there is none."""
    try:
        body = http.send_request("GET", url, ACCEPT_JSON, deadline=DEADLINE_SECONDS).json()
    except http.HttpError as failure:
        body = failure.json() if failure.status == 503 else failure.detail
    except ValueError:
        return "it is not JSON"
    return body if isinstance(body, dict | str) else "it is not a JSON object"


def _check_json(name: str, url: str, right: Callable[[dict[str, Any]], bool]) -> DeploymentCheck:
    body = _fetch_json(url)
    if isinstance(body, str):
        return DeploymentCheck(name, False, body)
    ok = right(body)
    return DeploymentCheck(
        name, ok, str(body.get("status", "as expected" if ok else "not as expected"))
    )


def _check_health(url: str, wait: float) -> list[DeploymentCheck]:
    """Asks again while the deployment is still starting, for `wait` seconds at most."""
    body, ends = _fetch_json(url + "/api/health"), time.monotonic() + wait
    while not isinstance(body, str) and body.get("status") == "starting":
        if time.monotonic() >= ends:
            break
        time.sleep(POLL_SECONDS)
        body = _fetch_json(url + "/api/health")
    if isinstance(body, str):
        return [DeploymentCheck("health", False, body)]
    checks = body.get("checks", {})
    return [
        DeploymentCheck(
            name,
            bool(checks.get(name, {}).get("ok")),
            str(checks.get(name, {}).get("detail", "missing")),
        )
        for name in ("database", "worker", "beat", "pipeline", "release")
    ]


def _check_queue(url: str) -> list[DeploymentCheck]:
    body = _fetch_json(url + "/api/queue-status")
    if isinstance(body, str):
        return [DeploymentCheck("queue status", False, body)]
    shaped = {"shadow_mode_emails", "daily_limit"} <= set(body)
    found = [
        DeploymentCheck("queue status", shaped, "as expected" if shaped else "not as expected")
    ]
    pipeline = body.get("pipeline")
    return [*found, _check_waits(pipeline)] if isinstance(pipeline, dict) else found


def _check_waits(pipeline: dict[str, Any]) -> DeploymentCheck:
    """What waits outside the queue there; only what we block ourselves is a fault."""
    counts = pipeline.get("waits", {})
    waiting = {name: n for name, n in counts.items() if isinstance(n, int) and n}
    text = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in waiting.items())
    return DeploymentCheck("nothing blocked by us", not waiting.get("blocked_by_us"), text or "0")


def _check_refused(name: str, method: str, url: str, wanted: tuple[int, ...]) -> DeploymentCheck:
    try:
        got = http.send_request(method, url, deadline=DEADLINE_SECONDS, repeatable=True).status
    except http.HttpError as failure:
        got = failure.status
    return DeploymentCheck(name, got in wanted, f"answered {got}")


def _check_login_page(url: str) -> DeploymentCheck:
    """Every page fails as this one does where the static files were not collected."""
    check = _check_refused("login page", "GET", url + "/accounts/login/", (200,))
    if check.text == "answered 500":
        return replace(check, text=f"{check.text}; was `collectstatic` run?")
    return check
