"""A file of the spool is whole or set aside: cut, strange and half-written ones lose nothing and
stop nothing.
"""

import hashlib
import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.inbound import spool
from leads.inbound.parked import StoredReason, park_reason


def keep(body: bytes = b"{}", **more: Any) -> Path:
    """One body in the spool; its file."""
    known = set(spool.waiting_files())
    spool.keep_body(
        "rb2b", body, more.pop("sha256", hashlib.sha256(body).hexdigest()), kind="live", **more
    )
    [path] = set(spool.waiting_files()) - known
    return path


HEAD = st.sampled_from(
    [
        "source",
        "kind",
        "sha256",
        "cut",
        "parked",
        "reason_code",
        "reason_args",
        "at",
        "size",
        "body_sha256",
    ]
)
JUNK = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.datetimes().map(str)
    | st.lists(st.text(), max_size=1)
)


def names() -> list[str]:
    return sorted(
        path.suffix for path in spool.spool_folder().iterdir() if not path.name.startswith(".")
    )


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can grow beyond a hundred bytes: the write fails half-way, as on a disk that is
    full.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# What is written


def test_full_disk_raises_and_leaves_no_file() -> None:
    with full_disk(), pytest.raises(OSError):
        spool.keep_body("rb2b", b"x" * 5000, "abc", kind="live")
    assert names() == []


def test_folder_file_and_name_are_synced(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda fd: (synced.append(os.readlink(f"/proc/self/fd/{fd}")), fsync(fd))
    )
    settings.SPOOL_DIR = tmp_path / "new" / "spool"
    name = spool.keep_body("rb2b", b"{}", "abc", kind="live")
    made, folder = [str(tmp_path), str(tmp_path / "new")], str(tmp_path / "new" / "spool")
    assert sorted(synced[:2]) == made
    assert synced[2:] == [f"{folder}/{name}.part", folder]
    spool.keep_body("rb2b", b"{}", "abc", kind="live")
    assert len(synced) == 6  # the parents once


def test_removed_folder_is_made_again(settings: Any) -> None:
    keep().unlink()
    Path(settings.SPOOL_DIR).rmdir()
    keep()
    assert names() == [".event"]


# What is read


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"a": "line\nbreak"}\x00\xff', b"\n\n", b"x" * 1024 * 1024]
)
def test_a_body_comes_back_as_it_went_in(body: bytes) -> None:
    parked = park_reason("process_ended", attempts=8)

    found = spool.read_file(keep(body, parked=parked, sha256="another name"))

    assert found is not None
    assert (found.body, found.sha256, found.parked) == (body, "another name", parked)


@settings(suppress_health_check=list(HealthCheck))  # the folder is the same for every example
@given(
    st.binary(),
    st.text(st.characters(), max_size=64),
    st.builds(
        StoredReason,
        st.text(st.characters(), max_size=40),
        st.dictionaries(st.text(), st.text() | st.integers()),
        st.text(st.characters(), max_size=64),
    ),
)
def test_whatever_is_kept_comes_back(body: bytes, name: str, parked: StoredReason) -> None:
    name_of_file = spool.keep_body("rb2b", body, name, kind="live", parked=parked)
    found = spool.read_file(spool.spool_folder() / f"{name_of_file}.event")
    assert found is not None
    assert (found.body, found.sha256, found.parked) == (body, name, parked)


@settings(suppress_health_check=list(HealthCheck))
@given(
    st.binary() | st.dictionaries(HEAD, JUNK).map(lambda said: json.dumps(said).encode() + b"\n{}")
)
def test_any_file_is_read_or_set_aside(raw: bytes) -> None:
    path = keep()
    path.write_bytes(raw)
    found = spool.read_file(path)
    if found is None:
        assert path.with_suffix(".bad").read_bytes() == raw
    else:
        texts = (found.source, found.kind, found.sha256, found.parked.code, found.parked.sentence)
        assert {type(text) for text in texts} == {str}
        assert isinstance(found.parked.args, dict)
        assert found.received_at.tzinfo is not None


def test_every_cut_of_a_file_is_noticed() -> None:
    whole = keep(b'{"First Name": "Dana"}').read_bytes()
    for length in range(len(whole)):
        path = keep()
        path.write_bytes(whole[:length])
        assert spool.read_file(path) is None, length
        assert path.with_suffix(".bad").read_bytes() == whole[:length]


