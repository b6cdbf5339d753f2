"""RB2B's visitors in the shapes of relays, exports and older systems: the field's cases, each."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from leads import normal
from leads.inbound import events
from leads.integrations import rb2b as reader
from leads.models import Company, InboundEvent, Lead, Visit
from leads.scoring import connections
from tests.factories import TeamMemberFactory
from tests.fakes import rb2b
from tests.field_cases import cases
from tests.leads.conftest import arrive, arrived
from tests.leads.integrations.rb2b_helpers import read

VISITORS = {one["id"].split()[0]: one for one in cases("visitors")}
AT = datetime(2026, 11, 29, 15, 4, 5, tzinfo=UTC)
RIGHT: dict[str, dict[str, Any]] = {
    "N01": {"first_name": "Marie-Louise", "company_name": "Bluefield Freight"},
    "N02": {"first_name": "Samuel"},
    "N03": {"first_name": "Dana"},
    "N04": {"first_name": "Dana"},
    "N06": {"first_name": ""},
    "N07": {"first_name": "Dana"},
    "N08": {"last_name": "Okafor"},
    "N09": {"first_name": "Dana", "last_name": "Okafor"},
    "N12": {"first_name": "José", "last_name": "Muñoz"},
    "N13": {"company_name": "Smith & Daughters n13", "title": "VP Sales & Marketing"},
    "N14": {"first_name": "Chris", "last_name": "Null"},
    "N17": {"first_name": "Dana"},
    "N19": {"first_name": "Dana"},
    "C05": {"company_name": "Bluefield c05"},
    "C07": {"company_name": "Bluefield c07"},
    "C08": {"company_name": "Bluefield c08"},
    "C10": {"company_name": "Bluefield c10"},
    "C12": {"company_name": "Bluefield c12"},
    "C13": {"company_name": "Bluefield c13"},
    "E01": {"email": "dana@bluefield-e01.test"},
    "E02": {"email": "dana@bluefield-e02.test"},
    "E03": {"email": "dana+rb2b@bluefield-e03.test"},
    "E04": {"email": "dana@bluefield-e04.test"},
    "E06": {"email": "dana@bluefield-e06.test"},
    "E07": {"email": ""},
    "T01": {"seen_at": AT},
    "T02": {"seen_at": AT.replace(second=0)},
    "T03": {"seen_at": AT},
    "T04": {"seen_at": AT},
    "I01": {"industry": "B2B SaaS"},
    "I02": {"industry": "Software & Internet"},
}
SIZES = {
    "S01": 1000, "S02": 10000, "S03": 11, "S04": 2, "S05": 1001, "S06": 1001, "S07": 10001,
    "S08": 1, "S09": 1200, "S10": 312,
}  # fmt: skip
KEYS = {
    "L01": "urn/ACoAABhuntL01xyz", "L02": "urn/ACwAABhuntL02", "L03": "pub/dana-okafor/1/2b/3c4",
    "L04": "in/hunt-l04",
}  # fmt: skip


def test_every_case_of_the_field_has_its_right_value_here() -> None:
    elsewhere = {"C01", "C02", "W01", "W02", "W06", "A01", "A02", "A03"}
    assert VISITORS.keys() == {*RIGHT, *SIZES, *KEYS, *elsewhere}


@pytest.mark.parametrize("name", RIGHT)
def test_a_visitor_of_the_field_is_read_right(name: str) -> None:
    visitor = read(VISITORS[name]["body"])
    assert {field: getattr(visitor, field) for field in RIGHT[name]} == RIGHT[name]


@pytest.mark.django_db
@pytest.mark.parametrize("name", SIZES)
def test_a_company_of_the_field_has_its_size(name: str) -> None:
    company = arrived(VISITORS[name]["body"]).company
    assert company is not None and company.employees_from == SIZES[name]


@pytest.mark.django_db
@pytest.mark.parametrize("name", KEYS)
def test_a_profile_of_the_field_is_known_again(name: str) -> None:
    lead = arrived(VISITORS[name]["body"])
    assert lead.linkedin_key == KEYS[name]
    again = {**VISITORS[name]["body"], "Captured URL": "https://oursite.test/other"}
    assert arrived(again) == lead


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["C01", "C02"])
def test_no_employer_is_no_company_name(name: str) -> None:
    lead = arrived(VISITORS[name]["body"])
    assert lead.company is None or lead.company.name == ""


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.linkedin.com/sales/people/ACwAABhunt1,NAME_SEARCH", "urn/ACwAABhunt1"),
        ("https://www.linkedin.com/talent/profile/AEMAABhunt1?x=1", "urn/AEMAABhunt1"),
        ("https://www.linkedin.com/profile/view?id=ACoAABhunt1&trk=x", "urn/ACoAABhunt1"),
        ("https://www.linkedin.com/profile/view?id=123456", "urn/123456"),
        ("urn:li:fsd_profile:ACoAABhunt1", "urn/ACoAABhunt1"),
        ("urn:li:member:123456", "urn/123456"),
        ("https://www.linkedin.com/pub/dana-okafor/1/2B/3C4", "pub/dana-okafor/1/2b/3c4"),
        ("https://www.linkedin.com/pub/dana-okafor", "in/dana-okafor"),
        ("https://uk.linkedin.com/in/Dana-Okafor/de", "in/dana-okafor"),
        ("linkedin.com/mwlite/in/dana-okafor", "in/dana-okafor"),
        ("in/dana-okafor", "in/dana-okafor"),
        ("/in/dana-okafor/", "in/dana-okafor"),
        ("https://www.linkedin.com/in/dana-okafor?miniProfileUrn=urn%3Ali", "in/dana-okafor"),
        ("https://www.linkedin.com/in/d%C3%A4na", "in/däna"),
        ("https://www.linkedin.com/in/acohen", "in/acohen"),
        ("https://www.linkedin.com/company/acme", ""),
        ("https://www.linkedin.com/in/", ""),
        ("https://x.com/in/dana", ""),
        ("urn:li:company:123", ""),
    ],
)
def test_linkedins_forms_name_one_profile(url: str, key: str) -> None:
    assert normal.linkedin_key(url) == key
    assert normal.linkedin_key(key) == key
    assert normal.linkedin_key(normal.linkedin_url(key)) == key


@pytest.mark.parametrize(
    ("last", "kept"),
    [("Null", "Null"), ("None", "None"), ("Na", "Na"), ("null", ""), ("NULL", ""), ("none", ""),
     ("na", ""), ("N/A", ""), ("NA", ""), ("Nan", "Nan"), ("Undefined", ""), ("-", "")],
)  # fmt: skip
def test_surnames_that_look_like_nothing_are_kept(last: str, kept: str) -> None:
    assert read(rb2b.person({"First Name": "Chris", "Last Name": last})).last_name == kept


def test_nothing_twice_is_no_name() -> None:
    visitor = read(rb2b.person({"First Name": "Null", "Last Name": "Null"}))
    assert (visitor.first_name, visitor.last_name) == ("", "")


PLAIN = rb2b.person()
WRAPPED: dict[str, Any] = {
    "visitor": {"visitor": PLAIN},
    "event of a visitor": {"event": "visitor.identified", "data": {"visitor": PLAIN}},
    "visitor beside a company": {
        "visitor": {key: PLAIN[key] for key in PLAIN if key != "Company Name"},
        "company": {"name": PLAIN["Company Name"]},
    },
    "list of one": {"visitors": [PLAIN]},
    "record": {"type": "INSERT", "record": PLAIN},
    "a name of its own": {"rb2b_identification": PLAIN},
    "text in a body": {"statusCode": 200, "body": rb2b.to_body(PLAIN).decode()},
    "lead": {"lead": PLAIN, "source": "zap"},
}


@pytest.mark.parametrize("name", WRAPPED)
def test_a_visitor_is_found_in_any_wrapper(name: str) -> None:
    assert read(WRAPPED[name]) == read(PLAIN)


def test_what_stands_beside_the_visitor_is_read_too() -> None:
    inner = {"email": "dana@northline.test", "first_name": "Dana", "seen_at": "2026-11-24"}
    body = {
        "visitor": inner,
        "timestamp": "2026-11-25",
        "pages_viewed": ["https://oursite.test/pricing", "/demo"],
    }
    visitor = read(body)
    assert (visitor.url, visitor.other_urls) == ("https://oursite.test/pricing", ("/demo",))
    assert visitor.seen_at == datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    "pages",
    [
        ["https://oursite.test/pricing", "https://oursite.test/demo"],
        '["https://oursite.test/pricing","https://oursite.test/demo"]',
        "https://oursite.test/pricing, https://oursite.test/demo",
        "https://oursite.test/pricing https://oursite.test/demo",
        [{"url": "https://oursite.test/pricing"}, {"page": "https://oursite.test/demo"}],
        [{"page_url": "https://oursite.test/pricing", "seconds": 4}, "https://oursite.test/demo"],
    ],
)
@pytest.mark.parametrize("key", ["pages_viewed", "RecentPageUrls", "pages", "page_urls", "events"])
@pytest.mark.django_db
def test_every_page_of_a_visit_counts(key: str, pages: Any) -> None:
    event = arrive({**rb2b.person({"Captured URL": None}), key: pages})
    assert (event.state, event.notes) == ("processed", [])
    visits = Visit.objects.order_by("pk")
    assert [visit.path for visit in visits] == ["/pricing", "/demo"]
    assert len({(visit.lead_id, visit.company_id, visit.seen_at) for visit in visits}) == 1
    assert [visit.event for visit in visits] == [event, None]
    arrive({**rb2b.person({"Captured URL": None}), key: pages, "is_repeat_visit": False})
    assert Visit.objects.count() == 4


@pytest.mark.parametrize(
    "history",
    [
        [{"company": "Harbor Analytics", "start": "2015", "end": "2019"}, {"company": "Northline"}],
        '[{"company_name": "Harbor Analytics", "from_year": 2015, "to_year": 2019}]',
        ["VP at Harbor Analytics (2015 - 2019)"],
        [{"company": {"name": "Harbor Analytics"}, "dates": "2015 - 2019", "title": "VP"}],
        [{"name": "Harbor Analytics", "start_date": "2015-01-01", "end_date": "2019-06-30"}],
    ],
)
@pytest.mark.django_db
def test_a_work_history_makes_a_warm_connection(history: Any) -> None:
    member = TeamMemberFactory(name="Mark Ellis")
    member.past_employers.create(company_name="Harbor Analytics", from_year=2016, to_year=2018)
    body = {**rb2b.person({"Company Name": "Northline"}), "work_history": history}
    lead = arrived(body)
    assert [job["name"] for job in lead.past_employers] == ["Harbor Analytics"]
    warm = connections.best_connection(lead)
    assert warm is not None and (warm["kind"], warm["years"]) == ("overlap", 2)


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"Favourite Colour": "blue"}, "Favourite Colour: no field of this name is read."),
        ({"Business Email": "d***@x.test"}, "Business Email: the address is masked."),
        ({"Business Email": "a@x.test, b@x.test"},
         "Business Email: it holds several addresses; the first is used."),
        ({"Business Email": "ask her"}, "Business Email: it is no email address."),
        ({"LinkedIn URL": "https://lnkd.in/x"},
         "LinkedIn URL: it is no LinkedIn address of a person or a company."),
        ({"Employee Count": "$48M"}, "Employee Count: no number of employees can be read from it."),
        ({"Seen At": "yesterday"},
         "Seen At: no time can be read from it; the time of receipt counts."),
        ({"country": "Narnia"}, "country: no country can be read from it."),
        ({"Tags": {"a": 1}}, "Tags: it holds an object, not text."),
        ({"Captured URL": {"a": 1}}, "Captured URL: it holds an object, not text."),
        ({"work_history": "none"}, "work_history: no past employer can be read from it."),
        ({"First Name": "J."}, "First Name: initials are no name to greet by."),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_what_is_not_understood_is_listed_on_the_event(fields: Any, note: str) -> None:
    event = arrive(rb2b.person(fields))
    assert event.state == "processed"
    assert [reader.note_text(one) for one in event.notes] == [note]


@pytest.mark.django_db
def test_rb2bs_own_fields_leave_no_note() -> None:
    for payload in (rb2b.person(), rb2b.company_only(), rb2b.repeat_visit(), rb2b.nested_legacy()):
        assert arrive(payload).notes == []


@pytest.mark.django_db
def test_the_vault_shows_what_was_not_understood(admin_client: Client) -> None:
    event = arrive(rb2b.person({"Favourite Colour": "blue", "dana@x.test": "data as a name"}))
    path = f"/admin/leads/inboundevent/{event.pk}/change/"
    assert "Favourite Colour: no field of this name" in admin_client.get(path).content.decode()
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_inboundevent"))
    other = Client()
    other.force_login(viewer)
    page = other.get(path).content.decode()
    assert "Favourite Colour: no field" in page and "dana@x.test" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["A01", "A02"])
def test_each_visitor_of_a_list_is_taken(name: str) -> None:
    event = arrive(VISITORS[name]["raw"].encode())
    events.process_due()
    low = name.lower()
    assert set(Lead.objects.values_list("email", flat=True)) == {
        f"dana@bluefield-{low}.test",
        f"dana@bluefield-{low}b.test",
    }
    event.refresh_from_db()
    assert (event.state, bytes(event.body)) == ("processed", b"")
    assert "2 visitors" in reader.note_text(event.notes[0])
    assert InboundEvent.objects.filter(state="processed").count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrap",
    [
        lambda two: {"visitors": two},
        lambda two: {"data": {"visitors": two}},
        lambda two: {"event": "batch", "payload": two},
        lambda two: [{"visitor": one} for one in two],
        lambda two: {"items": [{"data": one} for one in two]},
    ],
)
def test_each_visitor_of_a_wrapped_list_is_taken(wrap: Any) -> None:
    arrive(wrap([rb2b.person(), rb2b.person()]))
    events.process_due()
    assert Lead.objects.count() == 2 and Company.objects.count() == 2


@pytest.mark.django_db
def test_one_bad_visitor_of_a_list_is_parked_alone() -> None:
    arrive([rb2b.person(), {"Foo": "bar"}, None])
    events.process_due()
    assert Lead.objects.count() == 1
    parked = InboundEvent.objects.filter(state="parked")
    assert sorted(parked.values_list("reason_code", flat=True)) == [
        "body_not_object",
        "no_identifiers",
    ]


@pytest.mark.parametrize(
    "body", [b"[]", b"[{}]", b"[[]]", b"[1]", b'{"a": [{}]}', b"{}\n{}", b"{}\n[", b"[" * 90_000]
)
def test_a_list_that_names_nobody_stays_whole(body: bytes) -> None:
    assert reader.split_body(body) == []


def test_a_list_that_is_too_long_stays_whole() -> None:
    one = rb2b.to_body({"email": "dana@x.test"}).decode()
    assert reader.split_body(f"[{','.join([one] * 1001)}]".encode()) == []
    assert len(reader.split_body(f"[{','.join([one] * 1000)}]".encode())) == 1000


@pytest.mark.django_db
def test_a_form_with_json_is_a_visitor() -> None:
    lead = arrived(VISITORS["A03"]["raw"].encode())
    assert (lead.email, lead.first_name) == ("dana@bluefield-a03.test", "Dana")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "country", "state"),
    [
        ({}, "US", "OH"),
        ({"State": "Ohio"}, "US", "OH"),
        ({"Country": "Germany", "State": "DE"}, "DE", "DE"),
        ({"Country": "Canada", "State": "CA"}, "CA", "CA"),
        ({"country_code": "US", "State": "OH"}, "US", "OH"),
        ({"Country": "Narnia", "State": "OH"}, "", "OH"),
        ({"location": "Berlin, Germany", "State": None, "City": None}, "DE", ""),
        ({"geo": {"country": "GB", "city": "London"}, "State": None}, "GB", ""),
        ({"State": "Ontario"}, "CA", "Ontario"),
        ({"State": None}, "", ""),
    ],
)
def test_a_visitors_country_is_what_the_body_says(fields: Any, country: str, state: str) -> None:
    lead = arrived(rb2b.person(fields))
    assert (lead.country, lead.state) == (country, state)
