"""An older Python runs, and is told of by the check and by the diagnosis, not as a failure."""

import sys
from io import StringIO
from typing import Any

import pytest
from django.core.checks import WARNING
from django.core.management import call_command

from caio_project.operations import diagnosis, python_version


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(*version: int) -> None:
        monkeypatch.setattr(sys, "version_info", (*version, "final", 0))
        monkeypatch.setattr("platform.python_version", lambda: ".".join(map(str, version)))

    return run


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 11, 7), (3, 11, 9)])
def test_an_older_one_is_reported_as_information(running: Any, version: tuple[int, ...]) -> None:
    running(*version)
    (found,) = python_version.check_python()
    assert found.id == "caio.PYTHON" and found.level < WARNING
    assert ".".join(map(str, version)) in found.msg and "3.11.10" in found.msg
    out, err = StringIO(), StringIO()
    call_command("check", fail_level="WARNING", stdout=out, stderr=err)
    assert "caio.PYTHON" in out.getvalue() + err.getvalue()


@pytest.mark.parametrize("version", [(3, 11, 10), (3, 11, 14), (3, 12, 0)])
def test_nothing_is_said_about_a_newer_one(running: Any, version: tuple[int, ...]) -> None:
    running(*version)
    assert python_version.check_python() == []


@pytest.mark.django_db
def test_the_diagnosis_warns_and_does_not_fail_for_it(running: Any) -> None:
    running(3, 11, 7)
    (found,) = (one for one in diagnosis.diagnose_stages() if one.name == "Python")
    assert found.ok and found.text.startswith("Warning: Python 3.11.7 is older than 3.11.10")
    running(3, 11, 14)
    (found,) = (one for one in diagnosis.diagnose_stages() if one.name == "Python")
    assert found.ok and found.text == "3.11.14"
