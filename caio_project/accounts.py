from typing import Any

from allauth.account.forms import LoginForm
from django.conf import settings
from django.http import HttpRequest

from caio_project.team_access.account_adapter import TeamAccountAdapter


class NoSignupAdapter(TeamAccountAdapter):
    """Accounts are made by an administrator; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SignInForm(LoginForm):
    """Offers a new password by email only where email is configured."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Username or email"
        if not settings.EMAIL_URL:
            self.fields["password"].help_text = "Forgotten? An administrator can set a new one."
