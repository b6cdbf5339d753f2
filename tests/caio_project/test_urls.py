"""The order in which addresses are tried, and what is loaded with them."""

import os
import subprocess
import sys

from django.conf import settings
from django.urls import get_resolver


def test_webhooks_are_tried_before_all_other_addresses() -> None:
    routes = [str(one.pattern) for one in get_resolver().url_patterns]
    found = [route.startswith("webhooks/") for route in routes]

    assert any(found) and found == sorted(found, reverse=True)


def test_a_process_without_redis_starts_with_neither_its_client_nor_what_reads_workbooks() -> None:
    program = (
        "import sys, django; django.setup(); import caio_project.urls\n"
        "from caio_project.celery import app; app.loader.import_default_modules()\n"
        "print({'openpyxl', 'xlsxwriter', 'numpy', 'scipy', 'redis'} & set(sys.modules))"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "caio_project.settings", "REDIS_URL": ""}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        env=env,
        check=True,
    )

    assert done.stdout == "set()\n"
