"""After `make run PORT=9000`, a command in another shell writes links to port 9000."""

import os
from pathlib import Path
from typing import Any

import pytest

from caio_project.lib import run_address

DEFAULT = "http://127.0.0.1:8000"


@pytest.fixture
def address_file(tmp_path: Path, monkeypatch: Any) -> Path:
    monkeypatch.delenv("SITE_URL", raising=False)
    file = tmp_path / "var" / "run-address"
    monkeypatch.setattr(run_address, "ADDRESS_FILE", file)
    return file


def test_without_a_run_the_default_holds(address_file: Path) -> None:
    assert run_address.site_url(DEFAULT) == DEFAULT and not address_file.exists()


@pytest.mark.parametrize("port", [8000, 9000, 8123])
def test_last_run_says_where(address_file: Path, port: int) -> None:
    run_address.record_address("http://127.0.0.1:7777")
    run_address.record_address(f"http://127.0.0.1:{port}")
    assert run_address.site_url(DEFAULT) == f"http://127.0.0.1:{port}"


def test_an_empty_file_changes_nothing(address_file: Path) -> None:
    address_file.parent.mkdir()
    address_file.write_text("\n")
    assert run_address.site_url(DEFAULT) == DEFAULT


def test_a_setting_wins_and_is_not_recorded_over(address_file: Path, monkeypatch: Any) -> None:
    run_address.record_address("http://127.0.0.1:9000")
    monkeypatch.setitem(os.environ, "SITE_URL", "https://caio.example.com")
    run_address.record_address("http://127.0.0.1:9001")
    assert run_address.site_url("https://caio.example.com") == "https://caio.example.com"
    assert "9000" in address_file.read_text()
