"""A reviewer's browser. Problems of scripts and of the policy against them fail the test."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from approvals.desk import reading_proof
from tests.conftest import person


@pytest.fixture(autouse=True)
def quick_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second on the screen is a reading, but where a test says otherwise."""
    monkeypatch.setattr(reading_proof, "LEAST_SECONDS", 1.0)
    monkeypatch.setattr(reading_proof, "WORDS_A_SECOND", 1000)


@pytest.fixture
def sam(committed: None) -> User:
    return person("sam", "Reviewer")


@pytest.fixture
def context(browser: Browser, live_server: Any, sam: User) -> Iterator[BrowserContext]:
    client = Client()
    client.force_login(sam)
    made = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 800})
    made.set_default_timeout(60_000)
    made.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.on(
        "console",
        lambda said: problems.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield made
    assert problems == []
