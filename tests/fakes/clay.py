"""A local Clay: a webhook source table whose rows are answered by an "HTTP API" column calling
back.

Clay University, "Webhooks" and "HTTP API" integration overviews. Run alone: python -m
tests.fakes.clay --port 0
"""

from __future__ import annotations

import heapq
import itertools
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from .exchange import Reply, Request
from .loopback import post, require_loopback
from .remote import serve_forever
from .server import FakeServer

MAX_BODY = 100 * 1024
LIFETIME_SUBMISSIONS = 50_000
CALLBACK_THREADS = 8
JUNK = {
    "junk_empty": "",
    "junk_null": None,
    "junk_na": "N/A",
    "junk_error": "⚠️ Error: Request failed with status 429",
}
VARIANTS = (
    "",
    *JUNK,
    "missing_values",
    "invalid_json",
    "wrong_token",
    "no_token",
    "unknown_request_id",
)


class FakeClay(FakeServer):
    """Takes rows and, per setting or per plan(), calls back `answers` times `answer_after` seconds
    later.

    `answer` is a function of the submitted row giving the callback body; without it canned data is
    sent, changed by `data`. `variant` spoils the callback: one of VARIANTS. `shape` "older" calls
    back as a workbook of the older system does: without our id, under the names it had.
    """

    name = "clay"
    routes = (("POST", "/v3/sources/webhook/{source}", "take_row"),)
    settings = (
        "auth_token",
        "callback_url",
        "callback_token",
        "callback_header",
        "answer_after",
        "answers",
        "answer",
        "data",
        "variant",
        "shape",
        "deleted_sources",
        "lifetime_limit",
    )
    remote_calls = (
        "plan",
        "submissions",
        "callbacks",
        "wait_for_callbacks",
        "call_back",
        "source_url",
    )

    def __init__(
        self,
        auth_token: str | None = None,
        callback_url: str | None = None,
        callback_token: str = "clay-callback-token",
        callback_header: str = "Authorization",
        answer_after: float = 0,
        answers: int = 1,
        answer: Callable[[dict], dict] | None = None,
        data: dict | None = None,
        variant: str = "",
        shape: str = "",
        port: int = 0,
    ):
        if callback_url:
            require_loopback(callback_url)
        self.auth_token = auth_token
        self.callback_url = callback_url
        self.callback_token = callback_token
        self.callback_header = callback_header
        self.answer_after = answer_after
        self.answers = answers
        self.answer = answer
        self.data = data
        self.variant = variant
        self.shape = shape
        self.deleted_sources: tuple[str, ...] = ()
        self.lifetime_limit = LIFETIME_SUBMISSIONS
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._due_changed = threading.Condition()
        self._order = itertools.count()
        self._workers: list[threading.Thread] = []
        super().__init__(port)

    def clear(self) -> None:
        self._rows: list[dict] = []
        self._callbacks: list[dict] = []
        self._plans: list[dict] = []
        self._accepted: dict[str, int] = {}
        with self._due_changed:
            self._due.clear()

    def start(self) -> FakeClay:
        super().start()
        self._workers = [
            threading.Thread(target=self._work, daemon=True) for _ in range(CALLBACK_THREADS)
        ]
        for worker in self._workers:
            worker.start()
        return self

    def stop(self) -> None:
        super().stop()
        with self._due_changed:
            self._due_changed.notify_all()

    def source_url(self, source: str = "src-1") -> str:
        return f"{self.url}/v3/sources/webhook/{source}"

    def plan(self, times: int = 1, **settings: Any) -> None:
        """Other settings (answers, answer_after, variant, data, …) for the next `times` rows, in
        order.
        """
        if settings.get("callback_url"):
            require_loopback(settings["callback_url"])
        with self.lock:
            self._plans.extend(dict(settings) for _ in range(times))

    def submissions(self) -> list[dict]:
        """Every row accepted, in order."""
        with self.lock:
            return list(self._rows)

    def callbacks(self) -> list[dict]:
        """Every call back made: request_id, sent body, status, response, error, time."""
        with self.lock:
            return list(self._callbacks)

    def wait_for_callbacks(self, count: int = 1, timeout: float = 30.0) -> list[dict]:
        self.wait_for(lambda: len(self._callbacks) >= count, timeout)
        return self.callbacks()

    def state(self) -> dict:
        return {"submissions": self._rows, "callbacks": self._callbacks, "accepted": self._accepted}

    # The webhook source

    def take_row(self, request: Request) -> Reply:
        """Webhook source: an immediate acknowledgement; the enrichment is asynchronous."""
        source = request.params["source"]
        if source in self.deleted_sources:
            return Reply(404, {"message": "Not Found"})
        if self.auth_token and request.headers.get("x-clay-webhook-auth") != self.auth_token:
            return Reply(401, {"message": "Unauthorized"})
        if len(request.body) > MAX_BODY:
            return Reply(413, {"message": "Payload Too Large"})
        problem = row_problem(request)
        if problem:
            return Reply(422, {"message": problem})
        self._accepted[source] = self._accepted.get(source, 0) + 1
        # Past its lifetime limit a source still acknowledges, but the row never appears.
        if self._accepted[source] <= self.lifetime_limit:
            self._rows.append(request.json)
            self._schedule(request.json)
        return Reply(200, {"success": True})

    def _schedule(self, row: dict) -> None:
        plan = self._plans.pop(0) if self._plans else {}
        chosen = {name: plan.get(name, getattr(self, name)) for name in self.settings}
        if not chosen["callback_url"]:
            return
        for _ in range(chosen["answers"]):
            self._later(chosen["answer_after"], lambda: self._call_back(row, chosen))

    # The HTTP API column

    def call_back(self, row: dict, **settings: Any) -> dict:
        """Calls back now, as when somebody runs the column again by hand; returns its record."""
        return self._call_back(
            row, {name: settings.get(name, getattr(self, name)) for name in self.settings}
        )

    def _call_back(self, row: dict, chosen: dict) -> dict:
        answer = chosen["answer"] or SHAPES[chosen["shape"]]
        body = callback_body(row, answer, chosen["data"], chosen["variant"])
        record = {
            "request_id": row.get("request_id"),
            "sent": body.decode("utf-8", "replace"),
            "status": None,
            "response": "",
            "error": None,
        }
        try:
            headers = callback_headers(chosen)
            record["status"], record["response"] = post(chosen["callback_url"], body, headers)
        except (
            Exception
        ) as error:  # the receiver's failures are the test's subject, not this thread's
            record["error"] = f"{type(error).__name__}: {error}"
        record["time"] = time.time()
        with self.lock:
            self._callbacks.append(record)
        return record

    def configure(self, **settings: Any) -> None:
        if settings.get("callback_url"):
            require_loopback(settings["callback_url"])
        super().configure(**settings)

    # Timer

    def _later(self, seconds: float, job: Callable[[], None]) -> None:
        with self._due_changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), job))
            self._due_changed.notify()

    def _work(self) -> None:
        while not self.stopped.is_set():
            job = self._next_due()
            if job:
                job()

    def _next_due(self) -> Callable[[], None] | None:
        with self._due_changed:
            if self._due and self._due[0][0] <= time.monotonic():
                return heapq.heappop(self._due)[2]
            self._due_changed.wait(
                max(0.001, self._due[0][0] - time.monotonic()) if self._due else 1.0
            )
            return None


