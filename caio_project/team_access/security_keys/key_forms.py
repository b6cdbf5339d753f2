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
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.core.exceptions import ValidationError

from caio_project.lib.models import AccessEvent
from caio_project.team_access.access_log import record_access

LONGEST_NAME = 60
MAX_KEYS = 20


class AnswerField(forms.JSONField):
    """The answer of a key; JSON nested too deeply is as wrong as none."""

    def __init__(self) -> None:
        super().__init__(required=True, widget=forms.HiddenInput)

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError as error:
            raise get_adapter().validation_error("incorrect_code") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial  # an answer serves once: the page shown again holds none


class AddKeyForm(AddWebAuthnForm):
    credential = AnswerField()
    name = forms.CharField(required=False, max_length=LONGEST_NAME, label="Name of the key")

    def clean(self) -> dict[str, Any]:
        keys = self.user.authenticator_set.filter(type="webauthn")
        if keys.count() >= MAX_KEYS:
            raise ValidationError(f"You have {MAX_KEYS} security keys. Remove one first.")
        return _or_refused(super().clean)


class RenameKeyForm(EditWebAuthnForm):
    name = forms.CharField(max_length=LONGEST_NAME, label="Name of the key")


class _RecordedAnswer(AuthenticateWebAuthnForm):
    credential = AnswerField()

    def clean_credential(self) -> Any:
        """What is no answer of a key at all is refused before it counts as a try."""
        given = self.cleaned_data["credential"]
        _or_refused(lambda: auth.parse_authentication_response(given))
        try:
            return _or_refused(super().clean_credential)
        except ValidationError as error:
            if error.code == "incorrect_code":
                kind, request = AccessEvent.Kind.CODE_REFUSED, allauth_context.request
                record_access(kind, user=self.user, request=request, about="security key")
            raise


class UseKeyForm(_RecordedAnswer):
    pass


class ConfirmByKeyForm(_RecordedAnswer, ReauthenticateWebAuthnForm):
    pass


def _or_refused(check: Callable[[], Any]) -> Any:
    """What a browser sends is JSON of any shape; the library that reads it fails in many ways."""
    try:
        return check()
    except ValidationError:
        raise
    except Exception as error:
        raise get_adapter().validation_error("incorrect_code") from error
