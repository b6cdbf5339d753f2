"""The commit that this process runs. Imports no model: beat asks before the apps are loaded."""

import os
import subprocess
from functools import lru_cache

from django.conf import settings

UNKNOWN = "unknown"


@lru_cache
def running_commit() -> str:
    """From the environment, else from git; "unknown" where neither says."""
    if settings.GIT_COMMIT:
        return settings.GIT_COMMIT
    if not (settings.BASE_DIR / ".git").exists():
        return UNKNOWN
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=2,
            env={"PATH": os.environ.get("PATH", "")},
        )
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    return done.stdout.strip() or UNKNOWN
