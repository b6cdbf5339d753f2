"""A vendor's setting, and whether a vendor is in the sandbox, for every process.

Both come from the environment, then from rows that are read anew after FRESH_SECONDS. Who cannot
read them goes by the last reading; who never could stays in the sandbox, and decides nothing.
"""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils.crypto import salted_hmac

from caio_project.lib import sealed
from caio_project.lib.db import deadline
from caio_project.lib.vendor_access.models import LiveVendor, Rb2bToken, SetUpProof, StoredSecret

FRESH_SECONDS = 2.0
WEBHOOK_SECONDS = 1.0  # of the three that vendors wait
RB2B = "rb2b"  # in SANDBOX: its tokens are made on the page
SLACK = "slack"  # in SANDBOX_FORCE: nothing is posted there
# What may be entered on the page of the set-up. RB2B's tokens are in rb2b_tokens.py: its webhook
# must know them while the database is away.
STORABLE_BY_VENDOR = {
    "clay": ("CLAY_WORKBOOK_WEBHOOK_URL", "CLAY_WEBHOOK_AUTH_TOKEN", "CLAY_CALLBACK_TOKEN"),
    "ghl": ("GHL_API_TOKEN", "GHL_LOCATION_ID", "GHL_FROM_EMAIL", "GHL_WORKFLOW_TOKEN"),
    "slack": ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"),
}
STORABLE = tuple(name for names in STORABLE_BY_VENDOR.values() for name in names)
# What a test of GoHighLevel uses, and what its newest good test is kept as: one may fail later.
GHL_TESTED = ("GHL_API_TOKEN", "GHL_CLIENT_ID", "GHL_LOCATION_ID", "GHL_FROM_EMAIL")
GHL_PROVEN = "ghl proven"


@dataclass
class Rows:
    """What the rows said at one moment, by the name of the setting or the vendor."""

    until: float  # by time.monotonic: read anew from then on
    stored: dict[str, str]
    opened: dict[str, str] = field(default_factory=dict)
    rb2b_hashes: frozenset[str] = frozenset()


_held: dict[str, Rows] = {}  # this process's newest reading, under "now"


def vendor_value(name: str) -> str:
    """The setting of a vendor as it holds now; "" where it is not set or cannot be opened."""
    if name.startswith("SLACK_") and SLACK in settings.SANDBOX_FORCE:
        return ""
    told: str = getattr(settings, name)
    if told or name not in STORABLE or is_oauth_in_its_place(name):
        return told
    try:
        return _open_stored(_newest_rows(), name)
    except DatabaseError:
        return ""


def value_in_time(name: str) -> str:
    """As `vendor_value`, for webhooks: a database that hangs is not waited for."""
    if getattr(settings, name):
        return vendor_value(name)
    try:
        with deadline.database_deadline(WEBHOOK_SECONDS):
            return vendor_value(name)
    except DatabaseError:
        return _open_held(name)


def is_sandboxed(vendor: str) -> bool:
    """Whether nothing is sent to this vendor: SANDBOX names it, and no Lead took it live here.

    True where the rows could never be read. What decides asks `sandboxed_or_raise`.
    """
    try:
        return sandboxed_or_raise(vendor)
    except DatabaseError:
        return True


def sandboxed_or_raise(vendor: str) -> bool:
    """As `is_sandboxed`; where the rows cannot be read, as they were last read.

    Raises DatabaseError where they never were: an approval kept in the sandbox is not sent later.
    """
    if vendor in settings.SANDBOX_FORCE:
        return True
    if vendor not in settings.SANDBOXED:
        return False
    return _newest_rows().stored.get(vendor) != live_place(vendor)


def sandboxed_vendors() -> list[str]:
    return [
        one for one in sorted({*settings.SANDBOXED, *settings.SANDBOX_FORCE}) if is_sandboxed(one)
    ]


def live_place(vendor: str) -> str:
    """This site, and where it reaches the vendor: a copy elsewhere does not go live with it."""
    reached = settings.GHL_BASE_URL if vendor == "ghl" else ""
    return f"{settings.SITE_URL} {reached}".strip()


def ghl_fingerprint(key: str | None = None) -> str:
    """Of the values that reach GoHighLevel; it tells two apart and gives none away."""
    return fingerprint_of_values([*map(vendor_value, GHL_TESTED), settings.GHL_BASE_URL], key)


def fingerprint_of_values(values: Iterable[str], key: str | None = None) -> str:
    return salted_hmac(
        "set-up proof", "\n".join(values), secret=key, algorithm="sha256"
    ).hexdigest()


def is_ghl_proven() -> bool:
    """Whether a test has worked with the values that hold now, where a Lead took it live here.

    What the environment alone connects needs no test: a deploy has changed it.
    """
    if "ghl" not in settings.SANDBOXED:
        return True
    rows = _newest_rows().stored
    proven = {rows.get(f"test of {part}") for part in ("ghl", GHL_PROVEN)}
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(ghl_fingerprint(key) in proven for key in keys)


def is_oauth_in_its_place(name: str) -> bool:
    """An app of GoHighLevel in the environment takes the place of an entered token."""
    return name == "GHL_API_TOKEN" and bool(settings.GHL_CLIENT_ID)


def forget_rows() -> None:
    """Have the next call read the rows again."""
    _held.clear()


def assume_no_rows() -> None:
    """For tests: nothing was entered and nobody went live, until rows are forgotten."""
    _held["now"] = Rows(math.inf, {})


def read_rows() -> Rows:
    """Raises DatabaseError."""
    found = _held.get("now")
    if found is None or time.monotonic() >= found.until:
        until = time.monotonic() + FRESH_SECONDS
        secrets = StoredSecret.objects.values_list("name", "sealed")
        live = LiveVendor.objects.values_list("vendor", "place")
        tests = SetUpProof.objects.filter(ok=True, part__in=("ghl", GHL_PROVEN))
        proven = tests.values_list(Concat(Value("test of "), "part"), "fingerprint")
        tokens = Rb2bToken.objects.filter(revoked_at=None).order_by()
        hashes = tokens.values_list("sha256", Value(RB2B))
        stored = dict(secrets.union(live, proven, hashes))
        made = frozenset(name for name, value in stored.items() if value == RB2B)
        found = Rows(until, stored, rb2b_hashes=made)
        _held["now"] = found
    return found


def _newest_rows() -> Rows:
    """As they are, or were last read. Raises DatabaseError where they never were."""
    try:
        return read_rows()
    except DatabaseError:
        if (found := held_rows()) is None:
            raise
        return found


def held_rows() -> Rows | None:
    """What this process read last, however long ago."""
    return _held.get("now")


def _open_held(name: str) -> str:
    """As it was last read."""
    found = held_rows()
    return _open_stored(found, name) if found else ""


def _open_stored(rows: Rows, name: str) -> str:
    if name not in rows.opened and name in rows.stored:
        try:
            rows.opened[name] = sealed.decrypt_text(rows.stored[name], purpose_of(name))
        except sealed.DecryptionError:
            rows.opened[name] = ""
    return rows.opened.get(name, "")


def purpose_of(name: str) -> str:
    """Part of the key: what was stored under one name cannot be opened under another."""
    return f"vendor {name}"
