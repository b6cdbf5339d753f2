"""Where a body waits while the database is away: one fsynced file each in SPOOL_DIR, drained in order.

A file is named by the time it came, written under another name, synced, renamed, and the directory synced: after a
crash or a power loss it is there whole or not at all. It is deleted only after its event is committed; coming twice is
harmless, because an event is unique by its body.
"""

import json
import logging
import os
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

log = logging.getLogger(__name__)

SUFFIX, BAD = ".event", ".bad"


@dataclass(frozen=True)
class Spooled:
    """One body as it waits."""

    path: Path
    source: str
    kind: str
    sha256: str
    cut: bool
    parked: str
    received_at: datetime
    body: bytes


def keep(source: str, body: bytes, sha256: str, *, cut: bool, kind: str, parked: str = "") -> str:
    """Write one body to the spool and return its name; raises OSError where the disk cannot take it."""
    folder = _folder()
    head = {
        "source": source,
        "kind": kind,
        "sha256": sha256,
        "cut": cut,
        "parked": parked,
        "at": datetime.now(UTC).isoformat(),
    }
    name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
    temporary = folder / f"{name}.part"
    with temporary.open("wb") as file:
        file.write(json.dumps(head).encode() + b"\n" + body)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(folder / f"{name}{SUFFIX}")
    _sync(folder)
    return name


def waiting() -> list[Path]:
    """Files that wait, oldest first."""
    folder = Path(settings.SPOOL_DIR)
    return sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []


def read(path: Path) -> Spooled | None:
    """One file, or None (and set aside under .bad, for a person) where it is not one of ours."""
    raw = path.read_bytes()
    head, _, body = raw.partition(b"\n")
    try:
        said = json.loads(head)
        at = datetime.fromisoformat(said["at"])
        return Spooled(path, said["source"], said["kind"], said["sha256"], bool(said["cut"]), said["parked"], at, body)
    except (ValueError, KeyError, TypeError):
        log.error("%s in the spool cannot be read; it is set aside", path.name)
        path.rename(path.with_suffix(BAD))
        return None


def forget(spooled: Spooled) -> None:
    """After the commit."""
    spooled.path.unlink(missing_ok=True)


def is_writable() -> bool:
    try:
        return os.access(_folder(), os.W_OK)
    except OSError:
        return False


def _folder() -> Path:
    folder = Path(settings.SPOOL_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
