"""How a long measurement goes, on stderr."""

import sys
import time

_told_at = 0.0


def report_progress(text: str) -> None:
    """Say on stderr how it goes, every ten seconds at most."""
    global _told_at
    if time.monotonic() - _told_at > 10:
        _told_at = time.monotonic()
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
