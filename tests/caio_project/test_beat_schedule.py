"""Beat asks for its schedule before the apps are loaded, where no model may be imported."""

import os
import subprocess
import sys

from django.conf import settings

from caio_project.schedule import TICK

ASK = "from caio_project.celery import app; app.finalize(); print(*app.conf.beat_schedule)"


def test_beat_has_the_tick_before_the_apps_are_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DEBUG": "true", "SECRET_KEY": "k" * 50, "CAIO_ENV_FILE": os.devnull},
        capture_output=True,
        text=True,
    )

    assert (done.stdout.split(), done.returncode) == ([TICK], 0), done.stderr
