"""The legal moves between the states of an email. Pure."""

from outreach.choices import Status

S = Status

# Callers check who may cause a move.
LEGAL_MOVES: dict[Status, frozenset[Status]] = {
    S.DRAFT: frozenset({S.HELD, S.BLOCKED, S.WITHDRAWN}),
    S.BLOCKED: frozenset({S.HELD, S.REJECTED, S.WITHDRAWN, S.EXPIRED}),
    S.HELD: frozenset({S.CLEARED, S.REJECTED, S.WITHDRAWN, S.EXPIRED, S.BLOCKED}),
    S.CLEARED: frozenset({S.SENDING, S.HELD, S.WITHDRAWN}),
    # back to cleared only if it was certainly not sent
    S.SENDING: frozenset({S.SENT, S.FAILED, S.UNCERTAIN, S.CLEARED, S.HELD, S.WITHDRAWN}),
    S.UNCERTAIN: frozenset({S.SENT, S.HELD, S.FAILED}),
    S.FAILED: frozenset({S.HELD, S.WITHDRAWN}),
    S.SENT: frozenset(),
    # taken back by whoever decided, within the time to undo; later reopened by a Lead
    S.REJECTED: frozenset({S.HELD, S.BLOCKED}),
    S.WITHDRAWN: frozenset({S.HELD}),
    S.EXPIRED: frozenset({S.HELD, S.BLOCKED}),
}

APPROVED = (S.CLEARED, S.SENDING, S.SENT, S.UNCERTAIN)
UNDECIDED = (S.DRAFT, S.BLOCKED, S.HELD)
NOT_SENT_YET = (*UNDECIDED, S.CLEARED)  # in this order; each may be withdrawn
OPEN = (*NOT_SENT_YET, S.SENDING, S.UNCERTAIN)


class IllegalMove(Exception):
    def __init__(self, from_status: str, to_status: str):
        super().__init__(f"{from_status} -> {to_status} is not a move")
        self.from_status, self.to_status = from_status, to_status


class StaleMessage(Exception):
    """Another process moved or changed the email first; nothing was changed."""

    def __init__(self, status: str, version: int):
        super().__init__(f"it is {status} at version {version} by now")
        self.status, self.version = status, version


def check_transition(from_status: str, to_status: str) -> None:
    if Status(to_status) not in LEGAL_MOVES[Status(from_status)]:
        raise IllegalMove(from_status, to_status)
