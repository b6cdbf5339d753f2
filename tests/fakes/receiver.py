"""A system that takes our webhooks, and checks their signatures with the spec's own library."""

from __future__ import annotations

from standardwebhooks import Webhook, WebhookVerificationError

from .exchange import Reply, Request
from .server import FakeServer


class FakeReceiver(FakeServer):
    """`accepted` are the verified bodies with their ids, in order; a bad signature gets 401."""

    name = "receiver"
    routes = (("POST", "/hooks/{name}", "take"),)

    def clear(self) -> None:
        self.secret = "whsec_bm9uZQ=="
        self.accepted: list[tuple[str, dict]] = []

    def address(self, name: str = "caio") -> str:
        return f"{self.url}/hooks/{name}"

    def take(self, request: Request) -> Reply:
        try:
            body = Webhook(self.secret).verify(request.body, request.headers)
        except WebhookVerificationError as error:
            return Reply(401, {"error": str(error)})
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.accepted.append((headers["webhook-id"], body))
        return Reply(200, {"ok": True})
