"""Measurements against stated aims on this machine: `make bench`. See __main__.py."""
