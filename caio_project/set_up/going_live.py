"""Out of the sandbox and back: who may, what must be proven, and the record of it."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from caio_project.checks import is_loopback
from caio_project.lib.models import LiveVendor, SetUpChange, SetUpProof
from caio_project.lib.vendor_access import access
from caio_project.set_up import proofs
from caio_project.set_up.entered_secrets import record_change
from leads.models import InboundEvent
from outreach.control.phase import actor_name

PROOF_HOLDS = timedelta(hours=1)
VENDORS = {"ghl": "GoHighLevel", "clay": "Clay"}


class NotAllowed(Exception):
    """Nothing was changed; each reason is a sentence."""

    def __init__(self, reasons: list[str]):
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def go_live(vendor: str, by: Any) -> None:
    """Take a vendor out of the sandbox, for every process. Raises NotAllowed."""
    access.forget_rows()
    if reasons := why_not_live(vendor):
        raise NotAllowed(reasons)
    columns = {"place": access.live_place(vendor), "at": timezone.now(), "by_name": actor_name(by)}
    with transaction.atomic():
        LiveVendor.objects.update_or_create(vendor=vendor, defaults=columns)
        record_change(SetUpChange.What.WENT_LIVE, vendor, by)
    access.forget_rows()


def back_to_sandbox(vendor: str, by: Any) -> bool:
    """Undo going live; emails approved as live are held again. False where no page took it live."""
    with transaction.atomic():
        removed, _ = LiveVendor.objects.filter(vendor=vendor).delete()
        if removed:
            record_change(SetUpChange.What.SANDBOXED, vendor, by)
    access.forget_rows()
    return bool(removed)


def why_not_live(vendor: str) -> list[str]:
    """Every reason why this vendor may not leave the sandbox now; [] where it may."""
    if vendor not in VENDORS:
        return ["There is no such vendor."]
    if vendor in settings.SANDBOX_FORCE:
        return ["SANDBOX_FORCE in the environment keeps it there; no page can change that."]
    if vendor not in settings.SANDBOXED:
        return ["The environment connects it: it is not in the sandbox."]
    found = [f"{name} is missing." for name in missing_values(vendor)]
    found += _sending_reasons() if vendor == "ghl" else []
    if (
        vendor == "ghl"
        and is_loopback(settings.SITE_URL)
        and not is_loopback(settings.GHL_BASE_URL)
    ):
        found.append("SITE_URL is an address of this machine: nobody could unsubscribe.")
    return found or _proof_reasons(vendor)


def missing_values(vendor: str) -> list[str]:
    return [name for name in settings.VENDOR_SETTINGS[vendor] if not access.vendor_value(name)]


def _sending_reasons() -> list[str]:
    names = ("POSTAL_ADDRESS", "SENDER_NAME")
    return [
        f"{name} is not set in the environment: no email may leave without it."
        for name in names
        if not getattr(settings, name)
    ]


def _proof_reasons(vendor: str) -> list[str]:
    row = SetUpProof.objects.filter(part=vendor).first()
    if row is None or row.fingerprint != proofs.fingerprint_of(vendor):
        return ["It was not tested with these values. Send a test first."]
    if not row.ok:
        return [f"The last test failed: {row.text}"]
    if row.at < timezone.now() - PROOF_HOLDS:
        return ["The last test is more than an hour old. Send a test first."]
    answers = InboundEvent.objects.filter(source="clay", received_at__gte=row.at)
    if vendor == "clay" and not answers.exists():
        return ["Clay took the test row, and no answer with our callback token has come since."]
    return []