def test_a_body_with_one_bit_turned_is_noticed() -> None:
    path = keep(b'{"First Name": "Dana"}')
    raw = bytearray(path.read_bytes())
    raw[-3] ^= 1
    path.write_bytes(raw)
    assert spool.read_file(path) is None
    assert names() == [".bad"]


def test_a_file_of_the_version_before_is_read() -> None:
    at = "2026-11-20T10:00:00+00:00"
    head = {"source": "rb2b", "kind": "live", "sha256": "abc", "cut": False, "parked": "", "at": at}
    path = keep()
    path.write_bytes(json.dumps(head).encode() + b"\n" + b'{"a": 1}')
    found = spool.read_file(path)
    assert found is not None
    assert (found.body, found.source, found.received_at.isoformat()) == (b'{"a": 1}', "rb2b", at)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"cut": True, "parked": ""}, park_reason("body_too_large", limit=8)),
        ({"cut": True, "parked": "why"}, StoredReason(sentence="why")),
        ({"cut": False, "parked": "why"}, StoredReason(sentence="why")),
    ],
)
def test_file_without_reason_code_is_read(fields: dict[str, Any], reason: StoredReason) -> None:
    head = {"source": "rb2b", "kind": "live", "sha256": "abc", "at": "2026-11-20T10:00:00+00:00"}
    path = keep()
    path.write_bytes(json.dumps({**head, **fields}).encode() + b"\n" + b'{"a": 1}')

    found = spool.read_file(path)

    assert found is not None
    assert found.parked == reason


GARBAGE = {
    "empty": b"",
    "no head": b"half a fi",
    "binary": bytes(range(256)),
    "a list": b"[1, 2]\n{}",
    "deep": b"[" * 100_000,
    "nothing said": b"{}\n{}",
    "odd values": json.dumps(
        {"source": {}, "kind": 1, "sha256": [], "cut": 0, "parked": None, "at": "x"}
    ).encode(),
    "no text": json.dumps(
        {
            "source": {"a": 1},
            "kind": "live",
            "sha256": "a",
            "cut": False,
            "parked": "",
            "at": "2026-11-20T10:00:00",
        }
    ).encode(),
    "a time without end": b'{"source": "rb2b", "kind": "live", "sha256": "a", "cut": false, '
    b'"parked": "", "at": 1}\n{}',
    "larger than any body": b"x" * (5 * 1024 * 1024),
}


@pytest.mark.parametrize("raw", GARBAGE.values(), ids=GARBAGE)
def test_foreign_file_is_set_aside_and_kept(raw: bytes) -> None:
    path = keep()
    path.write_bytes(raw)
    assert spool.read_file(path) is None
    assert spool.waiting_files() == []
    assert path.with_suffix(".bad").read_bytes() == raw


# What a process that died has left


def test_half_written_file_is_removed_after_a_while() -> None:
    path = keep()
    part = path.with_suffix(".part")
    part.write_bytes(b"{")
    spool.tidy_folder()
    assert (spool.waiting_files(), names()) == ([path], [".event", ".part"])
    _made_earlier(part, spool.ABANDONED_AFTER + 1)
    spool.tidy_folder()
    assert names() == [".event"]


def test_whole_file_not_yet_renamed_is_kept() -> None:
    path = keep(b'{"First Name": "Dana"}')
    part = path.rename(path.with_suffix(".part"))
    _made_earlier(part, spool.ABANDONED_AFTER + 1)
    spool.tidy_folder()
    [again] = spool.waiting_files()
    found = spool.read_file(again)
    assert found is not None and found.body == b'{"First Name": "Dana"}'


def test_refused_file_is_retried_after_a_while() -> None:
    refused = spool.set_aside(keep(), spool.REFUSED)
    spool.tidy_folder()
    assert spool.waiting_files() == []
    _made_earlier(refused, spool.RETRY_REFUSED_AFTER + 1)
    spool.tidy_folder()
    assert len(spool.waiting_files()) == 1


def _made_earlier(path: Path, seconds: float) -> None:
    at = time.time() - seconds
    os.utime(path, (at, at))
