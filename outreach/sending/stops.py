"""The exceptions that end an attempt to send one email.

Each carries a code and the arguments of its sentence, which `stop_texts` makes.
"""

from datetime import datetime
from typing import Any

from outreach.choices import MoveCode, Status


class SendStopped(Exception):
    """The email must not be sent. It moves to status `to`, and the fields in `changes` are set."""

    def __init__(
        self, to: Status, code: MoveCode, changes: dict[str, Any] | None = None, **arguments: Any
    ):
        super().__init__(code.value)
        self.to, self.code, self.changes, self.arguments = to, code, changes or {}, arguments


class SendMustWait(Exception):
    """The email was certainly not sent and keeps its place in the queue. `code` is a LimitCode."""

    def __init__(self, code: str, **arguments: Any):
        super().__init__(code)
        self.code, self.arguments = str(code), arguments


class SendPostponed(SendMustWait):
    """The email was certainly not sent and is not tried again before `until`; others go first."""

    def __init__(self, code: str, until: datetime, **arguments: Any):
        super().__init__(code, **arguments)
        self.until = until


class GhlUnavailable(SendMustWait):
    """GoHighLevel cannot be used: every email waits.

    `retry_after` is in seconds, None where GoHighLevel named no time.
    """

    def __init__(self, code: str, retry_after: float | None = None, **arguments: Any):
        super().__init__(code, **arguments)
        self.retry_after = retry_after
