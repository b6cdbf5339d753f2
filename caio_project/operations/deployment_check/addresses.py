"""Every address that outsiders rely on, with what it answers to somebody without a secret."""

from dataclasses import dataclass

NO_KEY = (401, 403)


@dataclass(frozen=True)
class Address:
    name: str
    method: str
    path: str
    answers: tuple[int, ...]  # any other, and any redirect that is not named, is wrong


WRONG_TOKEN = "verify-deployment-wrong"
ADDRESSES = (
    Address("a wrong rb2b token is refused", "POST", f"/webhooks/rb2b?token={WRONG_TOKEN}", (401,)),
    Address("and in the path as well", "POST", f"/webhooks/rb2b/{WRONG_TOKEN}", (401,)),
    Address("a callback of Clay without token is refused", "POST", "/webhooks/clay", (401, 503)),
    Address("an unsigned webhook of GoHighLevel is refused", "POST", "/webhooks/ghl", (401,)),
    Address(
        "a workflow of GoHighLevel without token is refused", "POST", "/webhooks/ghl/workflow",
        (401, 503),
    ),
    Address("an unsigned click from Slack is refused", "POST", "/webhooks/slack", (401, 503)),
    Address("unsubscribe page", "GET", f"/u/{WRONG_TOKEN}", (200, 404)),
    Address("metrics are closed", "GET", "/metrics", (401, 404)),
    Address("api docs", "GET", "/api/docs", (200,)),
    Address("an unknown api address is told", "GET", f"/api/{WRONG_TOKEN}", (404,)),
    Address("pending emails need a key", "GET", "/api/pending-emails", NO_KEY),
    Address("a visitor needs a key", "POST", "/api/visitors", NO_KEY),
    Address("a halt needs a key", "POST", "/api/halt", NO_KEY),
    *(
        Address(f"{noun} need a key", "GET", f"/api/{noun}", NO_KEY)
        for noun in (
            "leads", "visits", "companies", "messages", "decisions", "experiments", "incidents",
            "gates", "phase", "metrics", "suppressions",
        )
    ),
    Address("sales pages need a login", "GET", "/sales", (302,)),
    Address("the queue needs a login", "GET", "/sales/queue", (302,)),
    Address("admin needs a login", "GET", "/admin/", (302,)),
)  # fmt: skip
