"""Visits come in while their person is erased: in whatever order, nothing but the mark is left."""

import json

import pytest
from django.contrib.auth.models import User

from caio_project.privacy import erasing, subject
from leads.inbound import events
from leads.models import Erasure, InboundEvent
from tests import conftest, factories
from tests.caio_project.privacy.whole_person import ADDRESS, NAME, traces
from tests.races.conftest import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("committed")]
VISITS = 24


def visit(number: int) -> bytes:
    return json.dumps(
        {"First Name": NAME, "Business Email": ADDRESS, "Company Name": "Northline",
         "Website": "https://northline.test", "Seen At": "2026-11-29T12:00:00",
         "Captured URL": f"https://ours.test/{NAME}/{number}"}
    ).encode()  # fmt: skip


@pytest.mark.parametrize("known", [True, False])
def test_visits_during_an_erasure_leave_nothing(known: bool) -> None:
    user: User = conftest.person("lena", "Lead")
    if known:
        factories.LeadFactory(first_name=NAME.title(), email=ADDRESS)
    for number in range(VISITS):
        events.store_event("rb2b", visit(number))

    def work_off() -> int:
        return events.process_due(batch=VISITS)

    def erase() -> None:
        found = subject.find_subject(ADDRESS)
        erasing.erase_subject(found, Erasure.Source.COMMAND, user)

    results = at_once(work_off, work_off, erase)

    events.process_due(batch=VISITS)
    erasing.repeat_erasures()
    assert not [one for one in results if isinstance(one, Exception)], results
    assert traces() == []
    assert not InboundEvent.objects.exclude(body=b"").exists()
