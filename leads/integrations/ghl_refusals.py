"""What GoHighLevel means when it refuses. Pure.

Sources: GHL API v2, "Errors" and "Scopes"; the sentences are those that its services answer, and `message` is a string
or a list of strings.
"""

from caio_project.lib import http

# What must not be written to again, in a 400 or 422; all permanent for the address.
PERMANENT_REFUSALS = (
    ("dnd is active", "dnd"),
    ("has unsubscribed", "unsubscribed"),
    ("e-mail is invalid", "invalid"),
    ("email is invalid", "invalid"),
    ("email must be an email", "invalid"),
    ("emailto must be an email", "invalid"),
)
CONTACT_GONE = "contact_gone"
OTHER_REFUSAL = "refused"

# The scope that a call needs; the first match holds.
SCOPE_BY_CALL = (
    ("POST", "/contacts/search", "contacts.readonly"),
    ("GET", "/contacts/", "contacts.readonly"),
    ("*", "/contacts/", "contacts.write"),
    ("GET", "/conversations/search", "conversations.readonly"),
    ("GET", "/conversations/", "conversations/message.readonly"),
    ("*", "/conversations/", "conversations/message.write"),
    ("GET", "/opportunities/", "opportunities.readonly"),
    ("GET", "/calendars/", "calendars/events.readonly"),
    ("GET", "/workflows/", "workflows.readonly"),
)


class Misconfigured(http.ServiceUnavailable):
    """Token, scope or location are not right: a person must mend it. Everything waits, nothing is refused for good."""

    def __init__(self, failure: http.HttpError, key: str, text: str):
        super().__init__(
            failure.detail, failure.status, failure.body, failure.retry_after, failure.headers
        )
        self.key, self.text = key, text


def refusal_code(failure: http.HttpError) -> str:
    """dnd, unsubscribed or invalid where the address must not be written to; contact_gone; else refused."""
    said = http.error_text(failure.body).lower()
    for words, code in PERMANENT_REFUSALS:
        if words in said:
            return code
    return CONTACT_GONE if "contact" in said and "not found" in said else OTHER_REFUSAL


def is_expired_token(failure: http.HttpError) -> bool:
    """Whether the access token is no longer accepted, which another one may mend."""
    said = http.error_text(failure.body).lower()
    return failure.status == 401 and not any(
        word in said for word in ("scope", "user type", "version")
    )


def as_misconfigured(failure: http.HttpError, method: str, path: str) -> Misconfigured | None:
    """`failure` as trouble of configuration, with the alarm that says what to mend; None where it is none."""
    said = http.error_text(failure.body)
    if failure.status not in (401, 403) and "api version" not in said.lower():
        return None
    if "scope" in said.lower():
        scope = required_scope(method, path)
        return Misconfigured(
            failure,
            scope_alarm_key(scope),
            f"GoHighLevel: our token lacks the scope {scope}. Add it there.",
        )
    return Misconfigured(
        failure,
        TOKEN_ALARM,
        f"GoHighLevel refuses us ({failure.status}: {said[:160]}). Everything that needs it waits.",
    )


TOKEN_ALARM = "ghl:token"


def scope_alarm_key(scope: str) -> str:
    return f"ghl:scope:{scope}"


def required_scope(method: str, path: str) -> str:
    """The scope that a call needs, as GoHighLevel names it."""
    fits = (
        scope
        for verb, start, scope in SCOPE_BY_CALL
        if verb in ("*", method) and path.startswith(start)
    )
    return next(fits, f"for {method} {path.split('/')[1]}")
