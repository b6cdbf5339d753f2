"""The erasures, kept outside of the database too, so that a restored backup forgets them again.

One line of JSON for each erasure, with marks and ids only. What the file of this machine lacks is
written after each erasure, by the sweep, and with each backup.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from caio_project.lib import private_files, times
from leads.models import Erasure


class UnreadableErasures(Exception):
    """A line of the file is no erasure; the text names it."""


def erasures_path() -> Path:
    return Path(settings.ERASURES_FILE)  # type: ignore[misc]  # set by data_settings


def write_missing(path: Path | None = None) -> str:
    """Append every erasure that the file lacks; returns what is wrong with the file, or ""."""
    path = path or erasures_path()
    try:
        private_files.make_private_folder(path.parent)
        private_files.make_private_file(path)
        with path.open("r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            whole = _whole_lines(file.read())
            known = {str(line["id"]) for line in _parse(whole)}
            missing = Erasure.objects.exclude(public_id__in=known).order_by("pk")
            lines = [json.dumps(as_line(one)) for one in missing]
            file.seek(0)
            file.write(whole)
            file.truncate()
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return f"{path}: {error.strerror}."
    except UnreadableErasures as error:
        return f"{path}: {error}"
    return ""


def as_line(erasure: Erasure) -> dict[str, Any]:
    return {
        "id": str(erasure.public_id),
        "at": erasure.at.isoformat(),
        "marks": erasure.marks,
        "leads": erasure.leads,
    }


def read_erasures(path: Path) -> list[dict[str, Any]]:
    """Raises OSError and UnreadableErasures."""
    return list(_parse(_whole_lines(path.read_text(encoding="utf-8"))))


def _whole_lines(text: str) -> str:
    """Without a last line that a process wrote half when it died."""
    return text[: text.rfind("\n") + 1]


def _parse(text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            marks, leads = found["marks"], found["leads"]
            is_one = all(isinstance(one, str) for one in (found["id"], *marks, *leads))
            at = times.parse_time(found["at"])
        except (ValueError, KeyError, TypeError):
            is_one, at = False, None
        if not is_one or at is None:
            raise UnreadableErasures(f"line {number} is no erasure. Nothing was done.")
        yield {**found, "at": at}


def add_missing(lines: list[dict[str, Any]]) -> list[Erasure]:
    """Store the erasures that this database does not know; returns them, not yet carried out."""
    known = {str(one) for one in Erasure.objects.values_list("public_id", flat=True)}
    with transaction.atomic():
        return [
            Erasure.objects.create(
                public_id=line["id"],
                at=line["at"],
                source=Erasure.Source.REPLAY,
                marks=line["marks"],
                leads=line["leads"],
                newest_lead=0,  # all leads are looked through
            )
            for line in lines
            if line["id"] not in known
        ]
