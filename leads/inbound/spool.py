"""Files for bodies that wait while the database is away: one fsynced file each in SPOOL_DIR.

A file is named by the time it came, written under another name, synced, renamed, and the directory
synced: after a crash or a power loss it is there whole or not at all. It is deleted only after its
event is committed; storing it twice is harmless, because an event is unique by its body. Its first
line is a JSON object with the length and the hash of the body; the rest is the body as it came.
"""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from caio_project.lib import private_files, times
from leads.inbound.parked import NO_REASON, StoredReason, park_reason

log = logging.getLogger(__name__)

SUFFIX, PART, BAD, REFUSED = ".event", ".part", ".bad", ".refused"
ABANDONED_AFTER = 600.0  # seconds after which nobody is writing a .part any more
RETRY_REFUSED_AFTER = 600.0  # seconds; what the database refuses may be accepted after a deploy
LARGEST_FILE = 4 * 1024 * 1024  # bytes of a file; a body has one megabyte at most


@dataclass(frozen=True)
class SpooledBody:
    path: Path
    source: str
    kind: str
    sha256: str
    parked: StoredReason
    received_at: datetime
    body: bytes


def keep_body(
    source: str, body: bytes, sha256: str, *, kind: str, parked: StoredReason = NO_REASON
) -> str:
    """Write one body to the spool and return its name.

    Raises OSError where the disk cannot take it.
    """
    head = {
        "source": source,
        "kind": kind,
        "sha256": sha256,
        "parked": parked.sentence,
        "reason_code": parked.code,
        "reason_args": dict(parked.args),
        "at": datetime.now(UTC).isoformat(),
        "size": len(body),
        "body_sha256": hashlib.sha256(body).hexdigest(),
    }
    name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
    temporary = _ensure_folder() / f"{name}{PART}"
    try:
        with open(temporary, "wb", opener=private_files.open_private) as file:
            file.write(json.dumps(head).encode() + b"\n" + body)
            file.flush()
            os.fsync(file.fileno())
        _rename_synced(temporary, SUFFIX)
    except OSError:
        temporary.unlink(missing_ok=True)  # a full disk is not to be filled with halves
        raise
    return name


def spool_folder() -> Path:
    return Path(settings.SPOOL_DIR)


def waiting_files() -> list[Path]:
    return _files_ending(SUFFIX)


def set_aside_counts() -> dict[str, int]:
    return {suffix: len(_files_ending(suffix)) for suffix in (BAD, REFUSED)}


def has_work() -> bool:
    return any(_files_ending(suffix) for suffix in (SUFFIX, REFUSED, PART))


def read_file(path: Path) -> SpooledBody | None:
    """One file; None, and set aside under .bad, where it is not one of ours or not whole.

    Raises OSError where it cannot be read, and FileNotFoundError where another process drained it.
    """
    found = parse_file(path)
    if found is None:
        log.error("%s in the spool is not whole or not ours; it is set aside", path.name)
        set_aside(path, BAD)
    return found


def set_aside(path: Path, suffix: str) -> Path:
    """Rename a file so that it does not hold up those behind it; nothing deletes it."""
    with contextlib.suppress(OSError):  # of another owner; then it is only tried again sooner
        os.utime(path)
    return _rename_synced(path, suffix)


def tidy_folder() -> None:
    """Retry files refused a while ago, and settle half-written files of killed processes.

    A half-written file is kept where only its new name was missing, else deleted.
    """
    for path in _files_older(REFUSED, RETRY_REFUSED_AFTER):
        _rename_synced(path, SUFFIX)
    for path in _files_older(PART, ABANDONED_AFTER):
        if parse_file(path) is None:
            path.unlink(missing_ok=True)  # it was never acknowledged
        else:
            _rename_synced(path, SUFFIX)


def forget_file(spooled: SpooledBody) -> None:
    spooled.path.unlink(missing_ok=True)


def is_writable() -> bool:
    try:
        path = _ensure_folder()
        return os.access(path, os.W_OK) and shutil.disk_usage(path).free > LARGEST_FILE
    except OSError:
        return False


def _files_ending(suffix: str) -> list[Path]:
    try:
        return sorted(spool_folder().glob(f"*{suffix}")) if spool_folder().is_dir() else []
    except OSError:  # it cannot be listed, nor written: `is_writable` says so
        return []


def _files_older(suffix: str, seconds: float) -> list[Path]:
    until, found = time.time() - seconds, []
    for path in _files_ending(suffix):
        try:
            if path.stat().st_mtime < until:
                found.append(path)
        except FileNotFoundError:
            pass  # it was renamed this moment
    return found


def parse_file(path: Path) -> SpooledBody | None:
    with path.open("rb") as file:
        raw = file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        return None
    head, _, body = raw.partition(b"\n")
    try:
        fields = json.loads(head)
        at = times.parse_time(fields["at"])
        source, kind, sha256 = (
            _required_text(fields[name]) for name in ("source", "kind", "sha256")
        )
        parked = _parse_reason(fields, body)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if at is None or not _is_whole(fields, body):
        return None
    return SpooledBody(path, source, kind, sha256, parked, at, body)


def _parse_reason(fields: dict[str, Any], body: bytes) -> StoredReason:
    """Raises KeyError or TypeError.

    Files written before reasons had codes may say `cut` instead.
    """
    sentence = _required_text(fields["parked"])
    code, args = _required_text(fields.get("reason_code", "")), fields.get("reason_args", {})
    if not isinstance(args, dict):
        raise TypeError
    if fields.get("cut") and not sentence:
        return park_reason("body_too_large", limit=len(body))
    return StoredReason(code, args, sentence)


def _is_whole(fields: dict[str, Any], body: bytes) -> bool:
    # By length and hash; the files of the first version have neither.
    if "size" not in fields:
        return True
    body_sha256 = hashlib.sha256(body).hexdigest()
    return len(body) == fields["size"] and body_sha256 == fields.get("body_sha256")


def _required_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _rename_synced(path: Path, suffix: str) -> Path:
    renamed = path.rename(path.with_suffix(suffix))
    _sync_folder(path.parent)
    return renamed


def _ensure_folder() -> Path:
    """Make the folder where it is missing and sync its parents, so that it outlives a power
    loss.
    """
    path = spool_folder()
    new = [one for one in (path, *path.parents) if not one.exists()]
    private_files.make_private_folder(path)
    for one in new:
        with contextlib.suppress(PermissionError):  # we may make folders there and not read them
            _sync_folder(one.parent)
    return path


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
