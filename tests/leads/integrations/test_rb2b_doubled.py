"""Two fields of one name in a visitor: an empty one hides no other; two that differ are said."""

from typing import Any

import pytest

from leads.imports import import_files
from leads.inbound import events
from leads.integrations import rb2b as reader
from leads.models import InboundEvent, Lead
from tests.fakes import rb2b
from tests.leads.conftest import arrive
from tests.leads.integrations.rb2b_helpers import read, respelled

ADDRESS = "dana@northline.test"
BOTH = ("Business Email", "business_email")
EMPTY: list[Any] = ["", None, " ", "N/A", "null", [], "-"]


@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("names", [BOTH, BOTH[::-1]])
def test_an_empty_spelling_hides_no_address(names: tuple[str, str], empty: Any) -> None:
    told, other = names
    for payload in ({told: ADDRESS, other: empty}, {other: empty, told: ADDRESS}):
        visitor = read({**payload, "LinkedIn URL": None})
        assert (visitor.email, visitor.notes) == (ADDRESS, ())


@pytest.mark.django_db
def test_a_visitor_with_an_empty_second_spelling_becomes_a_lead() -> None:
    arrive(rb2b.person({"Business Email": ADDRESS, "business_email": "", "LinkedIn URL": None}))
    assert Lead.objects.get().email == ADDRESS
    assert InboundEvent.objects.get().state == "processed"


@pytest.mark.parametrize(
    "payload",
    [
        {"email": "", "person": {"email": ADDRESS, "first_name": "Dana"}},
        {"person": {"email": ADDRESS}, "profile": {"email": "", "first_name": "Dana"}},
        {"person": {"Email": ADDRESS, "email": ""}},
        {"person": {"email": ADDRESS}, "company": {"name": "Northline", "email": ""}},
        {"company": {"email": ADDRESS, "name": "Northline"}, "person": {"email": None}},
    ],
)
def test_an_empty_value_hides_none_of_a_nested_object(payload: dict[str, Any]) -> None:
    assert read(payload).email == ADDRESS


@pytest.mark.parametrize("empty", ["", None, "n/a"])
@pytest.mark.parametrize("spelled", ["Seen At", "seen_at"])
def test_an_empty_value_hides_none_of_the_wrapper(spelled: str, empty: Any) -> None:
    payload = {spelled: empty, "Business Email": ADDRESS}
    visitor = read({"Seen At": "2026-11-02T10:00:00Z", "payload": payload})
    assert visitor.seen_at is not None and visitor.seen_at.day == 2
    several = {"seen_at": "2026-11-02T10:00:00Z", "visitors": [payload, payload]}
    for body in reader.split_body(rb2b.to_body(several)):
        assert reader.parse_visitor(body).seen_at == visitor.seen_at


def test_what_the_wrapped_visitor_says_counts_before_its_wrapper() -> None:
    payload = {"Seen At": "2026-11-02T10:00:00Z", "Business Email": ADDRESS}
    visitor = read({"seen_at": "2026-11-05T10:00:00Z", "payload": payload})
    assert visitor.seen_at is not None and visitor.seen_at.day == 2
    assert visitor.notes == ()


@pytest.mark.parametrize(
    ("payload", "company"),
    [
        ({"company": "Northline", "company_name": ""}, "Northline"),
        ({"company_name": "Northline", "company": ""}, "Northline"),
        ({"company": "Northline Freight", "Company Name": "Northline"}, "Northline"),
    ],
)
def test_a_company_of_two_names_is_no_contradiction(payload: dict[str, Any], company: str) -> None:
    visitor = read({**payload, "email": ADDRESS})
    assert (visitor.company_name, visitor.notes) == (company, ())


def test_of_two_values_the_first_counts_and_it_is_said() -> None:
    visitor = read({"Business Email": ADDRESS, "business_email": "jim@northline.test"})
    (note,) = visitor.notes
    assert visitor.email == ADDRESS
    assert reader.note_text(note) == (
        "Business Email: it is there twice, with different values; the first counts."
    )


@pytest.mark.parametrize(
    "payload",
    [
        {"Business Email": ADDRESS, "business_email": ADDRESS.upper()},
        {"Business Email": ADDRESS, "id": "1", "ID": "2"},
        respelled({"Email": ADDRESS, "#": "1", "§": "2"}, str),
    ],
)
def test_what_is_the_same_or_not_read_is_no_contradiction(payload: dict[str, Any]) -> None:
    assert "two_values" not in {note["code"] for note in read(payload).notes}


def test_a_name_that_is_there_twice_in_a_body_keeps_what_it_says() -> None:
    body = f'{{"email": "{ADDRESS}", "email": ""}}'.encode()
    assert reader.parse_visitor(body).email == ADDRESS


@pytest.mark.parametrize(
    "url", [{"url": "https://x.test/a", "URL": ""}, {"Url": "https://x.test/a"}]
)
def test_an_empty_page_hides_no_page(url: dict[str, str]) -> None:
    assert read({"email": ADDRESS, "pages": [url]}).url == "https://x.test/a"


@pytest.mark.django_db
@pytest.mark.parametrize("head", ["WorkEmail,WorkEmail", "Work Email,work_email"])
class TestFiles:
    def test_an_empty_column_hides_no_address(self, head: str) -> None:
        text = f"{head},LastSeenAt\n{ADDRESS},,2026-11-02\n,jim@northline.test,2026-11-02\n"
        report = import_files.import_visitors(text.encode())
        assert (report.new, report.errors, report.notes) == (2, [], [])
        events.process_due()
        found = set(Lead.objects.values_list("email", flat=True))
        assert found == {ADDRESS, "jim@northline.test"}

    def test_two_addresses_in_one_row_are_an_error(self, head: str) -> None:
        text = f"{head},LastSeenAt\n{ADDRESS},jim@northline.test,2026-11-02\n"
        ((line, said),) = import_files.import_visitors(text.encode()).errors
        assert (line, said.split(":")[0]) in [(2, one) for one in head.split(",")]
        assert "it is there twice, with" in said
        assert not InboundEvent.objects.exists()
