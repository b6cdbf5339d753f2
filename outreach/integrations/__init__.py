"""Vendors that only outreach talks to: JSON in, dataclasses out."""
