from tests.outreach.conftest import sender

__all__ = ["sender"]
