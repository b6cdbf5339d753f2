"""Measurements against stated aims, on this machine's PostgreSQL and Redis: `make bench`. See
__main__.py.
"""
