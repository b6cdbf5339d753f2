"""A lead was last seen when the newest visit was, whenever that visit arrived."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from leads.models import Lead
from tests.fakes import rb2b
from tests.leads.conftest import arrive

pytestmark = pytest.mark.django_db


def test_a_late_body_makes_nobody_look_newer() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    person = rb2b.person({"Seen At": (now - timedelta(days=2)).isoformat()})
    arrive(person)
    lead = Lead.objects.get()
    assert lead.last_seen_at == lead.first_seen_at == now - timedelta(days=2)
    arrive({**person, "Seen At": (now - timedelta(hours=1)).isoformat()})
    arrive({**person, "Seen At": (now - timedelta(days=9)).isoformat()})
    lead.refresh_from_db()
    assert lead.visits.count() == 3
    assert lead.last_seen_at == now - timedelta(hours=1) < timezone.now()
