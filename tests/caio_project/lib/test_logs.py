"""No token reaches the log, whatever the line it stands in."""

import io
import logging

import pytest
from django.conf import settings

from caio_project.lib.logs import SecretFilter, redact_secrets


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ('"POST /webhooks/rb2b/secret-token HTTP/1.1" 200', '"POST /webhooks/rb2b/… HTTP/1.1" 200'),
        ("Unauthorized: /webhooks/rb2b/secret-token", "Unauthorized: /webhooks/rb2b/…"),
        ("/webhooks/rb2b/healthy-looking-secret", "/webhooks/rb2b/…"),
        ("/webhooks/rb2b/health-secret", "/webhooks/rb2b/…"),
        ('"GET /webhooks/rb2b/health HTTP/1.1"', '"GET /webhooks/rb2b/health HTTP/1.1"'),
        ("/webhooks/rb2b/health", "/webhooks/rb2b/health"),
        ("/webhooks/rb2b?token=secret&x=1", "/webhooks/rb2b?token=…&x=1"),
        ("/webhooks/rb2b?x=1&token=secret HTTP", "/webhooks/rb2b?x=1&token=… HTTP"),
        ('"GET /u/secret-token?x=1"', '"GET /u/…?x=1"'),
        ("Authorization: Bearer secret.token", "Authorization: Bearer …"),
        ("{'authorization': 'bearer secret'}", "{'authorization': 'bearer …"),
        ("twice Bearer one and Bearer two", "twice Bearer … and Bearer …"),
        ("/sales/queue?page=2", "/sales/queue?page=2"),
        ("", ""),
    ],
)
def test_tokens_are_left_out_and_the_rest_stays(line: str, kept: str) -> None:
    assert redact_secrets(line) == kept


@pytest.fixture
def lines() -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(SecretFilter())
    logger = logging.Logger("test")
    logger.addHandler(handler)
    return logger, stream


def test_a_token_among_the_arguments_is_left_out(lines: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = lines
    logger.warning("Unauthorized: %s by %s", "/webhooks/rb2b/secret-token", "Bearer another")
    logger.warning("100% sure")
    logger.warning("%d of %d", 1, 2)
    assert stream.getvalue() == "Unauthorized: /webhooks/rb2b/… by Bearer …\n100% sure\n1 of 2\n"


def test_wrong_log_arguments_do_not_raise(
    lines: tuple[logging.Logger, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logger, stream = lines
    logger.warning("%d", "seven")
    logger.warning("still here")
    assert stream.getvalue() == "still here\n"


def test_every_handler_of_ours_has_the_filter() -> None:
    handlers = settings.LOGGING["handlers"].values()
    assert [handler["filters"] for handler in handlers] == [["no_secrets"]] * len(handlers)
    assert settings.LOGGING["filters"]["no_secrets"]["()"] == "caio_project.lib.logs.SecretFilter"
