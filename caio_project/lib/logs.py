"""Keep out of logs: webhook query strings, unsubscribe tokens, bearer tokens, and addresses.

An error of the database or a vendor may quote a row; its traceback is masked, too.
"""

import logging
import re

SECRET_PATTERNS = (
    (re.compile(r"(/webhooks/rb2b/)(?!health(?:[\s\"?/]|$))[^\s\"?/]+"), r"\1…"),
    (re.compile(r"([?&]token=)[^\s\"&]+"), r"\1…"),
    (re.compile(r"(/u/)[^\s\"?/]+"), r"\1…"),
    (re.compile(r"(Bearer\s+)\S+", re.IGNORECASE), r"\1…"),
)


def redact_secrets(text: str) -> str:
    for pattern, kept in SECRET_PATTERNS:
        text = pattern.sub(kept, text)
    return text


ADDRESS = re.compile(r"([\w.+%'-])[\w.+%'-]*@((?:[\w-]+\.)+[\w-]+)")


def mask_addresses(text: str) -> str:
    """ "dana@northline.test" as "d***@northline.test"."""
    return ADDRESS.sub(r"\1***@\2", text) if "@" in text else text


class MaskingFormatter(logging.Formatter):
    """Masks the whole line and traceback as they are written."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_addresses(redact_secrets(super().format(record)))


class SecretFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (
            TypeError,
            ValueError,
        ):  # wrong arguments: the handler reports them, the caller must not fail
            return True
        if (clean := redact_secrets(message)) != message:
            record.msg, record.args = clean, ()
        return True
