"""Versions of what we sell: each save is a new one, and earlier ones stay."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from outreach.choices import Status
from outreach.content import seller_fields
from outreach.content.roles import ROLES
from outreach.drafting import signing
from outreach.models import Message, SellerVersion

MOST_SHOWN = 20
WORDS_FOR = {
    "company": "company name", "offer": "what we do", "customers": "whom we help",
    "start": "how it starts", "result": "the result", "booking_url": "booking link",
    "proofs": "proof",
}  # fmt: skip


class SavedMeanwhile(Exception):
    """Somebody else has saved a version since this one was shown; nothing was stored."""


@dataclass(frozen=True)
class SavedVersion:
    version: int
    at: datetime
    by: Any
    changed: tuple[str, ...]  # what it changed, in words


def save_seller(words: dict[str, Any], by: Any, *, instead_of: int) -> bool:
    """Store `words` as the next version; False where nothing is new. Raises SavedMeanwhile."""
    current = signing.current_seller()
    if current.version != instead_of:
        raise SavedMeanwhile
    if words == seller_fields.words_of_seller(current):
        return False
    try:
        with transaction.atomic():
            SellerVersion.objects.create(version=instead_of + 1, words=words, by=by)
            # it may be what blocks them
            Message.objects.filter(status=Status.BLOCKED).update(not_before=timezone.now())
    except IntegrityError:
        raise SavedMeanwhile from None
    return True


def newest_versions() -> list[SavedVersion]:
    rows = list(SellerVersion.objects.select_related("by")[: MOST_SHOWN + 1])
    before = [row.words for row in rows[1:]] + [{}]
    return [
        SavedVersion(row.version, row.at, row.by, _changed(older, row.words))
        for row, older in zip(rows, before, strict=False)
    ][:MOST_SHOWN]


def _changed(older: dict[str, Any], newer: dict[str, Any]) -> tuple[str, ...]:
    if not older:
        return ("first version",)
    plain = [label for name, label in WORDS_FOR.items() if older.get(name) != newer.get(name)]
    roles = [
        role.label
        for role in ROLES
        if older.get("roles", {}).get(role.key) != newer.get("roles", {}).get(role.key)
    ]
    return (*plain, *roles)
