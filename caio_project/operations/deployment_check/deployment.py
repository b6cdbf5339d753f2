"""Check a deployment from outside: commit, addresses, migrations, worker, beat, clock, headers."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from caio_project.lib import http
from caio_project.lib.running_commit import running_commit
from caio_project.operations.deployment_check.addresses import ADDRESSES
from caio_project.operations.deployment_check.headers import clock_trouble, header_troubles

DEADLINE_SECONDS = 10.0
START_SECONDS, POLL_SECONDS = 150.0, 2.0  # the longest interval of a sweep is 120
ACCEPT_JSON = http.RequestContent(headers={"Accept": "application/json"})


@dataclass(frozen=True)
class DeploymentCheck:
    name: str
    ok: bool
    text: str


def verify_deployment(
    url: str, commit: str | None = None, wait: float = START_SECONDS, key: str = ""
) -> list[DeploymentCheck]:
    """Every check in order. Without an API key it reads only, and posts what is refused.

    With a key of the scope leads:write a test visitor goes through the stages there.
    """
    live = _fetch_json(url + "/api/health/live")
    if isinstance(live, str):
        return [DeploymentCheck("reachable", False, live)]
    expected = commit or running_commit()
    running = str(live.get("commit", "unknown"))
    same = running != "unknown" and (running.startswith(expected) or expected.startswith(running))
    checks = [
        DeploymentCheck("reachable", True, url),
        DeploymentCheck("commit", same, f"runs {running[:12]}, expected {expected[:12]}"),
        *_check_health(url, wait),
        *_check_ready(url),
        *_check_queue(url),
        _check_json("rb2b webhook", url + "/webhooks/rb2b/health", _is_status("healthy")),
        _check_json(
            "clay webhook", url + "/webhooks/clay/health", _is_status("healthy", "sandbox")
        ),
        _check_json(
            "api schema",
            url + "/api/schema?format=json",
            lambda body: "/api/pending-emails" in body.get("paths", {}),
        ),
        *(_check_answer(one.name, one.method, url + one.path, one.answers) for one in ADDRESSES),
        *_check_login_page(url),
    ]
    return [*checks, _check_test_visitor(url, key, wait)] if key else checks


def _is_status(*right: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: body.get("status") in right


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


def _check_ready(url: str) -> list[DeploymentCheck]:
    """Whether it can serve, and whether its database is at the migrations that it has on disk."""
    body = _fetch_json(url + "/api/health/ready")
    if isinstance(body, str):
        return [DeploymentCheck("ready", False, body)]
    migrations = body.get("checks", {}).get("migrations", {})
    return [
        DeploymentCheck("ready", body.get("status") == "healthy", str(body.get("status"))),
        DeploymentCheck(
            "migrations", bool(migrations.get("ok")), str(migrations.get("detail", "missing"))
        ),
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


def _check_answer(name: str, method: str, url: str, wanted: tuple[int, ...]) -> DeploymentCheck:
    status, _headers = _ask(method, url)
    return DeploymentCheck(name, status in wanted, f"answered {status}")


def _ask(method: str, url: str) -> tuple[int, Mapping[str, str]]:
    try:
        answer = http.send_request(method, url, deadline=DEADLINE_SECONDS, repeatable=True)
    except http.HttpError as failure:
        return failure.status, failure.headers
    return answer.status, answer.headers


def _check_login_page(url: str) -> list[DeploymentCheck]:
    """Every page fails as this one does where the static files were not collected."""
    status, headers = _ask("GET", url + "/accounts/login/")
    hint = "; was `collectstatic` run?" if status == 500 else ""
    page = DeploymentCheck("login page", status == 200, f"answered {status}{hint}")
    clock = clock_trouble(headers, datetime.now(UTC))
    found = [page, DeploymentCheck("clock", not clock, clock or "as here")]
    if status == 200:
        troubles = header_troubles(headers, https=url.startswith("https://"))
        text = "; ".join(troubles) or "as wanted"
        found.append(DeploymentCheck("security headers", not troubles, text))
    return found


def _check_test_visitor(url: str, key: str, wait: float) -> DeploymentCheck:
    """Sends one and asks until its email is held, for `wait` seconds at most."""
    name, content = "test visitor", http.RequestContent(headers={"Authorization": f"Bearer {key}"})
    try:
        made = http.send_request("POST", url + "/api/test-visitors", content, repeatable=False)
        address, ends = f"{url}/api/test-visitors/{made.json()['id']}", time.monotonic() + wait
        while True:
            body = http.send_request("GET", address, content, deadline=DEADLINE_SECONDS).json()
            if body["held"] or time.monotonic() >= ends:
                break
            time.sleep(POLL_SECONDS)
    except http.HttpError as failure:
        return DeploymentCheck(name, False, failure.detail)
    except (KeyError, TypeError, ValueError):
        return DeploymentCheck(name, False, "its answer is not as documented")
    if body["held"]:
        return DeploymentCheck(name, True, "held")
    missing = next(one for one in body["steps"] if not one["reached"])
    return DeploymentCheck(name, False, f"not {missing['name']}: {missing['detail']}")
