"""allauth's forms of security keys: names in bounds, and refused answers are errors on record."""

from collections.abc import Callable
from typing import Any

from allauth.core import context as allauth_context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError

from caio_project.lib.models import AccessEvent
from caio_project.team_access.access_log import record_access

LONGEST_NAME = 60
MAX_KEYS = 20


class AddKeyForm(AddWebAuthnForm):
    name = forms.CharField(required=False, max_length=LONGEST_NAME, label="Name of the key")

    def clean(self) -> dict[str, Any]:
        keys = self.user.authenticator_set.filter(type="webauthn")
        if keys.count() >= MAX_KEYS:
            raise ValidationError(f"You have {MAX_KEYS} security keys. Remove one first.")
        return _or_refused(super().clean)


class RenameKeyForm(EditWebAuthnForm):
    name = forms.CharField(max_length=LONGEST_NAME, label="Name of the key")


class UseKeyForm(AuthenticateWebAuthnForm):
    def clean_credential(self) -> Any:
        return _or_on_record(self.user, super().clean_credential)


class ConfirmByKeyForm(ReauthenticateWebAuthnForm):
    def clean_credential(self) -> Any:
        return _or_on_record(self.user, super().clean_credential)


def _or_on_record(user: Any, check: Callable[[], Any]) -> Any:
    try:
        return _or_refused(check)
    except ValidationError:
        kind, request = AccessEvent.Kind.CODE_REFUSED, allauth_context.request
        record_access(kind, user=user, request=request, about="security key")
        raise


def _or_refused(check: Callable[[], Any]) -> Any:
    """What a browser sends is JSON of any shape; the library that reads it fails in many ways."""
    try:
        return check()
    except ValidationError:
        raise
    except Exception as error:
        raise get_adapter().validation_error("incorrect_code") from error
