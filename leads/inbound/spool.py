"""Where a body waits while the database is away: one fsynced file each in SPOOL_DIR, drained in order.

A file is named by the time it came, written under another name, synced, renamed, and the directory synced: after a
crash or a power loss it is there whole or not at all. It is deleted only after its event is committed; coming twice is
harmless, because an event is unique by its body. Its first line says what it is, the length and the hash of the body
included; the rest is the body as it came.
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

log = logging.getLogger(__name__)

SUFFIX, PART, BAD, REFUSED = ".event", ".part", ".bad", ".refused"
ABANDONED_AFTER = 600.0  # seconds after which nobody is writing a .part any more
RETRY_REFUSED_AFTER = 600.0  # seconds; what the database refuses may be accepted after a deploy
LARGEST_FILE = 4 * 1024 * 1024  # bytes of a file; a body has one megabyte at most


@dataclass(frozen=True)
class SpooledBody:
    """One body as it waits."""

    path: Path
    source: str
    kind: str
    sha256: str
    cut: bool
    parked: str
    received_at: datetime
    body: bytes


def keep_body(
    source: str, body: bytes, sha256: str, *, cut: bool, kind: str, parked: str = ""
) -> str:
    """Write one body to the spool and return its name; raises OSError where the disk cannot take it."""
    head = {
        "source": source,
        "kind": kind,
        "sha256": sha256,
        "cut": cut,
        "parked": parked,
        "at": datetime.now(UTC).isoformat(),
        "size": len(body),
        "body_sha256": hashlib.sha256(body).hexdigest(),
    }
    name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
    temporary = _ensure_folder() / f"{name}{PART}"
    try:
        with temporary.open("wb") as file:
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
    """Files that wait, oldest first."""
    return _files_ending(SUFFIX)


def set_aside_counts() -> dict[str, int]:
    """How many files were set aside, by their suffix."""
    return {suffix: len(_files_ending(suffix)) for suffix in (BAD, REFUSED)}


def has_work() -> bool:
    """Whether there is anything that `tidy` and a drain would look at, now or after a while."""
    return any(_files_ending(suffix) for suffix in (SUFFIX, REFUSED, PART))


def read_file(path: Path) -> SpooledBody | None:
    """One file, or None (and set aside under .bad, for a person) where it is not one of ours, or not whole.

    Raises OSError where it cannot be read at all, and FileNotFoundError where another process has drained it.
    """
    found = _parse_file(path)
    if found is None:
        log.error("%s in the spool is not whole or not ours; it is set aside", path.name)
        set_aside(path, BAD)
    return found


def set_aside(path: Path, suffix: str) -> Path:
    """Out of the way of those behind it; nothing deletes it."""
    with contextlib.suppress(OSError):  # of another owner; then it is only tried again sooner
        os.utime(path)
    return _rename_synced(path, suffix)


def tidy_folder() -> None:
    """What was refused a while ago is tried again; what a killed process has left half-written is cleared away, or
    taken in where only the new name was missing."""
    for path in _files_older(REFUSED, RETRY_REFUSED_AFTER):
        _rename_synced(path, SUFFIX)
    for path in _files_older(PART, ABANDONED_AFTER):
        if _parse_file(path) is None:
            path.unlink(missing_ok=True)  # nobody was told that it is kept
        else:
            _rename_synced(path, SUFFIX)


def forget_file(spooled: SpooledBody) -> None:
    """After the commit."""
    spooled.path.unlink(missing_ok=True)


def is_writable() -> bool:
    """Whether a body could be kept now: we may write, and there is room."""
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


def _parse_file(path: Path) -> SpooledBody | None:
    with path.open("rb") as file:
        raw = file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        return None
    head, _, body = raw.partition(b"\n")
    try:
        said = json.loads(head)
        at = datetime.fromisoformat(said["at"])
        texts = [_required_text(said[name]) for name in ("source", "kind", "sha256", "parked")]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    source, kind, sha256, parked = texts
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (
        SpooledBody(path, source, kind, sha256, bool(said.get("cut")), parked, at, body)
        if _is_whole(said, body)
        else None
    )


def _is_whole(said: dict[str, Any], body: bytes) -> bool:
    """By length and hash; the files of the first version say neither."""
    if "size" not in said:
        return True
    return len(body) == said["size"] and hashlib.sha256(body).hexdigest() == said.get("body_sha256")


def _required_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _rename_synced(path: Path, suffix: str) -> Path:
    renamed = path.rename(path.with_suffix(suffix))
    _sync_folder(path.parent)
    return renamed


def _ensure_folder() -> Path:
    """The folder, made where it is missing; then its parents are synced, so that it outlives a power loss."""
    path = spool_folder()
    new = [one for one in (path, *path.parents) if not one.exists()]
    path.mkdir(parents=True, exist_ok=True)
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
