"""How many queries a piece of work asks; for `connection.execute_wrapper`."""

from collections.abc import Callable
from typing import Any


class QueryCounter:
    def __init__(self) -> None:
        self.queries = 0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        self.queries += 1
        return execute(*args)
