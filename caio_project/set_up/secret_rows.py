"""What the page says of each setting of a vendor: where it comes from, never what it is."""

from dataclasses import dataclass

from django.conf import settings

from caio_project.lib.models import StoredSecret
from caio_project.lib.vendor_access import access

OPTIONAL = ("CLAY_WEBHOOK_AUTH_TOKEN", "GHL_WORKFLOW_TOKEN")
DOES = {
    "CLAY_WORKBOOK_WEBHOOK_URL": "the webhook source of the table",
    "CLAY_WEBHOOK_AUTH_TOKEN": "what the source asks for, where it does",
    "CLAY_CALLBACK_TOKEN": "what the callback sends as a bearer token",
    "GHL_API_TOKEN": "private integration token of the location",
    "GHL_LOCATION_ID": "the location, also called sub-account",
    "GHL_FROM_EMAIL": "the address that leads see",
    "GHL_WORKFLOW_TOKEN": "what a workflow's webhook sends as a bearer token",
    "SLACK_BOT_TOKEN": "the app's bot token",
    "SLACK_SIGNING_SECRET": "without it nobody can decide in Slack",
}


@dataclass(frozen=True)
class SecretRow:
    name: str
    does: str
    is_optional: bool
    from_environment: bool
    stored: StoredSecret | None  # also where the environment wins
    cannot_be_opened: bool

    @property
    def may_enter(self) -> bool:
        return not self.from_environment


def secret_rows(part: str, stored: dict[str, StoredSecret]) -> list[SecretRow]:
    return [_secret_row(name, stored.get(name)) for name in access.STORABLE_BY_VENDOR.get(part, ())]


def _secret_row(name: str, row: StoredSecret | None) -> SecretRow:
    by_oauth = access.is_oauth_in_its_place(name)
    told = by_oauth or bool(getattr(settings, name))
    unread = row is not None and not told and not access.vendor_value(name)
    return SecretRow(name, DOES[name], name in OPTIONAL, told, row, unread)
