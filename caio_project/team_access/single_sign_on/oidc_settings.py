"""What the environment says about single sign-on, and which of it contradicts itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from caio_project.team_access.secret_checks import Found, is_loopback_host

LOCAL, CLAIM, PROVIDER = "local", "claim", "provider"
SECOND_FACTORS = (LOCAL, CLAIM, PROVIDER)
# Issuers of Microsoft Entra under which anybody with any Microsoft account could sign in.
OF_ANY_TENANT = ("/common", "/organizations", "/consumers")
SCOPES = ["openid", "email", "profile"]


@dataclass(frozen=True)
class OidcSettings:
    """One identity provider; `groups` are the provider's names of groups by role."""

    name: str
    issuer: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    groups_claim: str
    groups: dict[str, frozenset[str]]
    is_only_way: bool
    break_glass: frozenset[str]
    second_factor: str
    session_hours: int
    signs_out_there: bool

    @property
    def is_on(self) -> bool:
        return bool(self.issuer)


def read_settings(env: Any) -> OidcSettings:
    return OidcSettings(
        name=env.str("OIDC_NAME", default="single sign-on"),
        issuer=env.str("OIDC_ISSUER", default=""),
        client_id=env.str("OIDC_CLIENT_ID", default=""),
        client_secret=env.str("OIDC_CLIENT_SECRET", default=""),
        scopes=tuple(env.list("OIDC_SCOPES", default=["openid", "email", "profile"])),
        groups_claim=env.str("OIDC_GROUPS_CLAIM", default=""),
        groups={
            "Viewer": _names(env.list("OIDC_GROUP_VIEWER", default=[])),
            "Reviewer": _names(env.list("OIDC_GROUP_REVIEWER", default=[])),
            "Lead": _names(env.list("OIDC_GROUP_LEAD", default=[])),
        },
        is_only_way=env.bool("OIDC_ONLY", default=False),
        break_glass=_names(env.list("OIDC_BREAK_GLASS", default=[])),
        second_factor=env.str("OIDC_SECOND_FACTOR", default="local"),
        session_hours=env.int("OIDC_SESSION_HOURS", default=12),
        signs_out_there=env.bool("OIDC_SIGN_OUT_THERE", default=False),
    )


def _names(given: list[str]) -> frozenset[str]:
    return frozenset(name.strip() for name in given if name.strip())


def setting_errors(oidc: OidcSettings) -> list[Found]:
    return [*_missing(oidc), *_issuer_errors(oidc), *_group_errors(oidc), *_other_errors(oidc)]


def _missing(oidc: OidcSettings) -> Iterator[Found]:
    named = (
        ("OIDC_CLIENT_ID", oidc.client_id),
        ("OIDC_CLIENT_SECRET", oidc.client_secret),
        ("OIDC_GROUPS_CLAIM", oidc.groups_claim),
        *((f"OIDC_GROUP_{role.upper()}", names) for role, names in oidc.groups.items()),
        ("OIDC_ONLY", oidc.is_only_way),
        ("OIDC_BREAK_GLASS", oidc.break_glass),
        ("OIDC_SIGN_OUT_THERE", oidc.signs_out_there),
    )
    given = [name for name, value in named if value]
    if not oidc.is_on and given:
        text = f"{', '.join(given)} set, and OIDC_ISSUER is not: nobody could sign in that way."
        yield "OIDC_ISSUER", text, "Set it, or leave all of them out."
    if oidc.is_on:
        for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"):
            if name not in given:
                yield name, f"OIDC_ISSUER is set, and {name} is not.", "The provider shows it."


def _issuer_errors(oidc: OidcSettings) -> Iterator[Found]:
    if not oidc.is_on:
        return
    try:
        parts: Any = urlsplit(oidc.issuer)
        extras = parts.username or parts.query or parts.fragment
        is_address = bool(parts.scheme in ("http", "https") and parts.hostname and not extras)
    except ValueError:
        is_address = False
    hint = "Like https://example.okta.com, as the provider's discovery document says."
    if not is_address:
        yield "OIDC_ISSUER", f"OIDC_ISSUER {oidc.issuer!r} is not the address of an issuer.", hint
    elif parts.scheme != "https" and not is_loopback_host(parts.hostname):
        yield "OIDC_ISSUER", "OIDC_ISSUER is not https: sign-ins could be forged.", hint
    elif any(f"{part}/" in f"{parts.path}/" for part in OF_ANY_TENANT):
        text = "OIDC_ISSUER is of every Microsoft account, not of your organization."
        hint = "Like https://login.microsoftonline.com/<tenant id>/v2.0."
        yield "OIDC_ISSUER", text, hint


def _group_errors(oidc: OidcSettings) -> Iterator[Found]:
    named = [role for role, names in oidc.groups.items() if names]
    if oidc.groups_claim and not named:
        text = "OIDC_GROUPS_CLAIM is set, and no OIDC_GROUP_… is: nobody could get in."
        yield "OIDC_GROUPS_CLAIM", text, "Name a group for Viewer, Reviewer or Lead."
    if named and not oidc.groups_claim:
        name = f"OIDC_GROUP_{named[0].upper()}"
        text = f"{name} is set, and OIDC_GROUPS_CLAIM is not: no group would be read."
        yield name, text, "Name the claim, such as groups."
    for role in named:
        others = [names for other, names in oidc.groups.items() if other != role]
        if oidc.groups[role] & frozenset[str]().union(*others):
            name = f"OIDC_GROUP_{role.upper()}"
            text = f"{name} names a group that stands for another role as well."
            yield name, text, "One group stands for one role; a Lead may do what a Viewer may."
            break


def _other_errors(oidc: OidcSettings) -> Iterator[Found]:
    if oidc.break_glass and not oidc.is_only_way:
        text = "OIDC_BREAK_GLASS is set, and OIDC_ONLY is not: everybody may use a password."
        yield "OIDC_BREAK_GLASS", text, "Set OIDC_ONLY=true, or leave it out."
    if oidc.second_factor not in SECOND_FACTORS:
        text = f"OIDC_SECOND_FACTOR {oidc.second_factor!r} is not local, claim or provider."
        yield "OIDC_SECOND_FACTOR", text, ""
    if not {"openid", "email"} <= set(oidc.scopes):
        text = "OIDC_SCOPES lacks openid or email: nobody could be recognised."
        yield "OIDC_SCOPES", text, f"Such as {','.join(SCOPES)}."
    if not 1 <= oidc.session_hours <= 168:
        yield "OIDC_SESSION_HOURS", "OIDC_SESSION_HOURS is not from 1 to 168.", ""
