"""GoHighLevel's failures for bench/chaos_sending.py: planned before, counted afterwards."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.exchange import Request
from tests.fakes.ghl import FakeGhl

SEND = "POST /conversations/messages"
READS = ("GET /contacts/{id}", "GET /conversations/search", "POST /contacts/")
INVALID = {
    "statusCode": 422,
    "message": ["email must be an email"],
    "error": "Unprocessable Entity",
}
UNAUTHORIZED = {
    "statusCode": 401,
    "message": "Invalid token: access token is invalid",
    "error": "Unauthorized",
}
TOO_MANY = {"statusCode": 429, "message": "Too Many Requests"}
SHOWN_LATE = 10.0  # seconds
ANSWERS = 6  # one of so many who were written to answers at once

Way = tuple[
    str, int, Callable[[Any], Any]
]  # its name, how often of all, and how the fake is programmed
WAYS: tuple[Way, ...] = (
    ("reset after accepting", 5, lambda on: on.act_then_close(times=1)),
    ("500 after accepting", 5, lambda on: on.act_then_status(500, {"message": "oops"}, times=1)),
    ("garbage after accepting", 3, lambda on: on.act_then_garbage(times=1)),
    ("time out after accepting", 1, lambda on: on.act_then_delay(22, times=1)),
    ("closed before accepting", 4, lambda on: on.close_before(times=1)),
    ("slow", 5, lambda on: on.delay(1.5, times=1)),
    ("429", 4, lambda on: on.status(429, TOO_MANY, headers={"Retry-After": "1"}, times=1)),
    ("422 with a list", 3, lambda on: on.status(422, INVALID, times=1)),
    ("401", 1, lambda on: on.status(401, UNAUTHORIZED, times=1)),
)
NAMES = {
    "act_then_close": "reset after accepting",
    "act_then_status": "500 after accepting",
    "act_then_garbage": "garbage after accepting",
    "act_then_delay": "time out after accepting",
    "close_before": "closed before accepting",
    "delay": "slow",
}
STATUSES = {"429": "429", "422": "422 with a list", "401": "401"}


def plan_trouble(ghl: FakeGhl, chance: random.Random, emails: int) -> None:
    """Let about one sending call in five fail, in each way at least once, and some calls before."""
    ways = [tell for _, _, tell in WAYS]
    ways += chance.choices(
        ways, [weight for _, weight, _ in WAYS], k=max(0, emails // 5 - len(ways))
    )
    chance.shuffle(ways)
    most = max(1, round(1.2 * emails / len(ways)) - 2)  # that go well between two that do not
    for tell in ways:
        if well := chance.randint(0, most):
            ghl.on(SEND).normal(times=well)
        tell(ghl.on(SEND))
    for route in READS:
        ghl.on(route).normal(times=emails // 10).status(503, times=1)
        if emails >= 100:
            ghl.on(route).normal(times=emails // 10).close_before(times=1)
    ghl.lose_from_conversation(SHOWN_LATE, times=_shown_late(emails))


def _shown_late(emails: int) -> int:
    return emails // 2


def count_trouble(ghl: FakeGhl, emails: int) -> dict[str, int]:
    found = Counter({name: 0 for name, _, _ in WAYS})
    found.update(_trouble_name(request) for request in ghl.requests() if request.behaviour)
    found["429 by its own limit"] = sum(
        not r.behaviour and str(r.outcome)[:3] == "429" for r in ghl.requests()
    )
    found["shown late"] = min(_shown_late(emails), len(ghl.sent_emails()))
    return dict(found)


def _trouble_name(request: Request) -> str:
    if request.route != SEND:
        return "a call before it failed"
    return (
        STATUSES[str(request.outcome)[:3]]
        if request.behaviour == "status"
        else NAMES[request.behaviour]
    )


@dataclass
class Recipients:
    """Recipients who answer or opt out; GoHighLevel loses half of its webhooks about them."""

    ghl: FakeGhl
    chance: random.Random
    stopped: list[str] = field(default_factory=list)  # addresses
    answers: list[str] = field(default_factory=list)  # GoHighLevel's ids of emails
    webhooks: Counter[str] = field(default_factory=Counter)
    _seen: int = 0

    def stop_before(self, waiting: list[str], most: int) -> None:
        """Some recipients of waiting emails write or opt out; no webhook reports it."""
        for address in self.chance.sample(waiting, min(most, len(waiting))):
            found = [c for c in self.ghl.state()["contacts"] if c["email"] == address]
            contact = found[0] if found else self.ghl.add_contact(address)
            ways = (
                self.ghl.receive_reply,
                self.ghl.set_dnd,
                lambda c: self.ghl.unsubscribe(c["email"]),
            )
            ways[len(self.stopped) % 3](contact)
            self.stopped.append(address)

    def answer(self, url: str, over: threading.Event) -> None:
        """Until `over`, some recipients answer; every second webhook about it is lost."""
        while not over.wait(0.3):
            sent = self.ghl.sent_emails()
            for n in range(self._seen, len(sent)):
                if n % ANSWERS == 1:
                    self._answer(sent[n]["contactId"], url)
            self._seen = len(sent)

    def _answer(self, contact_id: str, url: str) -> None:
        reply = self.ghl.receive_reply(contact_id)
        self.answers.append(reply["emailMessageId"])
        if len(self.answers) % 2:
            self.webhooks["lost"] += 1
            return
        try:
            taken = self.ghl.deliver(url, reply)["status"] == 200
        except OSError:
            taken = False
        self.webhooks["delivered" if taken else "refused"] += 1
