"""What a refusal of GoHighLevel's means for the address, for the token and for who must act."""

import json

import pytest

from caio_project.lib.http import HttpError
from leads.integrations import ghl_refusals


def refusal(status: int, message: str | list[str], retry_after: float | None = None) -> HttpError:
    return HttpError(
        f"HTTP {status}", status, json.dumps({"message": message}).encode(), retry_after
    )


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Cannot send message as DND is active for SMS.", "dnd"),
        ("DND is active", "dnd"),
        ("The contact has unsubscribed from e-mails", "unsubscribed"),
        ("This e-mail is invalid", "invalid"),
        ("Email is invalid", "invalid"),
        (["email must be an email"], "invalid"),
        (["subject is empty", "emailTo must be an email"], "invalid"),
        ("Contact not found", "contact_gone"),
        ("Contact with id 8fZ was not found", "contact_gone"),
    ],
)
def test_a_refusal_says_what_is_wrong_with_the_address(message: str | list[str], code: str) -> None:
    assert ghl_refusals.refusal_code(refusal(422, message)) == code


@pytest.mark.parametrize(
    "message",
    [
        "Workflow not found",
        "Conversation not found",
        "The contact is locked",
        "Contact limit of the plan is reached",
        "email must be shorter",
        "",
    ],
)
def test_another_refusal_condemns_no_address(message: str) -> None:
    assert ghl_refusals.refusal_code(refusal(400, message)) == "refused"


@pytest.mark.parametrize(
    ("status", "message", "is_expired"),
    [
        (401, "Invalid JWT", True),
        (401, "The token has expired", True),
        (401, "", True),
        (401, "The token is not authorized for this scope.", False),
        (401, "This user type may not do that", False),
        (401, "Version header was not found", False),
        (400, "Invalid JWT", False),
        (403, "The token has expired", False),
        (402, "Payment required", False),
        (0, "", False),
    ],
)
def test_only_an_unexplained_401_renews_the_token(
    status: int, message: str, is_expired: bool
) -> None:
    assert ghl_refusals.is_expired_token(refusal(status, message)) is is_expired


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/contacts/search", "contacts.readonly"),
        ("GET", "/contacts/8fZ", "contacts.readonly"),
        ("PUT", "/contacts/8fZ", "contacts.write"),
        ("POST", "/contacts/upsert", "contacts.write"),
        ("GET", "/conversations/search", "conversations.readonly"),
        ("GET", "/conversations/c1/messages", "conversations/message.readonly"),
        ("POST", "/conversations/messages", "conversations/message.write"),
        ("GET", "/opportunities/search", "opportunities.readonly"),
        ("GET", "/calendars/events", "calendars/events.readonly"),
        ("GET", "/workflows/", "workflows.readonly"),
        ("POST", "/workflows/run", "for POST workflows"),
        ("GET", "/locations/l1/customFields", "for GET locations"),
    ],
)
def test_the_alarm_names_the_scope_that_lacks(method: str, path: str, scope: str) -> None:
    found = ghl_refusals.as_misconfigured(
        refusal(401, "The token is not authorized for this SCOPE."), method, path
    )
    assert found
    assert found.key == f"ghl:scope:{scope}"
    assert found.text == f"GoHighLevel: our token lacks the scope {scope}. Add it there."


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "Invalid JWT"),
        (403, "The token does not have access to this location."),
        (401, "API version is missing"),
        (400, "Unknown API Version"),
    ],
)
def test_a_refused_token_makes_everything_wait(status: int, message: str) -> None:
    found = ghl_refusals.as_misconfigured(refusal(status, message, 30), "GET", "/contacts/8fZ")
    assert found
    assert (found.key, found.status, found.retry_after) == ("ghl:token", status, 30)
    assert found.text == (
        f"GoHighLevel refuses us ({status}: {message}). Everything that needs it waits."
    )


def test_a_long_answer_is_cut_in_the_alarm() -> None:
    found = ghl_refusals.as_misconfigured(refusal(403, "no " * 500), "GET", "/contacts/8fZ")
    assert found and len(found.text) < 300


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Contact not found"),
        (402, "The scope of the plan does not allow it"),
        (404, "Not found"),
        (422, ["email must be an email"]),
        (429, "Too many requests"),
        (500, "The version of the server is old"),
    ],
)
def test_what_no_setting_mends_is_no_alarm(status: int, message: str | list[str]) -> None:
    assert ghl_refusals.as_misconfigured(refusal(status, message), "GET", "/contacts/8fZ") is None
