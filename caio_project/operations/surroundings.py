"""What stands around the product and is worth knowing: the Python that runs, the proxy in front."""

import platform
import sys
from typing import Any

from django.conf import settings
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


def untold_proxy() -> str:
    """What to know about the proxy in front; "" where there is nothing."""
    if not settings.HTTPS or settings.TRUSTED_PROXY_COUNT:
        return ""
    return (
        "SITE_URL is https and TRUSTED_PROXY_COUNT is 0: behind a proxy all visitors count as one "
        "address, and a few wrong passwords of one of them hold up all sign-ins."
    )


@register()
def check_surroundings(app_configs: Any = None, **_: Any) -> list[Info]:
    found = [
        ("PYTHON", old_python(), "Take a newer 3.11 when you can."),
        ("TRUSTED_PROXY_COUNT", untold_proxy(), "Set how many proxies stand in front."),
    ]
    return [Info(text, hint=hint, id=f"caio.{name}") for name, text, hint in found if text]
