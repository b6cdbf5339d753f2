"""Whether we may write to somebody: one function, and every way in which the answer is no."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from leads.models import Lead, Suppression
from leads.suppression import bulk, suppression
from leads.suppression.suppression import Reason, Scope, Stop, find_stop, suppress
from tests.factories import CompanyFactory, LeadFactory

pytestmark = pytest.mark.django_db

ADDRESS = "dana@northline.test"
ADDRESS_ONLY = {"bounced", "gone", "invalid", "personal", "role", "disposable"}


def add(scope: str, value: str, reason: str, **fields: Any) -> Suppression:
    return Suppression.objects.create(
        scope=scope, value=value, reason=reason, source="test", **fields
    )


def why(address: str = ADDRESS, lead: Any = None) -> str | None:
    found = find_stop(address, lead)
    return found.reason if found else None


def test_an_ordinary_address_is_not_stopped() -> None:
    assert find_stop(ADDRESS) is None
    assert find_stop(ADDRESS, LeadFactory(email=ADDRESS)) is None


@pytest.mark.parametrize("reason", Reason.values)
def test_every_reason_stops_the_address_in_any_spelling(reason: str) -> None:
    add(Scope.ADDRESS, ADDRESS, reason)
    expected = Stop(reason, Reason(reason).label, "test")
    assert (
        find_stop(ADDRESS)
        == find_stop(" Dana@NORTHLINE.test ")
        == find_stop(f"<{ADDRESS}>")
        == expected
    )
    assert expected.stops_person is (reason not in ADDRESS_ONLY)
    assert why("other@northline.test") is None
    assert why(f"x{ADDRESS}") is None


@pytest.mark.parametrize("reason", ["customer", "competitor", "manual"])
def test_a_domain_stops_everything_at_and_below_it(reason: str) -> None:
    add(Scope.DOMAIN, "acme.co.uk", reason)
    add(Scope.DOMAIN, "eu.northline.test", reason)
    stopped = ("a@acme.co.uk", "a@mail.acme.co.uk", "a@eu.northline.test", "a@mx.eu.northline.test")
    free = (
        "a@notacme.co.uk",
        "a@other.co.uk",
        ADDRESS,
        "a@us.northline.test",
        "acme.co.uk@northline.test",
    )
    assert [why(address) for address in stopped] == [reason] * 4
    assert [why(address) for address in free] == [None] * 5


def test_an_erased_address_is_recognised_by_hash() -> None:
    add(Scope.ADDRESS_HASH, suppression.erased_hash(ADDRESS), Reason.ERASED)
    assert why("DANA@northline.test") == "erased"
    assert why("other@northline.test") is None
    assert ADDRESS not in str(list(Suppression.objects.values()))


def test_a_stopped_person_is_stopped_at_any_address() -> None:
    lead, colleague = LeadFactory(), LeadFactory()
    add(Scope.PERSON, str(lead.pk), Reason.UNSUBSCRIBED)
    assert [why(lead.email, lead), why("new@elsewhere.test", lead), why("", lead)] == [
        "unsubscribed"
    ] * 3
    assert why(colleague.email, colleague) is None
    assert why(lead.email) is None


@pytest.mark.parametrize("reason", [r for r in Reason.values if r not in ADDRESS_ONLY])
def test_an_opt_out_holds_for_other_addresses(reason: str) -> None:
    """The opt-out came before the person was known; Clay then found another address."""
    lead = LeadFactory(email=ADDRESS, personal_email="dana@gmail.com")
    add(Scope.ADDRESS, "dana@gmail.com", reason)
    assert why(ADDRESS, lead) == reason
    assert why("third@elsewhere.test", lead) == reason
    assert why(ADDRESS) is None


def test_an_erased_personal_address_stops_the_business_one() -> None:
    lead = LeadFactory(email=ADDRESS, personal_email="dana@gmail.com")
    add(Scope.ADDRESS_HASH, suppression.erased_hash("dana@gmail.com"), Reason.ERASED)
    assert why(ADDRESS, lead) == "erased"


@pytest.mark.parametrize("reason", sorted(ADDRESS_ONLY))
def test_a_failed_mailbox_does_not_stop_another_one(reason: str) -> None:
    lead = LeadFactory(email=ADDRESS, personal_email="dana@gmail.com")
    add(Scope.ADDRESS, "dana@gmail.com", reason)
    assert why(ADDRESS, lead) is None


@pytest.mark.parametrize("person", [r for r in Reason.values if r not in ADDRESS_ONLY])
@pytest.mark.parametrize("mailbox", sorted(ADDRESS_ONLY))
def test_reasons_for_the_person_outrank_mailbox_reasons(person: str, mailbox: str) -> None:
    """Otherwise another address would be looked for."""
    for reason in (mailbox, person):
        add(Scope.ADDRESS, ADDRESS, reason)
    assert why() == person


def test_stored_wishes_outrank_lists() -> None:
    assert why("info@gmail.com") == "personal"
    add(Scope.ADDRESS, "info@gmail.com", Reason.COMPLAINED)
    add(Scope.ADDRESS, "info@gmail.com", Reason.MANUAL)
    assert why("info@gmail.com") == "complained"
    add(Scope.ADDRESS, "info@gmail.com", Reason.UNSUBSCRIBED)
    assert why("info@gmail.com") == "unsubscribed"


# Lists


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("dana@gmail.com", "personal"),
        ("dana@yahoo.co.uk", "personal"),
        ("dana@mail.yahoo.com", "personal"),
        ("dana@mailinator.com", "disposable"),
        ("dana@x.mailinator.com", "disposable"),
        ("info@northline.test", "role"),
        ("INFO@northline.test", "role"),
        ("sales+us@northline.test", "role"),
        ("no-reply@northline.test", "role"),
        ("dana@ours.example.com", "own_domain"),
        ("dana@mail.ours.example.com", "own_domain"),
        ("info@ours.example.com", "own_domain"),
        ("dana@yours.example.com", None),
        ("dana@example.com", None),
        ("dana@notgmail.com", None),
        ("gmail.com@northline.test", None),
        ("information@northline.test", None),
    ],
)
def test_lists_and_own_domains_stop_without_rows(address: str, reason: str | None) -> None:
    assert why(address) == reason


def test_every_own_domain_is_stopped(settings: Any) -> None:
    settings.OWN_DOMAINS = ["ours.test", "ours.co.uk"]
    addresses = ("a@ours.test", "a@x.ours.test", "a@ours.co.uk", "a@other.co.uk")
    assert [why(a) for a in addresses] == ["own_domain", "own_domain", "own_domain", None]


@pytest.mark.parametrize(
    "text",
    ["dana", "dana@", "a@b@c.test", "dana@northline", "Dana <dana@northline.test>", "x" * 400],
)
def test_an_invalid_address_is_stopped(text: str) -> None:
    assert find_stop(text) == Stop("invalid", "Invalid address", "it is not an email address")


def test_a_missing_address_is_no_stop() -> None:
    assert find_stop("", LeadFactory(no_address=True)) is None


# Time


def test_a_row_holds_until_it_expires() -> None:
    now = timezone.now()
    add(Scope.ADDRESS, ADDRESS, Reason.CUSTOMER, expires_at=now + timedelta(days=1))
    assert why() == "customer"
    assert find_stop(ADDRESS, now=now + timedelta(days=1, seconds=-1)) is not None
    assert find_stop(ADDRESS, now=now + timedelta(days=1)) is None


def test_an_expired_row_hides_no_other_row() -> None:
    add(Scope.ADDRESS, ADDRESS, Reason.UNSUBSCRIBED, expires_at=timezone.now() - timedelta(days=1))
    add(Scope.ADDRESS, ADDRESS, Reason.CUSTOMER)
    assert why() == "customer"


def test_finding_a_stop_takes_two_queries(django_assert_num_queries: Any) -> None:
    lead = LeadFactory(personal_email="dana@gmail.com")
    with django_assert_num_queries(2):
        find_stop(lead.email, lead)


# Stopping


@pytest.mark.parametrize("reason", Reason.values)
def test_suppressing_stops_the_address_and_often_the_person(reason: str) -> None:
    lead = LeadFactory(email=ADDRESS)
    suppress(
        " DANA@northline.test", reason, "a source that is longer than forty characters in all", lead
    )
    rows = set(Suppression.objects.values_list("scope", "value", "reason", "source", "lead"))
    source = "a source that is longer than forty chara"
    address = ("address", ADDRESS, reason, source, lead.pk)
    person = ("person", str(lead.pk), reason, source, lead.pk)
    assert rows == ({address} if reason in ADDRESS_ONLY else {address, person})


def test_suppressing_again_changes_nothing() -> None:
    lead = LeadFactory(email=ADDRESS)
    suppress(ADDRESS, Reason.UNSUBSCRIBED, "link", lead)
    before = list(Suppression.objects.values())
    suppress(ADDRESS, Reason.UNSUBSCRIBED, "import")
    suppress(ADDRESS, Reason.UNSUBSCRIBED, "import", lead)
    assert list(Suppression.objects.values()) == before


@pytest.mark.parametrize("days", [-1, 1])
def test_suppressing_removes_an_expiry_and_lifts_nothing(days: int) -> None:
    row = add(
        Scope.ADDRESS,
        ADDRESS,
        Reason.UNSUBSCRIBED,
        expires_at=timezone.now() + timedelta(days=days),
    )
    add(Scope.ADDRESS, ADDRESS, Reason.CUSTOMER)
    suppress(ADDRESS, Reason.UNSUBSCRIBED, "link")
    row.refresh_from_db()
    assert row.expires_at is None
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"unsubscribed", "customer"}


def test_a_person_without_address_can_be_suppressed() -> None:
    lead = LeadFactory(no_address=True)
    suppress("", Reason.UNSUBSCRIBED, "reply", lead)
    assert list(Suppression.objects.values_list("scope", "value")) == [("person", str(lead.pk))]


# Rows that people type


@pytest.mark.parametrize(
    ("scope", "typed", "stored"),
    [
        ("address", " Dana@Northline.TEST ", ADDRESS),
        ("domain", "https://WWW.Acme.co.uk/about", "acme.co.uk"),
        ("domain", "Acme.co.uk", "acme.co.uk"),
        ("domain", "@acme.co.uk", "acme.co.uk"),
    ],
)
def test_a_typed_row_is_stored_normalised(scope: str, typed: str, stored: str) -> None:
    row = Suppression(scope=scope, value=typed, reason="manual", source="by hand")
    row.full_clean()
    assert row.value == stored


@pytest.mark.parametrize(
    ("scope", "typed"), [("address", "dana"), ("domain", "http://[::1"), ("nonsense", "x")]
)
def test_a_typed_row_that_cannot_match_is_refused(scope: str, typed: str) -> None:
    with pytest.raises(ValidationError):
        Suppression(scope=scope, value=typed, reason="manual", source="by hand").full_clean()


@pytest.mark.parametrize(
    ("reason", "stops"),
    [
        ("customer", True),
        ("competitor", True),
        ("own_domain", True),
        ("unsubscribed", False),
        ("manual", False),
    ],
)
def test_a_companys_stop_holds_at_other_addresses_of_its_people(reason: str, stops: bool) -> None:
    """Many companies write from another domain than that of their website."""
    acme = CompanyFactory(domain="acme.test")
    lead = LeadFactory(company=acme, email="jane@acme-mail.test")
    other = LeadFactory(email="bob@else.test")
    suppression.stop_entry("domain", "acme.test", reason, "list")

    found = suppression.find_stop(lead.email or "", lead)
    assert (found.reason if found else "") == (reason if stops else "")
    assert suppression.find_stops([lead, other]).keys() == ({lead.pk} if stops else set())
    assert list(bulk.only_stopped(Lead.objects.all())) == ([lead] if stops else [])
    assert (lead in bulk.only_writable(Lead.objects.all())) is not stops
    assert other in bulk.only_writable(Lead.objects.all())


def test_a_setting_of_own_domains_holds_at_other_addresses_of_our_people(settings: Any) -> None:
    settings.OWN_DOMAINS = ["ours.test"]
    lead = LeadFactory(company=CompanyFactory(domain="ours.test"), email="jane@ours-mail.test")

    found = suppression.find_stop(lead.email or "", lead)
    assert found is not None and (found.reason, found.stops_person) == ("own_domain", True)
    assert list(bulk.only_stopped(Lead.objects.all())) == [lead]
    assert not bulk.only_writable(Lead.objects.all()).exists()
