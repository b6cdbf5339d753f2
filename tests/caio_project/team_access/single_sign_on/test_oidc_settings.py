"""Settings of single sign-on that contradict each other are refused by name."""

from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from caio_project import checks
from caio_project.lib.models import AccessEvent

ONE = frozenset({"leads"})
NO_GROUPS = {"Viewer": frozenset[str](), "Reviewer": frozenset[str](), "Lead": frozenset[str]()}
GOOD = {
    "issuer": "https://idp.example.com",
    "client_id": "caio",
    "client_secret": "secret",
    "groups_claim": "groups",
    "groups": {**NO_GROUPS, "Lead": ONE},
}


def names() -> set[str]:
    return {error.id.removeprefix("caio.") for error in checks.check_configuration()}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"issuer": "http://127.0.0.1:9000"},
        {"issuer": "https://login.microsoftonline.com/6f1b/v2.0"},
        {"is_only_way": True, "break_glass": frozenset({"lena"})},
        {"groups_claim": "", "groups": NO_GROUPS},
    ],
)
def test_what_fits_together_boots(settings: Any, changes: dict[str, Any]) -> None:
    settings.OIDC = replace(settings.OIDC, **{**GOOD, **changes})
    assert names() == set()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("OIDC_ISSUER", {"issuer": ""}),
        ("OIDC_ISSUER", {"issuer": "http://idp.example.com"}),
        ("OIDC_ISSUER", {"issuer": "http://127.0.0.1.example.com"}),
        ("OIDC_ISSUER", {"issuer": "idp.example.com"}),
        ("OIDC_ISSUER", {"issuer": "https://user@idp.example.com"}),
        ("OIDC_ISSUER", {"issuer": "https://idp.example.com?x=1"}),
        ("OIDC_ISSUER", {"issuer": "https://[idp"}),
        ("OIDC_ISSUER", {"issuer": "https://login.microsoftonline.com/common/v2.0"}),
        ("OIDC_ISSUER", {"issuer": "https://login.microsoftonline.com/organizations/v2.0"}),
        ("OIDC_CLIENT_ID", {"client_id": ""}),
        ("OIDC_CLIENT_SECRET", {"client_secret": ""}),
        ("OIDC_GROUPS_CLAIM", {"groups": NO_GROUPS}),
        ("OIDC_GROUP_LEAD", {"groups_claim": ""}),
        ("OIDC_GROUP_VIEWER", {"groups": {**NO_GROUPS, "Viewer": ONE, "Lead": ONE}}),
        ("OIDC_BREAK_GLASS", {"break_glass": frozenset({"lena"})}),
        ("OIDC_SECOND_FACTOR", {"second_factor": "theirs"}),
        ("OIDC_SCOPES", {"scopes": ("openid", "profile")}),
        ("OIDC_SESSION_HOURS", {"session_hours": 0}),
        ("OIDC_SESSION_HOURS", {"session_hours": 169}),
    ],
)
def test_what_contradicts_itself_is_named(
    settings: Any, name: str, changes: dict[str, Any]
) -> None:
    settings.OIDC = replace(settings.OIDC, **{**GOOD, **changes})
    assert names() == {name}


def test_only_single_sign_on_without_a_provider_does_not_boot(settings: Any) -> None:
    settings.OIDC = replace(settings.OIDC, is_only_way=True)
    assert names() == {"OIDC_ISSUER"}


def test_unlinking_forgets_the_link_once(lead_user: User) -> None:
    SocialAccount.objects.create(user=lead_user, provider="oidc", uid="x")
    call_command("unlink_single_sign_on", "lena", stdout=StringIO())
    assert not SocialAccount.objects.exists()
    assert AccessEvent.objects.get().kind == "sso_unlinked"
    for name in ("lena", "nobody"):
        with pytest.raises(CommandError, match="^username: "):
            call_command("unlink_single_sign_on", name, stdout=StringIO())
