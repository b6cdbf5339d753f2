"""Tokens of RB2B's address that a Lead makes: shown once, two live at once, revoked for good."""

import secrets
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from caio_project.lib.models import Rb2bToken, SetUpChange
from caio_project.lib.vendor_access import access, rb2b_tokens
from caio_project.set_up.entered_secrets import record_change
from outreach.control.phase import actor_name

SLOTS = (1, 2)  # for the old and the new one, while RB2B is given the new one
TOKEN_BYTES = 24
TOO_MANY = (
    f"{len(SLOTS)} tokens made here are live. Revoke the one that RB2B does not use any more first."
)


class TooManyTokens(Exception):
    """Nothing was made."""


def live_tokens() -> list[Rb2bToken]:
    return list(Rb2bToken.objects.filter(revoked_at=None))


def make_token(by: Any) -> str:
    """The token itself, which nothing can show again. Raises TooManyTokens."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    for slot in SLOTS:
        try:
            with transaction.atomic():
                row = Rb2bToken.objects.create(
                    sha256=rb2b_tokens.hash_token(token),
                    slot=slot,
                    prefix=token[:4],
                    made_by_name=actor_name(by),
                )
                record_change(SetUpChange.What.ENTERED, _about(row), by)
        except IntegrityError:
            continue  # a live token has it
        _tell_this_process()
        return token
    raise TooManyTokens


def may_make_another() -> bool:
    return len(live_tokens()) < len(SLOTS)


def revoke_token(pk: str, by: Any) -> bool:
    """False where there is no such live token."""
    rows = Rb2bToken.objects.filter(revoked_at=None)
    row = rows.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 19 else None
    if row is None:
        return False
    with transaction.atomic():
        if not rows.filter(pk=row.pk).update(revoked_at=timezone.now()):
            return False
        record_change(SetUpChange.What.REMOVED, _about(row), by)
    _tell_this_process()
    return True


def _about(row: Rb2bToken) -> str:
    return f"RB2B token {row.prefix}…"


def _tell_this_process() -> None:
    """The copy for a database that is away is written at once, too."""
    access.forget_rows()
    rb2b_tokens.made_hashes()
