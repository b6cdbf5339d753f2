"""Tokens of RB2B's address: those of the environment, and hashes of those that a Lead made.

A refusal disconnects RB2B for good. So the hashes are known while the database is away as well: as
this process last read them, or from the copy that it keeps in SPOOL_DIR.
"""

import hashlib
import logging
import time
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from caio_project.lib import private_files
from caio_project.lib.db import deadline
from caio_project.lib.vendor_access import access
from caio_project.lib.vendor_access.models import Rb2bToken
from caio_project.lib.web.webhooks import matches_any_secret

log = logging.getLogger(__name__)
COPY = "rb2b-tokens"  # of no ending that the spool looks for
NOTED_EVERY = 60.0  # seconds between two notes of a token's use by one process
SECONDS_FOR_A_NOTE = 0.5

_copied: dict[Path, frozenset[str]] = {}
_noted: dict[str, float] = {}


def environment_tokens() -> list[str]:
    return [one for one in settings.RB2B_WEBHOOK_TOKENS if one]


def is_right_token(token: str) -> bool:
    """Raises OSError where nobody can say: the database is away, and there is no copy."""
    if matches_any_secret(token, environment_tokens()):
        return True
    return bool(token) and matches_any_secret(hash_token(token), made_hashes())


def count_tokens() -> int:
    return len(environment_tokens()) + len(made_hashes())


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def made_hashes() -> frozenset[str]:
    """Of the made tokens that are not revoked. Raises OSError as `is_right_token` does."""
    try:
        with deadline.database_deadline(access.WEBHOOK_SECONDS):
            found = access.read_rows().rb2b_hashes
    except DatabaseError:
        held = access.held_rows()
        return held.rb2b_hashes if held else _read_copy()
    _keep_copy(found)
    return found


def note_use(token: str) -> None:
    """Store that a made token was used, at most once a minute. It may fail: nobody waits for it."""
    mark, now = hash_token(token), time.monotonic()
    held = access.held_rows()
    if held is None or mark not in held.rb2b_hashes or now - _noted.get(mark, 0) < NOTED_EVERY:
        return
    _noted[mark] = now
    try:
        with deadline.database_deadline(SECONDS_FOR_A_NOTE):
            Rb2bToken.objects.filter(sha256=mark).update(last_used_at=timezone.now())
    except DatabaseError as error:
        log.warning("the use of a token of RB2B was not noted: %s", type(error).__name__)


def _copy_path() -> Path:
    return Path(settings.SPOOL_DIR) / COPY


def _read_copy() -> frozenset[str]:
    return frozenset(_copy_path().read_text().split())


def _keep_copy(hashes: frozenset[str]) -> None:
    path = _copy_path()
    if _copied.get(path) == hashes:
        return
    try:
        if hashes or path.exists():
            private_files.make_private_folder(path.parent)
            private_files.replace_private_file(path, "\n".join(sorted(hashes)))
        _copied[path] = hashes
    except OSError as error:
        log.error("the copy of the tokens of RB2B cannot be kept: %s", error.strerror)
