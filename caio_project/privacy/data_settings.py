"""Settings of personal data: where erasures are kept, and after how many days what is deleted."""

from pathlib import Path
from typing import Any


def data_settings(env: Any, base: Path) -> dict[str, Any]:
    """The settings by name. Days of 0: it is kept until its person is erased."""
    return {
        "ERASURES_FILE": Path(
            env.str("ERASURES_FILE", default=str(base / "var" / "erasures.jsonl"))
        ),
        "RETAIN_RAW_EVENTS_DAYS": env.int("RETAIN_RAW_EVENTS_DAYS", default=0),
        "RETAIN_VISITS_DAYS": env.int("RETAIN_VISITS_DAYS", default=0),
        "RETAIN_SANDBOX_EMAILS_DAYS": env.int("RETAIN_SANDBOX_EMAILS_DAYS", default=0),
        "RETAIN_REPLY_TEXTS_DAYS": env.int("RETAIN_REPLY_TEXTS_DAYS", default=0),
        "RETAIN_NOTICE_TEXTS_DAYS": env.int("RETAIN_NOTICE_TEXTS_DAYS", default=0),
        "RETAIN_ACCESS_LOG_DAYS": env.int("RETAIN_ACCESS_LOG_DAYS", default=0),
    }
