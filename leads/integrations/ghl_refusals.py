"""What GoHighLevel's refusals mean. Pure.

Sources: GHL API v2, "Errors" and "Scopes"; the sentences are those that its services answer, and
`message` is a string or a list of strings.
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
    """Token, scope or location are wrong: a person must fix it, and everything waits until then."""

    def __init__(self, failure: http.HttpError, key: str, text: str):
        super().__init__(
            failure.detail, failure.status, failure.body, failure.retry_after, failure.headers
        )
        self.key, self.text = key, text


def refusal_code(failure: http.HttpError) -> str:
    """dnd, unsubscribed or invalid for an address not to be written to; contact_gone; else
    refused.
    """
    answer = http.error_text(failure.body).lower()
    for words, code in PERMANENT_REFUSALS:
        if words in answer:
            return code
    return CONTACT_GONE if "contact" in answer and "not found" in answer else OTHER_REFUSAL


def duplicate_of(failure: http.HttpError) -> str:
    """The id of the contact that is there already; "" for any other refusal to create one."""
    found = failure.json()
    meta = found.get("meta") if isinstance(found, dict) else None
    taken_by = meta.get("contactId") if isinstance(meta, dict) else None
    return str(taken_by or "") if failure.status == 400 else ""


def is_expired_token(failure: http.HttpError) -> bool:
    answer = http.error_text(failure.body).lower()
    return failure.status == 401 and not any(
        word in answer for word in ("scope", "user type", "version")
    )


def as_misconfigured(failure: http.HttpError, method: str, path: str) -> Misconfigured | None:
    """`failure` with the alarm that says what to fix; None where it is no configuration error."""
    answer = http.error_text(failure.body)
    if failure.status not in (401, 403) and "api version" not in answer.lower():
        return None
    if "scope" in answer.lower():
        scope = required_scope(method, path)
        return Misconfigured(
            failure,
            scope_alarm_key(scope),
            f"GoHighLevel: our token lacks the scope {scope}. Add it there.",
        )
    return Misconfigured(
        failure,
        TOKEN_ALARM,
        f"GoHighLevel refuses us ({failure.status}: {answer[:160]}). "
        "Everything that needs it waits.",
    )


TOKEN_ALARM = "ghl:token"


def scope_alarm_key(scope: str) -> str:
    return f"ghl:scope:{scope}"


def required_scope(method: str, path: str) -> str:
    fits = (
        scope
        for verb, start, scope in SCOPE_BY_CALL
        if verb in ("*", method) and path.startswith(start)
    )
    return next(fits, f"for {method} {path.split('/')[1]}")
