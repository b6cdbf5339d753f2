"""A person signs an evaluation of the gates into autonomous."""

from typing import Any

from django.utils import timezone

from metrics.gates.phase_gates import SIGNED_FOR
from metrics.models import GateEvaluation, SignOff
from outreach.choices import Phase


class NotSigned(Exception):
    """Why nothing was signed; the text names the field."""


def sign_evaluation(number: int, text: str, *, by: Any) -> SignOff:
    """Sign the evaluation with this number. Raises NotSigned; then nothing has changed."""
    row = GateEvaluation.objects.filter(pk=number).first() if 0 < number < 2**31 else None
    if row is None:
        raise NotSigned(f"evaluation: there is none with the number {number}.")
    if row.target != Phase.AUTONOMOUS:
        raise NotSigned(
            f"evaluation: {number} is into {row.target}; only one into autonomous is signed."
        )
    if row.at < timezone.now() - SIGNED_FOR:
        raise NotSigned(f"evaluation: {number} is older than 7 days; sign a newer one.")
    text = text.strip()
    if not by.has_perm("metrics.sign_off"):
        raise NotSigned("You may not sign off.")
    if not text:
        raise NotSigned("text: it is empty; say what you answer for.")
    return SignOff.objects.create(evaluation=row, text=text, by=by)
