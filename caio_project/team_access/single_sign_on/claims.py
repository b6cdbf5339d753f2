"""What the claims of an identity provider mean here: address, roles, second factor. Pure."""

from collections.abc import Mapping
from typing import Any

Claims = Mapping[str, Any]
LONGEST_TEXT = 150
ADDRESS = ("email", "email_verified", "xms_edov")


def merge_claims(proven: Claims, more: Claims) -> dict[str, Any]:
    """Claims of the id token, and of userinfo where the token is silent.

    An address and what is said of it come from one of the two; factors from the token alone.
    """
    of_address = proven if "email" in proven else more
    kept = {name: value for name, value in {**more, **proven}.items() if name not in ADDRESS}
    kept |= {name: of_address[name] for name in ADDRESS if name in of_address}
    return kept if "amr" in proven else {n: value for n, value in kept.items() if n != "amr"}


def is_same_address(one: str, other: str) -> bool:
    """Whatever the capitals of ASCII; a database takes more letters for the same than mail does."""
    if one.isascii() and other.isascii():
        return one.lower() == other.lower()
    return one == other


def verified_email(claims: Claims) -> str:
    """The address, where the provider says that it is this person's; "" otherwise.

    Microsoft Entra says so by `xms_edov`. The word "false" is not true.
    """
    email = claims.get("email")
    if not isinstance(email, str) or len(email) > 254 or email.count("@") != 1:
        return ""
    is_verified = _is_true(claims.get("email_verified"))
    if "email_verified" not in claims:
        is_verified = _is_true(claims.get("xms_edov"))
    return email.strip() if is_verified else ""


def claimed_roles(
    claims: Claims, claim: str, groups_of_role: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """Roles of the groups that `claim` names; an absent or unreadable claim names none."""
    given = claims.get(claim)
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list):
        return frozenset()
    held = {name for name in names if isinstance(name, str)}
    return frozenset(role for role, groups in groups_of_role.items() if groups & held)


def names_second_factor(claims: Claims) -> bool:
    """Whether the provider says that it asked for more than one factor (RFC 8176)."""
    methods = claims.get("amr")
    return isinstance(methods, list) and "mfa" in methods


def text_of(claims: Claims, name: str) -> str:
    """A claim as printable text of at most 150 characters; "" for anything else."""
    value = claims.get(name)
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value if c.isprintable()).strip()[:LONGEST_TEXT]


def _is_true(value: Any) -> bool:
    return value in (True, "true", "1")
