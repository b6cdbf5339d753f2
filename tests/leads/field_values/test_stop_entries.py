"""Every spelling of an address, a domain and a host in a list; what cannot match is refused."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client

from leads.field_values import stop_entries
from leads.field_values.stop_entries import RefusedEntry, read_entry
from leads.models import Suppression
from leads.suppression.suppression import Scope, find_stop, find_stops, suppress
from tests.factories import LeadFactory


@pytest.mark.parametrize(
    ("typed", "scope", "value"),
    [
        ("acme.com", "domain", "acme.com"),
        ("ACME.com.", "domain", "acme.com"),
        ("“acme.com”", "domain", "acme.com"),
        ("\u200bacme.com", "domain", "acme.com"),
        ("@acme.com", "domain", "acme.com"),
        ("*@acme.com", "domain", "acme.com"),
        ("*@*.acme.com", "domain", "acme.com"),
        ("@*.acme.com", "domain", "acme.com"),
        ("%@acme.com", "domain", "acme.com"),
        (".*@acme.com", "domain", "acme.com"),
        ("https://www.acme.co.uk/about?x=1#y", "domain", "acme.co.uk"),
        ("http://acme.com:8080", "domain", "acme.com"),
        ("acme.com/start", "domain", "acme.com"),
        ("www.acme.com", "domain", "acme.com"),
        ("mail.acme.com", "domain", "acme.com"),
        ("*@mail.acme.com", "domain", "acme.com"),
        ("müller.de", "domain", "xn--mller-kva.de"),
        ("acme.uk.com", "domain", "acme.uk.com"),
        ("facebook.com", "domain", "facebook.com"),
        ("acme.github.io", "domain", "acme.github.io"),
        ("https://blog.acme.github.io/x", "domain", "acme.github.io"),
        ("*@acme.github.io", "domain", "acme.github.io"),
        ("acme.onmicrosoft.com", "domain", "acme.onmicrosoft.com"),
        ("*@acme.onmicrosoft.com", "domain", "acme.onmicrosoft.com"),
        ("acme.sharepoint.com", "domain", "acme.sharepoint.com"),
        ("acme.wordpress.com", "domain", "acme.wordpress.com"),
        ("acme.myshopify.com", "domain", "acme.myshopify.com"),
        ("Jane@ACME.com", "address", "jane@acme.com"),
        ("Jane Doe <jane@acme.com>", "address", "jane@acme.com"),
        ("mailto:jane@acme.com", "address", "jane@acme.com"),
        ("jane+news@acme.com", "address", "jane+news@acme.com"),
    ],
)
def test_every_spelling_is_read(typed: str, scope: str, value: str) -> None:
    entry = read_entry(typed)
    assert (entry.scope, entry.value) == (scope, value)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("*.acme.com", "wildcard"),
        ("acme.*", "wildcard"),
        ("ac?e.com", "wildcard"),
        ("https://acme.com/*", "wildcard"),
        ("*", "wildcard"),
        ("j***@acme.com", "masked"),
        ("j*@acme.com", "masked"),
        ("com", "public_suffix"),
        ("co.uk", "public_suffix"),
        ("*@com", "public_suffix"),
        ("abc", "public_suffix"),
        ("northline", "no_domain"),
        ("acme com", "no_domain"),
        ("not an address", "no_domain"),
        ("acme[.]com", "no_domain"),
        ("localhost", "no_domain"),
        ("acme.notatld", "unknown_ending"),
        ("10.0.0.1", "ip_address"),
        ("2001:db8::1", "ip_address"),
        ("jane@", "no_address"),
        ("jane@@acme.com", "no_address"),
        ("jane@acme", "no_address"),
        ("d41d8cd98f00b204e9800998ecf8427e", "hash"),
        ("sha256:" + "a1" * 32, "hash"),
        ("github.io", "shared_suffix"),
        ("sites.google.com", "shared_suffix"),
        ("de.linkedin.com", "shared_suffix"),
        ("https://www.facebook.com/acme", "shared_page"),
        ("https://de-de.facebook.com/acme", "shared_page"),
        ("linktr.ee/acme", "shared_page"),
        ("https://www.google.com/maps/place/acme", "shared_page"),
    ],
)
def test_what_can_never_match_is_refused_by_name(typed: str, code: str) -> None:
    with pytest.raises(RefusedEntry) as caught:
        read_entry(typed)
    assert caught.value.code == code
    assert typed.strip() in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("acme.com", ""),
        ("mail.acme.com", "“mail.acme.com” stops the whole domain acme.com."),
        (
            "acme.github.io",
            "“acme.github.io” stops the host acme.github.io alone: github.io belongs to many.",
        ),
        (
            "acme.wordpress.com",
            "“acme.wordpress.com” stops the host acme.wordpress.com alone: wordpress.com belongs "
            "to many.",
        ),
    ],
)
def test_an_entry_says_where_it_stops_more_or_less(typed: str, said: str) -> None:
    assert read_entry(typed).note_text == said


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("jane@acme.com", ["jane@acme.com"]),
        ("jane@acme.com; *@b.com, c.com", ["jane@acme.com", "*@b.com", "c.com"]),
        ("a.com b.com\nc.com", ["a.com", "b.com", "c.com"]),
        ("Jane D <jane@a.com>; Jim <jim@b.com>", ["Jane D <jane@a.com>", " Jim <jim@b.com>"]),
        ("not an address", ["not an address"]),
        ("", []),
    ],
)  # fmt: skip
def test_a_cell_may_hold_several(cell: str, parts: list[str]) -> None:
    assert stop_entries.split_entries(cell) == parts


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("*@ours.com", "ours.com"),
        ("mail.ours.com", "mail.ours.com"),
        ("ours.github.io", "ours.github.io"),
        ("abc", "abc"),
        ("jane@ours.com", "jane@ours.com"),
    ],
)
def test_a_setting_keeps_its_host_or_what_was_typed(typed: str, kept: str) -> None:
    assert stop_entries.host_or_typed(typed) == kept


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scope", "typed", "said"),
    [
        ("domain", "*.acme.com", "is a pattern"),
        ("domain", "com", "nobody owns it"),
        ("domain", "abc", "abc"),
        ("domain", "jane@acme.com", "scope Address"),
        ("address", "*@acme.com", "scope Domain"),
        ("address", "acme.com", "scope Domain"),
        ("address", "j**@acme.com", "masked"),
        ("address_hash", "jane@acme.com", "choose Address"),
        ("address_hash", "abc", "not the hash"),
        ("person", "abc", "no lead with the id"),
        ("person", "999999", "no lead with the id"),
    ],
)
def test_the_admin_refuses_what_cannot_match(
    admin_client: Client, scope: str, typed: str, said: str
) -> None:
    form = {"scope": scope, "value": typed, "reason": "manual", "source": "hand"}
    page = admin_client.post("/admin/leads/suppression/add/", form)
    assert page.status_code == 200 and said in page.content.decode()
    assert not Suppression.objects.exists()


@pytest.mark.django_db
def test_the_admin_says_that_only_one_host_is_stopped(
    admin_client: Client, admin_user: User
) -> None:
    form = {"scope": "domain", "value": "acme.github.io", "reason": "manual", "source": "hand"}
    page = admin_client.post("/admin/leads/suppression/add/", form, follow=True)
    assert "github.io belongs to many" in page.content.decode()
    assert Suppression.objects.get().value == "acme.github.io"
    assert find_stop("a@acme.github.io") and not find_stop("a@other.github.io")


@pytest.mark.django_db
def test_a_plus_address_that_said_no_stops_its_mailbox() -> None:
    suppress("jane+news@acme.test", "unsubscribed", "reply")
    for spelling in ("jane@acme.test", "jane+news@acme.test", "Jane+Other@acme.test"):
        lead = LeadFactory(email=spelling.lower())
        assert find_stop(spelling).reason == "unsubscribed"  # type: ignore[union-attr]
        assert find_stops([lead])[lead.pk].reason == "unsubscribed"
    assert find_stop("janet@acme.test") is None


@pytest.mark.django_db
def test_a_bounced_plus_address_says_nothing_of_its_mailbox() -> None:
    suppress("jane+news@acme.test", "bounced", "event")
    assert find_stop("jane+news@acme.test") and not find_stop("jane@acme.test")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "stored"), [("a" * 64, "a" * 64), ("0123456789abcdef" * 4, "0123456789abcdef" * 4)]
)
def test_the_hash_of_an_erased_address_is_taken(typed: str, stored: str) -> None:
    row = Suppression(scope=Scope.ADDRESS_HASH, value=typed, reason="erased", source="hand")
    row.full_clean()
    assert row.value == stored


@pytest.mark.django_db
@pytest.mark.parametrize("domain", ["abc", "facebook.com/acme", "com", "github.io"])
def test_domains_of_the_team_are_refused_by_name(domain: str) -> None:
    from leads.models import KnownContact, PastEmployer
    from tests.factories import TeamMemberFactory

    member: Any = TeamMemberFactory()
    for row in (
        PastEmployer(member=member, company_name="Acme", domain=domain),
        KnownContact(member=member, name="Jane", domain=domain),
    ):
        with pytest.raises(ValidationError) as caught:
            row.full_clean()
        assert domain in str(caught.value)
