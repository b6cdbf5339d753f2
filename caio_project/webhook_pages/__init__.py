"""Endpoints of webhooks: the page, and the API."""
