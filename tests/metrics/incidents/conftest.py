from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from metrics.models import DetectorState
from tests.outreach.conftest import WORKING


@pytest.fixture
def clock(db: None) -> Iterator[Any]:
    """A clock that stands, on a working day; PostgreSQL's does not travel along."""
    with time_machine.travel(WORKING, tick=False) as traveller:
        never = timezone.now() + timedelta(days=99)
        DetectorState.objects.create(name="clocks", not_before=never)
        yield traveller
