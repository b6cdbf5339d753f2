"""An older Python runs, and is told of by the check and by the diagnosis, not as a failure."""

import sys
from io import StringIO
from typing import Any

import pytest
from django.core.checks import WARNING
from django.core.management import call_command

from caio_project.operations import diagnosis, surroundings


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(*version: int) -> None:
        monkeypatch.setattr(sys, "version_info", (*version, "final", 0))
        monkeypatch.setattr("platform.python_version", lambda: ".".join(map(str, version)))

    return run


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 11, 7), (3, 11, 9)])
def test_an_older_one_is_reported_as_information(running: Any, version: tuple[int, ...]) -> None:
    running(*version)
    (found,) = surroundings.check_surroundings()
    assert found.id == "caio.PYTHON" and found.level < WARNING
    assert ".".join(map(str, version)) in found.msg and "3.11.10" in found.msg
    out, err = StringIO(), StringIO()
    call_command("check", fail_level="WARNING", stdout=out, stderr=err)
    assert "caio.PYTHON" in out.getvalue() + err.getvalue()


@pytest.mark.parametrize("version", [(3, 11, 10), (3, 11, 14), (3, 12, 0)])
def test_nothing_is_said_about_a_newer_one(running: Any, version: tuple[int, ...]) -> None:
    running(*version)
    assert surroundings.check_surroundings() == []


@pytest.mark.django_db
def test_the_diagnosis_warns_and_does_not_fail_for_it(running: Any) -> None:
    running(3, 11, 7)
    (found,) = (one for one in diagnosis.diagnose_stages() if one.name == "Python")
    assert (found.ok, found.state) == (True, "warning")
    assert found.text.startswith("Python 3.11.7 is older than 3.11.10")
    running(3, 11, 14)
    (found,) = (one for one in diagnosis.diagnose_stages() if one.name == "Python")
    assert found.ok and found.text == "3.11.14"


@pytest.mark.parametrize(
    ("https", "count", "is_said"),
    [(True, 0, True), (True, 1, False), (True, 2, False), (False, 0, False), (False, 1, False)],
)
def test_a_proxy_that_nobody_named_is_reported(
    running: Any, settings: Any, https: bool, count: int, is_said: bool
) -> None:
    running(3, 11, 14)
    settings.HTTPS, settings.TRUSTED_PROXY_COUNT = https, count
    found = [one.id for one in surroundings.check_surroundings()]
    assert found == (["caio.TRUSTED_PROXY_COUNT"] if is_said else [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("https", "count", "text"),
    [(True, 0, "SITE_URL is https"), (True, 1, "1 in front"), (False, 0, "none in front")],
)
def test_the_diagnosis_names_the_proxies(settings: Any, https: bool, count: int, text: str) -> None:
    settings.HTTPS, settings.TRUSTED_PROXY_COUNT = https, count
    (found,) = (one for one in diagnosis.diagnose_stages() if one.name == "proxies")
    assert found.ok and found.text.startswith(text)
