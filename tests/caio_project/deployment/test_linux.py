"""Linux as its page says: settings read alike by shell and systemd, a wrapper for commands."""

import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs/linux.md").read_text()
LINES = re.findall(r"^    ([A-Z_0-9]+)=(.*)$", PAGE.partition("## Each release")[0], re.M)
WRAPPER = ROOT / "docs/linux/caio-manage"


def test_settings_of_the_page_are_ours() -> None:
    explained = re.findall(r"^#?([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.M)
    named = {name for name, _ in LINES}
    assert len(named) > 10 and named <= set(explained)
    assert {"SENDER_NAME", "POSTAL_ADDRESS", "SPOOL_DIR", "ERASURES_FILE"} <= named


def test_files_are_kept_where_the_units_may_write() -> None:
    """A release is replaced, and ProtectSystem=strict lets nobody write into it."""
    kept = dict(LINES)
    for unit in (ROOT / "docs/linux").glob("*.service"):
        assert "ReadWritePaths=/var/lib/caio" in unit.read_text()
    for name in ("SPOOL_DIR", "ERASURES_FILE"):
        assert kept[name].startswith("/var/lib/caio/")


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    path = tmp_path / "caio.env"
    path.write_text("".join(f"{name}={value.split('  #')[0].rstrip()}\n" for name, value in LINES))
    return path


def test_the_shell_reads_what_systemd_reads(settings_file: Path) -> None:
    done = subprocess.run(
        ["sh", "-euc", 'set -a; . "$1"; set +a; env', "sh", settings_file],
        capture_output=True,
        text=True,
        env={},
    )
    read = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    assert done.stderr == "" and read["SENDER_NAME"] == "Alex Moreno"
    for line in settings_file.read_text().splitlines():
        name, _, value = line.partition("=")
        assert read[name] == value.strip('"')


def test_commands_run_as_the_services_do(tmp_path: Path, settings_file: Path) -> None:
    copy = tmp_path / "caio-manage"
    copy.write_text(WRAPPER.read_text().replace("/etc/caio.env", str(settings_file)))
    runuser = tmp_path / "runuser"
    runuser.write_text('#!/bin/sh\nprintf "%s|" "$@" "$SENDER_NAME" "$CAIO_ENV_FILE" "$HOME"\n')
    runuser.chmod(0o755)
    done = subprocess.run(
        ["sh", copy, "warm_up", "--reason", "It has sent."],
        capture_output=True,
        text=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "CAIO_RELEASE": "/srv/caio/next"},
    )
    assert done.stderr == ""
    assert done.stdout.rstrip("|").split("|") == [
        "-u", "caio", "--", "/srv/caio/next/.venv/bin/python", "/srv/caio/next/manage.py",
        "warm_up", "--reason", "It has sent.", "Alex Moreno", "/dev/null", "/var/lib/caio",
    ]  # fmt: skip


def test_the_web_server_is_reached_through_the_proxy_alone() -> None:
    """TRUSTED_PROXY_COUNT=1 believes X-Forwarded-For of whoever connects."""
    web = (ROOT / "docs/linux/caio-web.service").read_text()
    (address,) = re.findall(r"--bind (\S+)", web)
    assert address.startswith("127.0.0.1:")
    assert f"proxy_pass http://{address};" in (ROOT / "docs/linux/nginx.conf").read_text()
