"""What claims mean, whatever their shape."""

from typing import Any

import pytest

from caio_project.team_access.single_sign_on import claims

GROUPS = {"Viewer": frozenset({"v", "v2"}), "Lead": frozenset({"l"})}
ADDRESS = "lena@ours.example.com"


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ({"email_verified": True}, True),
        ({"email_verified": "true"}, True),
        ({"xms_edov": True}, True),
        ({"xms_edov": "1"}, True),
        ({}, False),
        ({"email_verified": "false"}, False),
        ({"email_verified": False, "xms_edov": True}, False),
        ({"email_verified": None, "xms_edov": True}, False),
        ({"email_verified": ["true"]}, False),
        ({"email_verified": True, "email": ["lena@ours.example.com"]}, False),
        ({"email_verified": True, "email": "lena@ours.example.com,x@evil.test"}, False),
        ({"email_verified": True, "email": "x" * 260 + "@a.test"}, False),
    ],
)
def test_an_address_counts_only_where_it_is_said_to_be_verified(
    given: dict[str, Any], is_taken: bool
) -> None:
    assert claims.verified_email({"email": ADDRESS, **given}) == (ADDRESS if is_taken else "")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["v"], {"Viewer"}),
        ("l", {"Lead"}),
        (["l", "v2", "else", 5, None], {"Viewer", "Lead"}),
        (["V", "Lead", "l "], set()),
        ({"l": True}, set()),
        (None, set()),
        ([["l"]], set()),
    ],
)
def test_roles_are_those_of_the_groups_by_their_exact_names(given: Any, expected: set[str]) -> None:
    assert claims.claimed_roles({"groups": given}, "groups", GROUPS) == expected
    assert claims.claimed_roles({}, "groups", GROUPS) == set()


def test_an_address_and_what_is_said_of_it_have_one_source() -> None:
    token, more = {"sub": "1", "groups": ["a"]}, {"sub": "1", "groups": ["b"], "amr": ["mfa"]}
    vouched = {"email": "b@x.test", "email_verified": True, "xms_edov": True}
    assert claims.merge_claims(token, {**more, **vouched}) == {**token, **vouched}
    own = {**token, "email": "a@x.test"}
    assert claims.merge_claims(own, {**more, **vouched}) == own
    said = {**token, "email_verified": True, "amr": ["pwd"]}
    merged = claims.merge_claims(said, {**more, "email": "b@x.test"})
    assert merged == {**token, "email": "b@x.test", "amr": ["pwd"]}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Mia@x.test", "mia@X.test", True),
        ("m\u0131a@x.test", "mia@x.test", False),
        ("mia@\u212a.test", "mia@k.test", False),
        ("m\u0131a@x.test", "m\u0131a@x.test", True),
    ],
)
def test_letters_that_look_or_capitalise_alike_are_no_same_address(
    one: str, other: str, same: bool
) -> None:
    assert claims.is_same_address(one, other) is same


def test_texts_are_printable_and_short_and_factors_are_named_exactly() -> None:
    assert claims.text_of({"name": " A\x00\u202eB" + "c" * 200}, "name") == "AB" + "c" * 148
    assert claims.text_of({"name": 5}, "name") == ""
    assert claims.names_second_factor({"amr": ["pwd", "mfa"]})
    assert not any(claims.names_second_factor({"amr": amr}) for amr in ("mfa", ["MFA"], None))
