"""The product's settings, server and middleware with nothing behind them but bench/floor_urls.py."""

from caio_project.settings import *  # noqa: F403

ROOT_URLCONF = "bench.floor_urls"
