"""Files and folders with people's data, which no other user of the machine may read."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

FILE_MODE, FOLDER_MODE = 0o600, 0o700
OF_OTHERS = 0o077


def open_private(path: str | Path, flags: int) -> int:
    """The `opener` of a file that is made for its owner alone."""
    return os.open(path, flags, FILE_MODE)


def make_private_folder(path: Path) -> None:
    path.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    close_to_others(path)


def make_private_file(path: Path) -> None:
    """Make it where it is missing, so that whoever opens it next widens nothing."""
    with contextlib.suppress(OSError):  # whoever opens it next says what is wrong with the place
        os.close(open_private(path, os.O_RDWR | os.O_CREAT))
        close_to_others(path)


def close_to_others(path: Path) -> None:
    """Also what an older version has made; what another user owns stays as it is."""
    with contextlib.suppress(OSError):
        mode = path.stat().st_mode
        if mode & OF_OTHERS:
            path.chmod(mode & ~OF_OTHERS)


def write_private_file(path: Path, content: str | bytes) -> None:
    """A new file, whole or not at all. Raises FileExistsError and OSError."""
    if path.exists():
        raise FileExistsError(path)
    with _written_beside(path, content) as partial:
        os.link(partial, path)  # unlike a rename it never replaces one that came meanwhile


def replace_private_file(path: Path, content: str | bytes) -> None:
    """A file in place of what is there, whole or not at all. Raises OSError."""
    with _written_beside(path, content) as partial:
        partial.replace(path)


@contextlib.contextmanager
def _written_beside(path: Path, content: str | bytes) -> Iterator[Path]:
    """A file with the content in the same folder, which is gone after the block."""
    raw = content.encode() if isinstance(content, str) else content
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        partial = Path(file.name)  # for its owner alone, as tempfile makes them
        try:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
            yield partial
        finally:
            partial.unlink(missing_ok=True)
