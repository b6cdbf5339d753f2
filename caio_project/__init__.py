"""Composition: settings, URLs, schedule, and what needs every app. No app imports it."""

from caio_project.celery import app as celery_app

__all__ = ["celery_app"]