def row_problem(request: Request) -> str | None:
    """Why a body cannot be a row: top-level keys become columns, so one flat object is expected."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return "Content-Type must be application/json"
    if not isinstance(request.json, dict):
        return "body must be one JSON object"
    nested = [name for name, value in request.json.items() if isinstance(value, dict | list)]
    return f"not flat: {', '.join(nested)}" if nested else None


def enriched(row: dict) -> dict:
    """Canned enrichment, as an HTTP API column template sends it, echoing the row's ids."""
    email = row.get("email") or "found.person@enriched.test"
    domain = row.get("company_domain") or email.partition("@")[2]
    company = row.get("company_name") or "Enriched Company"
    return {
        "request_id": row.get("request_id"),
        "visitor_id": row.get("visitor_id"),
        "work_email": email,
        "email_verified": True,
        "email_status": "valid",
        "phone": "+16145550142",
        "linkedin_url": row.get("linkedin_url"),
        "first_name": row.get("first_name") or "Found",
        "last_name": row.get("last_name") or "Person",
        "job_title": "VP Revenue Operations",
        "seniority": "VP",
        "company_name": company,
        "company_domain": domain,
        "company_linkedin_url": "https://www.linkedin.com/company/enriched-company",
        "industry": "Logistics",
        "employee_count": 312,
        "revenue": "$48M",
        "location": "Columbus, OH",
        "technologies": ["HubSpot", "Snowflake"],
        "open_roles": 4,
        "funding": {"total": 21000000, "last_round": "Series B"},
        "icp_score": 82,
        "priority": "high",
        "sources": ["clay", "findymail"],
    }


def older_shape(row: dict) -> dict:
    """The same person as the older system's workbook named them; nothing echoes an id."""
    new = enriched(row)
    return {
        "email": new["work_email"],
        "mobile_phone": new["phone"],
        "title": new["job_title"],
        "company": new["company_name"],
        "website": f"https://www.{new['company_domain']}/",
        "company_size": "201-500 employees",
        "tech_stack": ", ".join(new["technologies"]),
        "hiring": str(new["open_roles"]),
        "linkedin": new["linkedin_url"] or "",
        "location": new["location"],
    }


SHAPES: dict[str, Callable[[dict], dict] | None] = {"": None, "older": older_shape}


def callback_body(
    row: dict,
    answer: Callable[[dict], dict] | None = None,
    data: dict | None = None,
    variant: str = "",
) -> bytes:
    """The raw body of a call back; see VARIANTS for the ways a Clay template goes wrong."""
    if variant not in VARIANTS:
        raise ValueError(f"unknown variant {variant}")
    ids = {name: row.get(name) for name in ("request_id", "visitor_id")}
    body = {**(answer(row) if answer else enriched(row)), **(data or {})}
    if variant in JUNK:
        body = dict.fromkeys(body, JUNK[variant]) | ids
    if variant == "missing_values":
        body = ids
    if variant == "unknown_request_id":
        body["request_id"] = "enr_never_issued"
    if variant == "invalid_json":
        # What a template with an empty, unquoted column reference produces.
        return (
            f'{{"request_id": {json.dumps(row.get("request_id"))}, "employee_count": , '
            f'"industry": "x"}}'
        ).encode()
    return json.dumps(body).encode()


def callback_headers(chosen: dict) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if chosen["variant"] != "no_token":
        token = (
            "wrong-" + chosen["callback_token"]
            if chosen["variant"] == "wrong_token"
            else chosen["callback_token"]
        )
        prefix = "Bearer " if chosen["callback_header"].lower() == "authorization" else ""
        headers[chosen["callback_header"]] = prefix + token
    return headers


if __name__ == "__main__":
    serve_forever(
        FakeClay,
        __doc__,
        auth_token=str,
        callback_url=str,
        callback_token=str,
        answers=int,
        shape=str,
    )
