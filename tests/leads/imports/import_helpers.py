"""Helpers of the tests beside."""

import io
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command


def command(name: str, *args: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(name, *map(str, args), stdout=out, stderr=err)
    except CommandError as error:
        err.write(f"ERROR {error}")
    return out.getvalue(), err.getvalue()


def file(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
