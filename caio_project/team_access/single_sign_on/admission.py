"""Which account somebody gets whose identity is proven, and with which roles; or none."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from caio_project.lib.models import AccessEvent
from caio_project.team_access.access_log import record_access
from caio_project.team_access.single_sign_on import claims as claim_rules
from caio_project.team_access.single_sign_on.refusals import Refusal, SignInRefused

Kind = AccessEvent.Kind


def admit(account: SocialAccount, claims: claim_rules.Claims, request: HttpRequest) -> Any:
    """The user that `account` signs in as, linked or made now. Raises SignInRefused.

    Roles follow the claim also where the person is refused: who is in no group has none left.
    """
    try:
        with transaction.atomic():
            user, refusal = _find_or_make(account, claims, request)
    except IntegrityError:  # the same person's first sign-in, in two windows at once
        with transaction.atomic():
            user, refusal = _find_or_make(account, claims, request)
    if refusal is not None:
        record_access(Kind.SSO_REFUSED, user=user, request=request, about=refusal.value)
        raise SignInRefused(refusal)
    return user


def _find_or_make(
    account: SocialAccount, claims: claim_rules.Claims, request: HttpRequest
) -> tuple[Any, Refusal | None]:
    """The user, and why they are refused if they are."""
    oidc = settings.OIDC
    roles = claim_rules.claimed_roles(claims, oidc.groups_claim, oidc.groups)
    linked = SocialAccount.objects.filter(provider=account.provider, uid=account.uid).first()
    user, refusal = (linked.user, None) if linked else _user_of_address(account, claims)
    if user is not None and refusal is None and oidc.groups_claim:
        refusal = None if follow_claim(user, roles, request) else Refusal.NO_GROUP
    if user is not None and refusal is None and not user.is_active:
        refusal = Refusal.INACTIVE
    if refusal is Refusal.UNKNOWN and oidc.groups_claim:
        if not roles:
            return None, Refusal.NO_GROUP
        user, refusal = _make_user(claims), None
        record_access(Kind.ACCOUNT_MADE, user=user, request=request, about="by single sign-on")
        follow_claim(user, roles, request)
    if refusal is None and not linked:
        account.user = user
        account.save()
        record_access(Kind.SSO_LINKED, user=user, by=user, request=request)
    return user, refusal


def _user_of_address(
    account: SocialAccount, claims: claim_rules.Claims
) -> tuple[Any, Refusal | None]:
    email = claim_rules.verified_email(claims)
    if not email:
        return None, Refusal.EMAIL
    found = get_user_model().objects.filter(email__iexact=email)
    users = [one for one in found if claim_rules.is_same_address(one.email, email)]
    if not users:
        return None, Refusal.UNKNOWN
    if len(users) > 1:
        return None, Refusal.SEVERAL
    others = SocialAccount.objects.filter(user=users[0], provider=account.provider)
    if any(other.extra_data.get("issuer") == claims["iss"] for other in others):
        return users[0], Refusal.LINKED_ELSEWHERE
    return users[0], None


def _make_user(claims: claim_rules.Claims) -> Any:
    """A user without a password, who may look into the admin as far as their role goes."""
    email = claim_rules.verified_email(claims)
    model = get_user_model()
    user = model(
        email=email,
        first_name=claim_rules.text_of(claims, "given_name"),
        last_name=claim_rules.text_of(claims, "family_name"),
        is_staff=True,
    )
    get_adapter().populate_username(None, user)
    user.set_unusable_password()
    user.save()
    return user


def follow_claim(user: Any, roles: frozenset[str], request: HttpRequest | None = None) -> bool:
    """Give and take roles until they are the claimed ones; whether any is left."""
    ours = settings.OIDC.groups
    held = set(user.groups.filter(name__in=ours).values_list("name", flat=True))
    if held != roles:
        user.groups.remove(*Group.objects.filter(name__in=held - roles))
        user.groups.add(*Group.objects.filter(name__in=roles - held))
        changes = [f"+{role}" for role in sorted(roles - held)]
        changes += [f"-{role}" for role in sorted(held - roles)]
        about = f"{' '.join(changes)} by single sign-on"
        record_access(Kind.ROLES_CHANGED, user=user, request=request, about=about)
    return bool(roles)


def unlink_accounts(user: Any, *, by: Any = None) -> int:
    """Forget who this account is at the provider; the next verified address is linked anew."""
    with transaction.atomic():
        found, _ = SocialAccount.objects.filter(user=user).delete()
        if found:
            record_access(Kind.SSO_UNLINKED, user=user, by=by)
    return found
