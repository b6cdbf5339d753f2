"""A working day for every test, so that waiting for working hours does not depend on today."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from leads.models import TeamMember
from tests import factories

WORKING = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)  # a Tuesday; ten in the morning in New York


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """Time runs from WORKING on; `clock.move_to` or `clock.shift` choose another moment."""
    with time_machine.travel(WORKING, tick=True) as traveller:
        yield traveller


@pytest.fixture
def sender(db: None) -> TeamMember:
    return factories.TeamMemberFactory(default_sender=True)
