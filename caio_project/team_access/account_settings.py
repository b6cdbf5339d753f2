"""Settings of signing in that are the same in every environment."""

ACCOUNT_APPS = [
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "caio_project.team_access.sessions.apps.SessionRowsConfig",
]
AUTHENTICATION_BACKENDS = ["caio_project.team_access.account_adapter.TeamBackend"]
ACCOUNT_ADAPTER = "caio_project.accounts.NoSignupAdapter"
ACCOUNT_FORMS = {
    "login": "caio_project.accounts.SignInForm",
    "reset_password": "caio_project.team_access.account_adapter.TeamResetForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # the form for a new password writes to no stranger
SOCIALACCOUNT_ADAPTER = "caio_project.team_access.single_sign_on.provider.SocialAccounts"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "add_webauthn": "caio_project.team_access.security_keys.key_forms.AddKeyForm",
    "edit_webauthn": "caio_project.team_access.security_keys.key_forms.RenameKeyForm",
    "authenticate_webauthn": "caio_project.team_access.security_keys.key_forms.UseKeyForm",
    "reauthenticate_webauthn": "caio_project.team_access.security_keys.key_forms.ConfirmByKeyForm",
}
MFA_ADAPTER = "caio_project.team_access.second_factor.SealedFactors"
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/sales"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
