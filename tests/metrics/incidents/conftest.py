from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from tests.outreach.conftest import WORKING


@pytest.fixture
def clock() -> Iterator[Any]:
    """A clock that stands, on a working day."""
    with time_machine.travel(WORKING, tick=False) as traveller:
        yield traveller
