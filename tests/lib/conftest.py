"""Property tests without a deadline: a busy machine pauses for longer than hypothesis allows one example."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
