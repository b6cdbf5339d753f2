"""A reviewer's browser. Problems of scripts and of the policy against them fail the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from approvals.desk import reading_proof
from tests.conftest import person


@contextmanager
def signed_in(
    browser: Browser, live_server: Any, user: User, **options: Any
) -> Iterator[BrowserContext]:
    """A browser of its own, in which `user` is signed in; `options` are those of Playwright."""
    client = Client()
    client.force_login(user)
    made = browser.new_context(base_url=live_server.url, **options)
    made.set_default_timeout(60_000)
    cookie = client.cookies["sessionid"].value
    made.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    yield made
    made.close()


@contextmanager
def faultless_page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails the test where a script of it raises an error."""
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    yield made
    assert problems == []


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
    screen = {"width": 1280, "height": 800}
    with signed_in(browser, live_server, sam, viewport=screen) as made:
        yield made


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
