"""Unpacks files of DMARC reports: XML, gzip, zip. What unpacks to too much is refused."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

LARGEST_FILE = 30_000_000  # bytes, as received
LARGEST_XML = 60_000_000  # bytes, unpacked; the largest senders' reports have a few millions
MOST_MEMBERS = 50  # of a zip
CHUNK = 65_536
SUFFIXES = (".xml", ".gz", ".zip")


class UnreadableFile(Exception):
    """The file cannot be unpacked, or is too large."""


def report_paths(path: Path) -> list[Path]:
    """A file as it is, or every report under a folder, by name; hidden files are left out."""
    if not path.is_dir():
        return [path]
    found = (one for one in path.rglob("*") if one.is_file() and not one.name.startswith("."))
    return sorted(one for one in found if one.name.lower().endswith(SUFFIXES))


def unpack(path: Path) -> Iterator[tuple[str, bytes]]:
    """Each XML in a file with its name. The content decides what it is. Raises UnreadableFile."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UnreadableFile(f"It cannot be read: {error.strerror}.") from error
    if len(raw) > LARGEST_FILE:
        raise UnreadableFile(f"It is larger than {LARGEST_FILE:,} bytes.")
    if raw.startswith(b"PK\x03\x04"):
        yield from _unzip(raw, path.name)
    elif raw.startswith(b"\x1f\x8b"):
        yield path.name, _gunzip(raw)
    else:
        yield path.name, raw


def _gunzip(raw: bytes) -> bytes:
    unpacker, kept, rest = zlib.decompressobj(wbits=31), bytearray(), raw
    try:
        while rest and not unpacker.eof:
            kept += unpacker.decompress(rest, CHUNK)
            if len(kept) > LARGEST_XML:
                raise _too_large()
            rest = unpacker.unconsumed_tail
    except zlib.error as error:
        raise UnreadableFile("It is not gzip, or was cut off.") from error
    if not unpacker.eof:
        raise UnreadableFile("It is not gzip, or was cut off.")
    return bytes(kept)


def _unzip(raw: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) > MOST_MEMBERS:
                raise UnreadableFile(f"It holds more than {MOST_MEMBERS} files.")
            left = LARGEST_XML
            for member in members:
                content = _read_member(archive, member, left)
                left -= len(content)
                yield f"{name}/{member.filename[-100:]}", content
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadableFile("It is not zip, was cut off, or has a password.") from error


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> bytes:
    """What the directory says of its size is not believed: it is counted."""
    with archive.open(member) as file:
        content = file.read(left + 1)
    if len(content) > left:
        raise _too_large()
    return content


def _too_large() -> UnreadableFile:
    return UnreadableFile(f"It unpacks to more than {LARGEST_XML:,} bytes.")
