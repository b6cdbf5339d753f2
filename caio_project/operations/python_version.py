"""Which Python runs, and what an older one lacks."""

import platform
import sys
from typing import Any

from django.core.checks import Info, register

WANTED = (3, 11, 10)


def old_python() -> str:
    """What to know about the Python that runs; "" where there is nothing."""
    if sys.version_info[:3] >= WANTED:
        return ""
    return (
        f"Python {platform.python_version()} is older than {'.'.join(map(str, WANTED))}: it lacks "
        "security fixes. Cookies that it would read slowly are left out before it sees them."
    )


@register()
def check_python(app_configs: Any = None, **_: Any) -> list[Info]:
    said = old_python()
    return [Info(said, hint="Take a newer 3.11 when you can.", id="caio.PYTHON")] if said else []
