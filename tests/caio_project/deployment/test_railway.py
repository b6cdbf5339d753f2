"""Railway as its page says: the files of three services, the health check's Host, a bare check."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs/railway.md").read_text()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/health/ready", "/api/health/live"])
def test_the_host_of_the_health_check_is_answered(client: Client, path: str) -> None:
    assert client.get(path, headers={"host": "healthcheck.railway.app"}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["railway.app", "evil.example.com", "x.healthcheck.railway.app"])
def test_other_hosts_are_refused(client: Client, host: str) -> None:
    assert client.get("/api/health/ready", headers={"host": host}).status_code == 400


@pytest.mark.parametrize(
    ("file", "starts"),
    [
        ("railway.json", "gunicorn"),
        ("railway.worker.json", "celery --app caio_project --quiet worker"),
        ("railway.beat.json", "celery --app caio_project --quiet beat"),
    ],
)
def test_each_service_has_its_file_on_the_page(file: str, starts: str) -> None:
    deploy = json.loads((ROOT / file).read_text())["deploy"]
    assert deploy["startCommand"].startswith(starts) and f"`/{file}`" in PAGE
    assert ("preDeployCommand" in deploy) is (file == "railway.json")


def test_variables_to_paste_are_settings_of_ours() -> None:
    pasted = re.findall(r"^([A-Z_0-9]+)=", PAGE, re.M)
    explained = re.findall(r"^#?([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.M)
    assert len(pasted) > 10 and set(pasted) <= set(explained)
    assert {"SENDER_NAME", "POSTAL_ADDRESS", "SPOOL_DIR", "SECRET_KEY"} <= set(pasted)


def test_python_is_the_one_that_tests_run_on() -> None:
    wanted = (ROOT / ".python-version").read_text().strip()
    assert wanted == f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize(
    "settings_here",
    [{}, {"SANDBOX": "nonsense"}, {"POSTAL_ADDRESS": "", "WORKING_HOURS": "never"}],
    ids=["none", "wrong vendor", "contradicting"],
)
def test_check_of_a_deployment_needs_no_settings_here(
    tmp_path: Path, settings_here: dict[str, str]
) -> None:
    bare = {"PATH": os.environ["PATH"], "CAIO_ENV_FILE": os.devnull}
    bare["DATABASE_URL"] = f"sqlite:///{tmp_path / 'none.sqlite3'}"
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "verify_deployment", "http://127.0.0.1:9", "--json"],
        cwd=tmp_path,
        env=bare | settings_here,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert [one["name"] for one in json.loads(done.stdout)["checks"]] == ["reachable"]
    assert not (tmp_path / "none.sqlite3").exists()
