"""What is asked once more right before the sending call, when its connection stands.

A turn, a token and a connection are waited for after the slot was claimed. Meanwhile somebody may
ask us to stop, a Lead may enter another sender, and the lease may end while the process stands
still: then others say what became of the email, and this process must not send it.
"""

import time

from django.utils import timezone

from caio_project.lib.vendor_access import access
from leads.integrations import alarms
from outreach.control.phase import ANSWER_HOLDS, HaltWatch
from outreach.limits.limit_texts import LimitCode
from outreach.models import Message
from outreach.sending import final_checks, send_errors
from outreach.sending.stops import GhlUnavailable, SendMustWait

ALARM = send_errors.UNPROVEN_ALARM
RETRY_SECONDS = 60.0
UNPROVEN = "Its values changed while it is live. Send a test on the page Set-up: emails wait for it"


def require_values() -> str:
    """The fingerprint of the values to send with. Raises GhlUnavailable.

    What was entered on the page can be removed there, and not be opened with another key.
    """
    missing = [
        name for name in ("GHL_LOCATION_ID", "GHL_FROM_EMAIL") if not access.vendor_value(name)
    ]
    if missing:
        raise _unusable(
            f"{', '.join(missing)}: missing, or it cannot be opened.",
            send_errors.CONFIGURATION_RETRY_SECONDS,
        )
    if not access.is_ghl_proven():
        raise _unusable(f"{UNPROVEN}.", RETRY_SECONDS)
    return access.ghl_fingerprint()


def _unusable(text: str, retry_after: float) -> GhlUnavailable:
    alarms.raise_alarm(ALARM, f"GoHighLevel: {text}")
    return GhlUnavailable(LimitCode.GHL_CONFIG, retry_after, answer=text)


class LastCheck:
    """Made right before the claim of the slot, which has checked everything else."""

    def __init__(self, message: Message, values: str):
        self._message, self._values = message, values
        self._checked_at = time.monotonic()
        self._halt = HaltWatch(self._checked_at)  # the claim reads the row after this moment

    def check(self) -> None:
        """Raises SendStopped, SendMustWait or SendingHalted; then the call does not begin."""
        self._halt.check()
        if access.ghl_fingerprint() != self._values:
            answer = "GoHighLevel's values changed at this moment."
            raise SendMustWait(LimitCode.GHL_CONFIG, answer=answer)
        if time.monotonic() - self._checked_at > ANSWER_HOLDS:
            known = final_checks.load_recipient(self._message)
            final_checks.check_before_sending(self._message, known)
            self._checked_at = time.monotonic()
        lease = self._message.lease_until
        if lease is None or timezone.now() + final_checks.LONGEST_CALL > lease:
            answer = "It took too long to begin the call; it did not begin."
            raise SendMustWait(LimitCode.RECOVERY, answer=answer)
