"""Where `make run` last served, so that commands in another shell write the right links."""

import os
from pathlib import Path

ADDRESS_FILE = Path(__file__).resolve().parents[2] / "var" / "run-address"


def site_url(configured: str) -> str:
    """`configured` where SITE_URL is set; else where `make run` last served, if it ever did."""
    if "SITE_URL" in os.environ or not ADDRESS_FILE.is_file():
        return configured
    return ADDRESS_FILE.read_text().strip() or configured


def record_address(url: str) -> None:
    if "SITE_URL" not in os.environ:
        ADDRESS_FILE.parent.mkdir(parents=True, exist_ok=True)
        ADDRESS_FILE.write_text(f"{url}\n")
