"""The product's settings, server and middleware with only bench/floor_urls.py behind."""

from caio_project.settings import *  # noqa: F403

ROOT_URLCONF = "bench.floor_urls"
