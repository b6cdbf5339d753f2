"""Who the people of the previous system are here: their names, and those who were erased."""

import pytest

from leads.models import Lead, Suppression
from leads.suppression import suppression
from outreach.imports import previous_system
from outreach.models import Message, Move, Reply
from tests import factories
from tests.outreach.imports.test_previous_system import ADDRESS, BODY, OLD, entry, take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]


def test_an_erased_person_does_not_come_back() -> None:
    suppression.suppress(ADDRESS, suppression.Reason.ERASED, "test")
    taken = take(OLD)
    assert list(taken.left_out) == [previous_system.ERASED]
    assert not (Message.objects.exists() or Lead.objects.exists())


@pytest.mark.parametrize("what", ["draft", "sent", "rejected", "answered", "bounced"])
def test_history_of_a_lead_erased_by_profile_is_left_out(what: str) -> None:
    mark = suppression.erased_hash("in/dana-okafor")
    Suppression.objects.create(scope="address_hash", value=mark, reason="erased", source="x")
    lead = factories.LeadFactory(email=ADDRESS, linkedin_key="in/dana-okafor", first_name="")

    taken = take(OLD if what == "draft" else entry(what, body=BODY))

    assert dict(taken.left_out) == {previous_system.ERASED: 1}
    assert not (Message.objects.exists() or Reply.objects.exists() or Move.objects.exists())
    lead.refresh_from_db()
    assert (lead.first_name, Suppression.objects.count()) == ("", 1)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("Okafor, Dana", ("Dana", "Okafor")),
        ("Dr. Dana Okafor", ("Dana", "Okafor")),
        ("DANA OKAFOR", ("Dana", "Okafor")),
        ("Phil Jones", ("Phil", "Jones")),
        ("Mr. Okafor", ("", "Okafor")),
        ("", ("", "")),
    ],
)
def test_one_name_is_stored_as_first_and_last(name: str, stored: tuple[str, str]) -> None:
    take(entry("sent", name=name))

    lead = Lead.objects.get()
    assert (lead.first_name, lead.last_name) == stored
