"""What a peer does with the next requests of a route: fail, be slow, hang up, act silently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .exchange import Request, route_matches


@dataclass
class Behaviour:
    """What to do with the next `times` requests of a route (None: with all of them)."""

    route: str
    action: str
    times: int | None = None
    containing: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def matches(self, request: Request) -> bool:
        return route_matches(self.route, request) and self.containing.encode() in request.body


class RouteScript:
    """Programs one route; every method may be chained and takes `times` (None: until reset).

    Behaviours with `times` are used up first, in the order given; then the newest permanent one
    applies.
    """

    def __init__(self, add: Callable[[dict], Any], route: str, containing: str = ""):
        self._add, self._route, self._containing = add, route, containing

    def _script(self, action: str, times: int | None, **options: Any) -> RouteScript:
        self._add(
            {
                "route": self._route,
                "action": action,
                "times": times,
                "containing": self._containing,
                "options": options,
            }
        )
        return self

    def delay(self, seconds: float, times: int | None = None) -> RouteScript:
        """Waits, then acts and answers."""
        return self._script("delay", times, seconds=seconds)

    def drip(self, bytes_per_second: float, times: int | None = None) -> RouteScript:
        """Acts, sends the headers at once and the body slowly."""
        return self._script("drip", times, bytes_per_second=bytes_per_second)

    def status(
        self,
        code: int,
        body: Any = None,
        headers: dict[str, str] | None = None,
        times: int | None = None,
    ) -> RouteScript:
        """Answers this instead of acting."""
        return self._script("status", times, code=code, body=body, headers=headers or {})

    def garbage(
        self, body: str = '<html><body>{"id": oops', status: int = 200, times: int | None = None
    ) -> RouteScript:
        """Answers something which is not the announced JSON, without acting."""
        return self._script("garbage", times, body=body, status=status)

    def close_before(self, times: int | None = None) -> RouteScript:
        """Drops the connection without acting."""
        return self._script("close_before", times)

    def act_then_close(self, times: int | None = None) -> RouteScript:
        """Acts, then resets the connection without answering."""
        return self._script("act_then_close", times)

    def act_then_status(
        self,
        code: int = 500,
        body: Any = None,
        headers: dict[str, str] | None = None,
        times: int | None = None,
    ) -> RouteScript:
        """Acts, but answers this."""
        return self._script("act_then_status", times, code=code, body=body, headers=headers or {})

    def act_then_delay(self, seconds: float, times: int | None = None) -> RouteScript:
        """Acts at once, answers late."""
        return self._script("act_then_delay", times, seconds=seconds)

    def act_then_garbage(
        self, body: str = '<html><body>{"id": oops', status: int = 200, times: int | None = None
    ) -> RouteScript:
        """Acts, but answers something which is not JSON."""
        return self._script("act_then_garbage", times, body=body, status=status)

    def never(self, times: int | None = None) -> RouteScript:
        """Does not act and does not answer; holds the connection until the peer or the client
        closes.
        """
        return self._script("never", times)

    def normal(self, times: int = 1) -> RouteScript:
        """Acts and answers normally: puts a success in the middle of a queue of failures."""
        return self._script("normal", times)


ACTIONS = {
    name
    for name, value in vars(RouteScript).items()
    if callable(value) and not name.startswith("_")
}
