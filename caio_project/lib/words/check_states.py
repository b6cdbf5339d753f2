"""The state of anything that is checked: its word, its shape, its CSS class. Pure.

What nobody measured is NOT_KNOWN and never PASS.
"""

from enum import StrEnum


class CheckState(StrEnum):
    """Stored nowhere; the API shows the values."""

    PASS = "pass"  # noqa: S105
    ALERT = "alert"
    FAIL = "fail"
    NOT_KNOWN = "not_known"


SHAPES = {
    CheckState.PASS: "✓",
    CheckState.ALERT: "!",
    CheckState.FAIL: "✕",
    CheckState.NOT_KNOWN: "◌",
}
WORDS = {
    CheckState.PASS: "Pass",
    CheckState.ALERT: "Alert",
    CheckState.FAIL: "Fail",
    CheckState.NOT_KNOWN: "Not known",
}


def state_of(passed: bool | None) -> CheckState:
    """None stands for what was not checked."""
    if passed is None:
        return CheckState.NOT_KNOWN
    return CheckState.PASS if passed else CheckState.FAIL
