"""The statements of a piece of work, by their shape; for `connection.execute_wrapper`.

Where a test runs in a transaction of its own, the outermost transaction of the work is a savepoint,
which is not counted.
"""

import re
from collections.abc import Callable
from typing import Any


class Statements:
    def __init__(self) -> None:
        self.shapes: list[str] = []
        self._depth = 0

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("RELEASE SAVEPOINT"):
            self._depth -= 1
        is_of_test = self._depth == 0 and "SAVEPOINT" in sql
        if sql.startswith("SAVEPOINT"):
            self._depth += 1
        if not is_of_test:
            self.shapes.append(shape_of(sql))
        return execute(sql, *rest)


def shape_of(sql: str) -> str:
    without_names = re.sub(r"(SAVEPOINT) .*", r"\1", sql)
    return re.sub(r"IN \(%s(?:, %s)*\)", "IN (…)", without_names)
