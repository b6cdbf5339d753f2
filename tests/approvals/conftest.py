"""A working day for every test; see tests/outreach/conftest.py."""

from tests.outreach.conftest import clock, sender

__all__ = ["clock", "sender"]
