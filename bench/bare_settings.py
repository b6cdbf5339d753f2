"""As floor_settings, without middleware and apps: what Django itself costs."""

from caio_project.settings import *  # noqa: F403

ROOT_URLCONF = "bench.floor_urls"
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = []
