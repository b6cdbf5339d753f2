"""A local HighLevel (GoHighLevel) API v2: contacts, conversations, opportunities, calendars, workflows, webhooks.

HighLevel API v2; contacts, opportunities and workflows Version 2021-07-28, conversations and calendars 2021-04-15.
Run alone: python -m tests.fakes.ghl --port 0
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from . import ghl_fields as fields
from . import ghl_oauth as oauth
from . import ghl_webhooks as webhooks
from .server import FakeServer, Reply, Request, iso, optional, post, serve_forever

EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
BLOCKED = ("active", "permanent")
CURSOR_LIFE = 120
CHANNEL_KINDS = {
    "Email": "TYPE_EMAIL",
    "SMS": "TYPE_SMS",
    "Call": "TYPE_CALL",
    "WhatsApp": "TYPE_WHATSAPP",
    "Instagram": "TYPE_INSTAGRAM",
    "Facebook": "TYPE_FACEBOOK",
}
JSON_KINDS = {
    "string": str,
    "array": list,
    "boolean": bool,
    "object": dict,
    "number": (int, float),
    "email": str,
}
KIND_MESSAGES = {
    "string": "must be a string",
    "array": "must be an array",
    "boolean": "must be a boolean value",
    "object": "must be an object",
    "number": "must be a number conforming to the specified constraints",
    "email": "must be an email",
}
DEFAULT_PIPELINE = {
    "id": "pl_1",
    "name": "Sales",
    "stages": [
        {"id": "st_1", "name": "New", "position": 0},
        {"id": "st_2", "name": "Meeting booked", "position": 1},
        {"id": "st_3", "name": "Proposal", "position": 2},
    ],
    "showInFunnel": True,
    "showInPieChart": True,
}


class FakeGhl(FakeServer):
    """One location (sub-account) of HighLevel.

    sent_emails() is the ledger: one entry per e-mail accepted for sending through the API, whatever was answered.
    """

    name = "ghl"
    routes = (
        ("POST", "/contacts/upsert", "upsert_contact"),
        ("POST", "/contacts/search", "search_contacts"),
        ("GET", "/contacts/search/duplicate", "find_duplicate"),
        ("POST", "/contacts/", "create_contact"),
        ("GET", "/contacts/{id}", "get_contact"),
        ("PUT", "/contacts/{id}", "update_contact"),
        ("POST", "/contacts/{id}/tags", "add_tags"),
        ("DELETE", "/contacts/{id}/tags", "remove_tags"),
        ("POST", "/contacts/{id}/workflow/{workflow_id}", "start_workflow"),
        ("DELETE", "/contacts/{id}/workflow/{workflow_id}", "leave_workflow"),
        ("GET", "/contacts/{id}/appointments", "contact_appointments"),
        ("POST", "/conversations/messages", "send_message"),
        ("GET", "/conversations/search", "search_conversations"),
        ("GET", "/conversations/messages/export", "export_messages"),
        ("GET", "/conversations/messages/email/{id}", "get_email"),
        ("DELETE", "/conversations/messages/email/{id}/schedule", "cancel_scheduled_email"),
        ("GET", "/conversations/messages/{id}", "get_message"),
        ("GET", "/conversations/{id}/messages", "conversation_messages"),
        ("GET", "/opportunities/search", "search_opportunities"),
        ("GET", "/opportunities/pipelines", "list_pipelines"),
        ("GET", "/calendars/events", "calendar_events"),
        ("GET", "/workflows/", "list_workflows"),
        ("POST", "/oauth/token", "give_tokens"),
        ("POST", "/oauth/locationToken", "give_location_token"),
    )
    settings = (
        "token",
        "client_id",
        "client_secret",
        "access_seconds",
        "location_id",
        "rate_limit",
        "rate_window",
        "daily_limit",
        "retry_after",
        "match_order",
        "keep_matched_email",
        "allow_duplicates",
        "opportunity_params",
        "conversation_lag",
        "thread_rows",
        "search_lag",
        "sent_status",
        "default_sender",
    )
    remote_calls = (
        "add_code",
        "end_access",
        "add_contact",
        "contact",
        "set_dnd",
        "unsubscribe",
        "invalid_email",
        "receive_reply",
        "receive_message",
        "add_outbound",
        "email_event",
        "set_email_status",
        "lose_from_conversation",
        "add_opportunity",
        "change_opportunity",
        "delete_opportunity",
        "add_appointment",
        "change_appointment",
        "delete_appointment",
        "add_workflow",
        "add_pipeline",
        "workflow_contacts",
        "sent_emails",
        "public_key_b64",
        "sign",
        "deliver",
        "inbound_message",
        "outbound_message",
        "email_stats",
        "contact_dnd_update",
        "appointment_create",
        "opportunity_update",
    )

    def __init__(
        self,
        token: str = "pit-test",
        location_id: str = "loc-test",
        rate_limit: int | None = 100,
        match_order: tuple[str, ...] = ("email", "phone"),
        opportunity_params: str = "camel",
        port: int = 0,
    ):
        self.token = token  # a private integration token; "" where only OAuth lets in
        self.client_id, self.client_secret, self.access_seconds = "app-test", "app-secret", 86399
        self.location_id = location_id
        self.rate_limit = rate_limit
        self.rate_window = 10.0
        self.daily_limit = 200_000
        self.retry_after: int | None = None
        # The location's "Allow Duplicate Contact" setting and its identifier order.
        self.match_order = match_order
        self.allow_duplicates = False
        self.keep_matched_email = True
        self.opportunity_params = opportunity_params
        self.conversation_lag = 0.0
        self.thread_rows = False
        self.search_lag = 0.0
        self.sent_status = "sent"
        self.default_sender = "location@mail.oursite.test"
        self._signer = webhooks.WebhookSigner()
        super().__init__(port)

    def clear(self) -> None:
        # Part of every id, so that two fakes (or one after a reset) never give the same id.
        self._prefix = secrets.token_hex(3)
        self._counts: Counter[str] = Counter()
        self._contacts: dict[str, dict] = {}
        self._searchable_at: dict[str, float] = {}
        self._messages: dict[str, dict] = {}
        self._visible_at: dict[str, float] = {}
        self._lags: list[float] = []
        self._conversations: dict[str, str] = {}
        self._sent: list[dict] = []
        self._unsubscribed: set[str] = set()
        self._invalid_emails: set[str] = set()
        self._opportunities: dict[str, dict] = {}
        self._appointments: dict[str, dict] = {}
        self._pipelines: list[dict] = [{**DEFAULT_PIPELINE, "locationId": self.location_id}]
        self._workflows: dict[str, dict] = {}
        self._enrolled: dict[str, list[str]] = {}
        self._window_start = 0.0
        self._window_count = 0
        self._day_count = 0
        self._rate_headers: dict[str, str] = {}
        self.tokens = oauth.Tokens()

    def state(self) -> dict:
        return {
            "url": self.url,
            "settings": {name: getattr(self, name) for name in self.settings},
            "contacts": list(self._contacts.values()),
            "sent_emails": self._sent,
            "messages": list(self._messages.values()),
            "opportunities": list(self._opportunities.values()),
            "appointments": list(self._appointments.values()),
            "workflow_contacts": self._enrolled,
            "unsubscribed": sorted(self._unsubscribed),
        }

    # What every request is checked for

    def check(self, request: Request) -> Reply | None:
        self._rate_headers = {}
        if request.path == "/oauth/token":
            return None
        if refused := self._check_token(request):
            return refused
        version = request.headers.get("version")
        if not version:
            return error(401, "version header was not found.")
        if version not in fields.VERSIONS.get(request.path.split("/")[1], {version}):
            return error(400, f"Invalid API version segment {version}")
        limited = self._count_request()
        if limited:
            return limited
        if (
            request.body
            and request.json is None
            and "json" in request.headers.get("content-type", "")
        ):
            return error(400, "Unexpected token in JSON")
        return self._check_location(request)

    def _check_token(self, request: Request) -> Reply | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.token and token == self.token:
            return None
        said = self.tokens.why_not(token, request.path)
        return error(401, said) if said else None

    # OAuth 2.0

    def give_tokens(self, request: Request) -> Reply:
        """Get Access Token: a code and a refresh token can be used once, and a new refresh token comes with each."""
        if problems := oauth.grant_problems(request):
            return unprocessable(problems)
        form = oauth.form_of(request)
        if (form["client_id"], form["client_secret"]) != (self.client_id, self.client_secret):
            return oauth.oauth_error(401, "invalid_client", "Invalid client credentials!")
        user_type = self.tokens.once.pop(form[oauth.GRANTS[form["grant_type"]]], None)
        if user_type is None or user_type != form["user_type"]:
            return oauth.oauth_error(400, "invalid_grant", "This token or code is invalid.")
        self.tokens.refreshes += form["grant_type"] == "refresh_token"
        place = {"locationId": self.location_id} if user_type == "Location" else {}
        given = {
            **self._access_answer(user_type),
            "refresh_token": self.tokens.give_once(user_type),
            "userType": user_type,
            "companyId": "cmp_1",
            "userId": "usr_1",
        }
        return Reply(200, {**given, **place})

    def give_location_token(self, request: Request) -> Reply:
        """Get Location Access Token from Agency Token: without a refresh token."""
        problems = oauth.form_problems(
            request, {"companyId", "locationId"}, ("companyId", "locationId")
        )
        if problems:
            return unprocessable(problems)
        if oauth.form_of(request) != {"companyId": "cmp_1", "locationId": self.location_id}:
            return error(400, "Location not found")
        return Reply(
            201,
            {**self._access_answer("Location"), "locationId": self.location_id, "userId": "usr_1"},
        )

    def _access_answer(self, user_type: str) -> dict:
        token = self.tokens.give_access(user_type, self.access_seconds)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.access_seconds,
            "scope": oauth.SCOPE,
        }

    def add_code(self, user_type: str = "Location") -> str:
        """A code, as the page at which a person lets an app in hands it over."""
        with self.lock:
            return self.tokens.give_once(user_type)

    def end_access(self) -> None:
        """No access token is accepted any more; refresh tokens are."""
        with self.lock:
            self.tokens.end_access()

    def _check_location(self, request: Request) -> Reply | None:
        body = body_of(request)
        named = [
            request.query.get("locationId"),
            request.query.get("location_id"),
            body.get("locationId"),
        ]
        if any(value not in (None, self.location_id) for value in named):
            return error(403, "The token does not have access to this location.")
        return None

    def _count_request(self) -> Reply | None:
        """Rate limits of docs/Authorization: 100 requests per 10 s and 200,000 per day, per location."""
        if self.rate_limit is None:
            return None
        now = time.monotonic()
        if now - self._window_start >= self.rate_window:
            self._window_start, self._window_count = now, 0
        refused = self._window_count >= self.rate_limit or self._day_count >= self.daily_limit
        if not refused:
            self._window_count += 1
            self._day_count += 1
        self._rate_headers = {
            "X-RateLimit-Limit-Daily": str(self.daily_limit),
            "X-RateLimit-Daily-Remaining": str(self.daily_limit - self._day_count),
            "X-RateLimit-Interval-Milliseconds": str(round(self.rate_window * 1000)),
            "X-RateLimit-Max": str(self.rate_limit),
            "X-RateLimit-Remaining": str(self.rate_limit - self._window_count),
        }
        if not refused:
            return None
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return Reply(429, {"statusCode": 429, "message": "Too Many Requests"}, headers)

    def finish(self, request: Request, reply: Reply) -> None:
        reply.headers = {**self._rate_headers, **reply.headers}

    def not_found(self, request: Request) -> Reply:
        return error(404, f"Cannot {request.method} {request.path}")

    # Contacts (Version 2021-07-28)

    def upsert_contact(self, request: Request) -> Reply:
        """Upsert Contact: matching follows the location's identifier order; `tags` replaces all tags."""
        body, problems = checked_body(
            request, fields.CONTACT_UPSERT, ("locationId",), fields.NULLABLE
        )
        if problems:
            return unprocessable(problems)
        force_new = body.get("createNewIfDuplicateAllowed") and self.allow_duplicates
        found = None if force_new else self._match(body)
        if found is None:
            contact = self._store_contact(body)
        else:
            contact = self._contacts[found]
            self._change_contact(contact, self._unless_taken(contact, body))
        shown = {
            **contact,
            "firstName": lower(contact["firstName"]),
            "lastName": lower(contact["lastName"]),
        }
        return Reply(200, {"new": found is None, "contact": shown, "traceId": trace_id()})

    def create_contact(self, request: Request) -> Reply:
        """Create Contact: refuses duplicates with the matching contact's id in `meta`."""
        body, problems = checked_body(
            request, fields.CONTACT_CREATE, ("locationId",), fields.NULLABLE
        )
        if problems:
            return unprocessable(problems)
        for name in self.match_order:
            other = self._find_by(name, body.get(name))
            if other and not self.allow_duplicates:
                return duplicate_error(other, name)
        return Reply(201, {"contact": self._store_contact(body), "traceId": trace_id()})

    def get_contact(self, request: Request) -> Reply:
        """Get Contact."""
        contact = self._contacts.get(request.params["id"])
        return (
            Reply(200, {"contact": contact, "traceId": trace_id()})
            if contact
            else no_contact(request.params["id"])
        )

    def update_contact(self, request: Request) -> Reply:
        """Update Contact: no locationId in the body; the answer spells "succeded"."""
        contact = self._contacts.get(request.params["id"])
        if contact is None:
            return no_contact(request.params["id"])
        body, problems = checked_body(
            request, fields.CONTACT_UPDATE, nullable=fields.NULLABLE_IN_UPDATE
        )
        if problems:
            return unprocessable(problems)
        other = self._find_by("email", body.get("email"))
        if other and other is not contact and not self.allow_duplicates:
            return duplicate_error(other, "email")
        self._change_contact(contact, body)
        return Reply(200, {"succeded": True, "contact": contact, "traceId": trace_id()})

    def find_duplicate(self, request: Request) -> Reply:
        """Get Duplicate Contact: exact match on email or number; `contact` is null when there is none."""
        problems = query_problems(request, fields.DUPLICATE_QUERY)
        if problems:
            return unprocessable(problems)
        query = request.query
        found = self._find_by("email", query.get("email")) or self._find_by(
            "phone", query.get("number")
        )
        return Reply(200, {"contact": found, "traceId": trace_id()})

    def search_contacts(self, request: Request) -> Reply:
        """Search Contacts (Advanced): by page up to 10,000, or by searchAfter; its dndSettings cannot be relied on."""
        body, problems = checked_body(
            request, fields.CONTACT_SEARCH, required=("locationId", "pageLimit")
        )
        problems += search_problems(body)
        if problems:
            return unprocessable(problems)
        try:
            rows = [c for c in self._searchable() if matches_search(c, body)]
        except ValueError as problem:
            return error(400, str(problem))
        sort = (body.get("sort") or [{"field": "dateAdded", "direction": "desc"}])[0]
        rows = [
            ({**c, "dndSettings": {}, "searchAfter": [sort_value(c, sort["field"]), c["id"]]})
            for c in rows
        ]
        descending, total, limit = sort.get("direction") != "asc", len(rows), body["pageLimit"]
        rows.sort(key=lambda row: row["searchAfter"], reverse=descending)
        if after := body.get("searchAfter"):
            rows = [
                r
                for r in rows
                if (r["searchAfter"] < after if descending else r["searchAfter"] > after)
            ]
        start = (body.get("page", 1) - 1) * limit
        return Reply(
            200, {"contacts": rows[start : start + limit], "total": total, "traceId": trace_id()}
        )

    def add_tags(self, request: Request) -> Reply:
        """Add Tags: additive; tags are kept in lower case."""
        return self._edit_tags(
            request, 201, lambda old, given: old + [tag for tag in given if tag not in old]
        )

    def remove_tags(self, request: Request) -> Reply:
        """Remove Tags: subtractive."""
        return self._edit_tags(
            request, 200, lambda old, given: [tag for tag in old if tag not in given]
        )

    def _edit_tags(self, request: Request, status: int, edit) -> Reply:
        contact = self._contacts.get(request.params["id"])
        if contact is None:
            return no_contact(request.params["id"])
        body, problems = checked_body(request, fields.CONTACT_TAGS, required=("tags",))
        if problems:
            return unprocessable(problems)
        contact["tags"] = edit(
            contact["tags"], list(dict.fromkeys(str(tag).lower() for tag in body["tags"]))
        )
        contact["dateUpdated"] = iso()
        return Reply(status, {"tags": contact["tags"], "traceId": trace_id()})

    def start_workflow(self, request: Request) -> Reply:
        """Add Contact to Workflow."""
        return self._workflow_change(
            request, lambda members, contact_id: members.append(contact_id)
        )

    def leave_workflow(self, request: Request) -> Reply:
        """Delete Contact from Workflow."""
        return self._workflow_change(
            request, lambda members, contact_id: members.remove(contact_id), leaving=True
        )

    def _workflow_change(self, request: Request, change, leaving: bool = False) -> Reply:
        contact_id, workflow_id = request.params["id"], request.params["workflow_id"]
        if contact_id not in self._contacts:
            return no_contact(contact_id)
        _, problems = checked_body(request, fields.CONTACT_WORKFLOW)
        if problems:
            return unprocessable(problems)
        if workflow_id not in self._workflows:
            return error(400, f"Workflow with id {workflow_id} not found")
        members = self._enrolled.setdefault(workflow_id, [])
        if not leaving or contact_id in members:
            change(members, contact_id)
        return Reply(200, {"succeded": True, "traceId": trace_id()})

    def contact_appointments(self, request: Request) -> Reply:
        """Get Appointments for Contact."""
        contact_id = request.params["id"]
        if contact_id not in self._contacts:
            return no_contact(contact_id)
        events = [a for a in self._appointments.values() if a["contactId"] == contact_id]
        return Reply(200, {"events": events, "traceId": trace_id()})

    def _searchable(self) -> list[dict]:
        now = time.monotonic()
        return [c for c in self._contacts.values() if self._searchable_at[c["id"]] <= now]

    def _find_by(self, name: str, value: Any) -> dict | None:
        if not value:
            return None
        wanted = comparable(name, value)
        return next(
            (c for c in self._contacts.values() if comparable(name, c[name]) == wanted), None
        )

    def _match(self, body: dict) -> str | None:
        for name in self.match_order:
            found = self._find_by(name, body.get(name))
            if found:
                return found["id"]
        return None

    def _unless_taken(self, contact: dict, body: dict) -> dict:
        """Drops the e-mail or phone which belongs to another contact: the matched contact keeps its own."""
        changes = dict(body)
        for name in ("email", "phone"):
            if name not in body or comparable(name, body[name]) == comparable(name, contact[name]):
                continue
            other = self._find_by(name, body[name])
            kept = name == "email" and contact["email"] and self.keep_matched_email
            if kept or (other and other is not contact):
                del changes[name]
        return changes

    def _store_contact(self, body: dict) -> dict:
        contact = {
            "id": self._new_id("cnt"),
            "locationId": self.location_id,
            "firstName": None,
            "lastName": None,
            "email": None,
            "emailLowerCase": None,
            "phone": None,
            "companyName": None,
            "source": None,
            "type": "lead",
            "tags": [],
            "dnd": False,
            "dndSettings": {},
            "inboundDndSettings": {},
            "customFields": [],
            "dateAdded": iso(),
            "dateUpdated": iso(),
        }
        self._contacts[contact["id"]] = contact
        self._searchable_at[contact["id"]] = time.monotonic() + self.search_lag
        self._change_contact(contact, body)
        return contact

    def _change_contact(self, contact: dict, changes: dict) -> None:
        changes = {
            k: v
            for k, v in changes.items()
            if k not in ("locationId", "createNewIfDuplicateAllowed")
        }
        if "tags" in changes:
            changes["tags"] = list(dict.fromkeys(str(tag).lower() for tag in changes["tags"] or []))
        if "customFields" in changes:
            changes["customFields"] = merged_custom_fields(
                contact["customFields"], changes["customFields"] or []
            )
        if "dndSettings" in changes:
            changes["dndSettings"] = {**contact["dndSettings"], **(changes["dndSettings"] or {})}
        contact.update(changes)
        contact["emailLowerCase"] = lower(contact["email"])
        contact["dateUpdated"] = iso()

    # Conversations (Version 2021-04-15)

    def send_message(self, request: Request) -> Reply:
        """Send a new message: e-mails only; 201 means queued, and there is no idempotency key."""
        body, problems = checked_body(request, fields.MESSAGE_SEND, required=("type", "contactId"))
        problems += message_problems(body)
        if problems:
            return unprocessable(problems)
        contact = self._contacts.get(body["contactId"])
        if contact is None:
            return no_contact(body["contactId"])
        if body["type"] != "Email":
            return error(
                400,
                "Missing phone number"
                if not contact["phone"]
                else f"No provider for {body['type']}",
            )
        refusal = self._send_refusal(contact, body.get("emailTo") or contact["email"] or "")
        if refusal:
            return error(400, refusal)
        if not any(body.get(name) for name in ("html", "message", "templateId", "attachments")):
            return error(400, "There is no message or attachments for this message. Skip sending.")
        message = self._accept_email(contact, body, request.number)
        answer = {
            "conversationId": message["conversationId"],
            "messageId": message["id"],
            "emailMessageId": message["emailMessageId"],
            "msg": "Message queued successfully.",
        }
        return Reply(201, answer)

    def _send_refusal(self, contact: dict, recipient: str) -> str | None:
        email_dnd = (contact["dndSettings"].get("Email") or {}).get("status")
        if contact["dnd"] or email_dnd in BLOCKED:
            return "Cannot send message as DND is active for Email."
        if recipient.lower() in self._unsubscribed:
            return f"Cannot send email as {recipient} has unsubscribed"
        if not EMAIL.fullmatch(recipient) or recipient.lower() in self._invalid_emails:
            return "Unable to send e-mail, contact's e-mail is invalid"
        return None

    def _accept_email(self, contact: dict, body: dict, request_number: int) -> dict:
        message = self._add_message(
            contact,
            "outbound",
            lag=self._lags.pop(0) if self._lags else self.conversation_lag,
            source="api",
            status="scheduled" if body.get("scheduledTimestamp") else self.sent_status,
            subject=body.get("subject") or "",
            body=body.get("html") or body.get("message") or "",
            sender=body.get("emailFrom") or self.default_sender,
            to=[body.get("emailTo") or contact["email"]],
            cc=body.get("emailCc") or [],
            bcc=body.get("emailBcc") or [],
            attachments=body.get("attachments") or [],
            thread_id=body.get("threadId") or self._thread_of(body.get("replyMessageId")),
            reply_to=body.get("replyMessageId"),
        )
        self._sent.append(
            {
                "contactId": contact["id"],
                "contactEmail": contact["email"],
                "to": message["to"][0],
                "from": message["from"],
                "cc": message["cc"],
                "bcc": message["bcc"],
                "subject": message["subject"],
                "html": body.get("html"),
                "message": body.get("message"),
                "conversationId": message["conversationId"],
                "messageId": message["id"],
                "emailMessageId": message["emailMessageId"],
                "threadId": message["threadId"],
                "replyMessageId": body.get("replyMessageId"),
                "scheduledTimestamp": body.get("scheduledTimestamp"),
                "cancelled": False,
                "time": time.time(),
                "requestNumber": request_number,
                "body": body,
            }
        )
        return message

    def search_conversations(self, request: Request) -> Reply:
        """Search Conversations."""
        problems = query_problems(request, fields.CONVERSATION_SEARCH_QUERY, "locationId")
        problems += enum_problems(request.query, fields.CONVERSATION_SEARCH_ENUMS)
        if problems:
            return unprocessable(problems)
        wanted = request.query.get("contactId")
        rows = [self._conversation(c) for c in self._conversations if wanted in (None, c)]
        rows = [row for row in rows if row]
        return Reply(
            200, {"conversations": rows[: int(request.query.get("limit", 20))], "total": len(rows)}
        )

    def _conversation(self, contact_id: str) -> dict | None:
        messages = self._visible(contactId=contact_id)
        if not messages:
            return None
        contact, last = self._contacts[contact_id], messages[-1]
        name = " ".join(part for part in (contact["firstName"], contact["lastName"]) if part)
        return {
            "id": last["conversationId"],
            "contactId": contact_id,
            "locationId": self.location_id,
            "lastMessageBody": last["subject"],
            "lastMessageType": "TYPE_EMAIL",
            "lastMessageDirection": last["direction"],
            "lastMessageDate": epoch_ms(last["dateAdded"]),
            "type": "TYPE_PHONE",
            "unreadCount": 0,
            "fullName": name,
            "contactName": name,
            "email": contact["email"],
            "phone": contact["phone"],
        }

    def conversation_messages(self, request: Request) -> Reply:
        """Get messages by conversation id: newest first, nested once more, without e-mail bodies."""
        problems = query_problems(request, fields.CONVERSATION_MESSAGES_QUERY)
        if problems:
            return unprocessable(problems)
        if request.params["id"] not in self._conversations.values():
            return error(400, f"Conversation with id {request.params['id']} not found")
        rows = self._rows(self._visible(conversationId=request.params["id"]))[::-1]
        last = request.query.get("lastMessageId")
        ids = [row["id"] for row in rows]
        if last in ids:
            rows = rows[ids.index(last) + 1 :]
        limit = int(request.query.get("limit", 20))
        page = rows[:limit]
        nested = {
            "lastMessageId": page[-1]["id"] if page else None,
            "nextPage": len(rows) > limit,
            "messages": page,
        }
        return Reply(200, {"messages": nested, "traceId": trace_id()})

    def _rows(self, messages: list[dict]) -> list[dict]:
        """One row for each message; or for each thread, as its first message with the ids of all its emails."""
        rows: dict[str, dict] = {}
        for message in messages:
            key = message["threadId"] if self.thread_rows else message["id"]
            row = rows.setdefault(key, message_row(message))
            if row["id"] != message["id"]:
                row["meta"]["email"]["messageIds"].append(message["emailMessageId"])
        return list(rows.values())

    def get_message(self, request: Request) -> Reply:
        """Get message by message id."""
        found = self._visible(id=request.params["id"])
        if not found:
            return error(400, f"Message with id {request.params['id']} not found")
        return Reply(200, message_row(found[0]))

    def get_email(self, request: Request) -> Reply:
        """Get email by id: the only call which shows the body and the delivery status of one e-mail."""
        found = self._visible(emailMessageId=request.params["id"])
        if not found:
            return error(400, f"Email message with id {request.params['id']} not found")
        return Reply(200, email_row(found[0]))

    def cancel_scheduled_email(self, request: Request) -> Reply:
        """Cancel a scheduled email message."""
        found = [m for m in self._messages.values() if m["emailMessageId"] == request.params["id"]]
        if not found or found[0]["status"] != "scheduled":
            return Reply(404, {"status": 404, "message": "Failed cancel the scheduled message"})
        found[0]["status"] = "failed"
        for entry in self._sent:
            if entry["emailMessageId"] == request.params["id"]:
                entry["cancelled"] = True
        return Reply(
            200, {"status": 200, "message": "Cancelled the scheduled message successfully"}
        )

    def export_messages(self, request: Request) -> Reply:
        """Export messages by location id: cursor pages; e-mails only with channel=Email, without it all but e-mails."""
        problems = query_problems(
            request, fields.MESSAGE_EXPORT_QUERY, "locationId"
        ) + export_problems(request.query)
        if problems:
            return unprocessable(problems)
        query, offset = request.query, 0
        if query.get("cursor"):
            offset = cursor_offset(query["cursor"])
            if offset is None:
                return error(400, "Invalid cursor")
        messages = self._exported(query)
        limit = int(query.get("limit", 100))
        page, following = messages[offset : offset + limit], offset + limit
        next_cursor = cursor(following) if following < len(messages) else None
        rows = [message_row(message) for message in page]
        return Reply(
            200,
            {
                "messages": rows,
                "nextCursor": next_cursor,
                "total": len(messages),
                "traceId": trace_id(),
            },
        )

    def _exported(self, query: dict[str, str]) -> list[dict]:
        wanted = {name: query[name] for name in ("conversationId", "contactId") if query.get(name)}
        kind = CHANNEL_KINDS.get(query.get("channel", ""))
        messages = [m for m in self._visible(**wanted) if kind in (None, m["messageType"])]
        if kind is None:
            messages = [m for m in messages if m["messageType"] != "TYPE_EMAIL"]
        field = "dateUpdated" if query.get("sortBy") == "updatedAt" else "dateAdded"
        start, end = query.get("startDate"), query.get("endDate")
        if start:
            messages = [m for m in messages if epoch_ms(m[field]) >= epoch_ms(start)]
        if end:
            messages = [m for m in messages if epoch_ms(m[field]) <= epoch_ms(end)]
        return sorted(
            messages,
            key=lambda m: (m[field], m["id"]),
            reverse=query.get("sortOrder", "desc") == "desc",
        )

    def _visible(self, **wanted: str) -> list[dict]:
        """Messages already shown by the conversation endpoints, oldest first."""
        now = time.monotonic()
        return [
            message
            for message in self._messages.values()
            if self._visible_at[message["id"]] <= now
            and all(message[k] == v for k, v in wanted.items())
        ]

    def _thread_of(self, message_id: str | None) -> str | None:
        message = self._messages.get(message_id or "")
        return message["threadId"] if message else None

    def _add_message(
        self,
        contact: dict,
        direction: str,
        *,
        subject: str,
        body: str,
        sender: str,
        to: list[str],
        source: str,
        status: str,
        cc: Iterable[str] = (),
        bcc: Iterable[str] = (),
        attachments: Iterable[str] = (),
        thread_id: str | None = None,
        reply_to: str | None = None,
        date_added: str | None = None,
        lag: float = 0.0,
        kind: str = "TYPE_EMAIL",
    ) -> dict:
        conversation_id = self._conversations.setdefault(contact["id"], self._new_id("cnv"))
        message_id = self._new_id("msg")
        message = {
            "id": message_id,
            "emailMessageId": self._new_id("eml"),
            "threadId": thread_id or message_id,
            "conversationId": conversation_id,
            "contactId": contact["id"],
            "locationId": self.location_id,
            "direction": direction,
            "status": status,
            "source": source,
            "subject": subject,
            "body": body,
            "from": sender,
            "to": to,
            "cc": list(cc),
            "bcc": list(bcc),
            "attachments": list(attachments),
            "replyToMessageId": reply_to,
            "messageType": kind,
            "dateAdded": date_added or iso(),
            "dateUpdated": iso(),
        }
        self._messages[message_id] = message
        self._visible_at[message_id] = time.monotonic() + lag
        return message

    # Opportunities (Version 2021-07-28)

    def search_opportunities(self, request: Request) -> Reply:
        """Search Opportunity: by page, or by startAfter and startAfterId of the previous answer's meta."""
        query, problems = self._opportunity_query(request)
        if problems:
            return unprocessable(problems)
        rows = [o for o in self._opportunities.values() if opportunity_matches(o, query)]
        rows.sort(key=lambda o: (epoch_ms(o["createdAt"]), o["id"]), reverse=True)
        total, limit, page = len(rows), int(query.get("limit", 20)), int(query.get("page", 1))
        if query.get("startAfterId"):
            after = (int(query.get("startAfter", 0)), query["startAfterId"])
            rows = [o for o in rows if (epoch_ms(o["createdAt"]), o["id"]) < after]
        else:
            rows = rows[(page - 1) * limit :]
        return Reply(200, self._opportunity_page(rows, total, limit, page))

    def _opportunity_page(self, rows: list[dict], total: int, limit: int, page: int) -> dict:
        shown = [{**o, "contact": self._contact_brief(o["contactId"])} for o in rows[:limit]]
        more = len(rows) > limit
        meta = {
            "total": total,
            "currentPage": page,
            "nextPage": page + 1 if more else None,
            "prevPage": page - 1 if page > 1 else None,
            "startAfter": epoch_ms(shown[-1]["createdAt"]) if shown else None,
            "startAfterId": shown[-1]["id"] if shown else None,
            "nextPageUrl": f"{self.url}/opportunities/search?page={page + 1}&limit={limit}"
            if more
            else None,
        }
        return {"opportunities": shown, "meta": meta, "aggregations": {}, "traceId": trace_id()}

    def _opportunity_query(self, request: Request) -> tuple[dict[str, str], list[str]]:
        """The query with camelCase names, and what is wrong with it."""
        names = fields.OPPORTUNITY_QUERY_NAMES
        accepted = {
            new if self.opportunity_params == "camel" else old: new for new, old in names.items()
        }
        location = "locationId" if self.opportunity_params == "camel" else "location_id"
        problems = query_problems(request, fields.OPPORTUNITY_QUERY | accepted.keys(), location)
        query = {accepted.get(name, name): value for name, value in request.query.items()}
        for name in ("page", "startAfter"):
            if query.get(name) and not query[name].isdigit():
                problems.append(f"{name} must be a number conforming to the specified constraints")
        if query.get("limit", "").isdigit() and not 1 <= int(query["limit"]) <= 100:
            problems.append("limit must not be greater than 100")
        if query.get("status") and query["status"] not in fields.OPPORTUNITY_STATUSES:
            problems.append(
                f"status must be one of the following values: {', '.join(fields.OPPORTUNITY_STATUSES)}"
            )
        for name in ("date", "endDate"):
            if query.get(name) and not re.fullmatch(r"\d\d-\d\d-\d{4}", query[name]):
                problems.append(f"{name} must be in mm-dd-yyyy format")
        return query, problems

    def _contact_brief(self, contact_id: str) -> dict:
        contact = self._contacts.get(contact_id, {})
        name = " ".join(contact.get(part) or "" for part in ("firstName", "lastName")).strip()
        brief = {key: contact.get(key) for key in ("companyName", "email", "phone", "tags")}
        return {"id": contact_id, "name": name, **brief}

    def list_pipelines(self, request: Request) -> Reply:
        """Get Pipelines."""
        problems = query_problems(request, fields.LOCATION_QUERY, "locationId")
        return unprocessable(problems) if problems else Reply(200, {"pipelines": self._pipelines})

    # Calendars (Version 2021-04-15) and workflows (Version 2021-07-28)

    def calendar_events(self, request: Request) -> Reply:
        """Get Calendar Events: epoch milliseconds, and one of calendarId, userId, groupId."""
        query = request.query
        problems = query_problems(
            request, fields.CALENDAR_EVENTS_QUERY, "locationId", "startTime", "endTime"
        )
        for name in ("startTime", "endTime"):
            if not re.fullmatch(r"\d{12,14}", query.get(name, "")):
                problems.append(f"{name} must be a number string in milliseconds")
        if problems:
            return unprocessable(problems)
        keys = {"calendarId": "calendarId", "userId": "assignedUserId", "groupId": "groupId"}
        wanted = {keys[name]: query[name] for name in keys if query.get(name)}
        if not wanted:
            return error(400, "Either of userId, calendarId or groupId is required")
        events = [
            event
            for event in self._appointments.values()
            if int(query["startTime"]) <= epoch_ms(event["startTime"]) <= int(query["endTime"])
            and all(event[key] == value for key, value in wanted.items())
        ]
        return Reply(200, {"events": events, "traceId": trace_id()})

    def list_workflows(self, request: Request) -> Reply:
        """Get Workflow."""
        problems = query_problems(request, fields.LOCATION_QUERY, "locationId")
        return (
            unprocessable(problems)
            if problems
            else Reply(200, {"workflows": list(self._workflows.values())})
        )

    # Helpers for tests: the location's data

    def add_contact(self, email: str | None = None, phone: str | None = None, **more: Any) -> dict:
        """A contact already in the location; any contact field, also id, dnd, dndSettings, tags, dateAdded."""
        with self.lock:
            contact = self._store_contact({"email": email, "phone": phone})
            if "id" in more:
                self._contacts[more["id"]] = self._contacts.pop(contact["id"])
                self._searchable_at[more["id"]] = self._searchable_at.pop(contact["id"])
            self._change_contact(contact, more)
            return dict(contact)

    def contact(self, contact: str | dict) -> dict:
        """The contact as it is now."""
        with self.lock:
            return dict(self._contacts[id_of(contact)])

    def set_dnd(self, contact: str | dict, channel: str = "Email", status: str = "active") -> dict:
        """Do not disturb on one channel, or on "all"; returns the ContactDndUpdate webhook body."""
        with self.lock:
            stored = self._contacts[id_of(contact)]
            update = self.contact_dnd_update(stored, channel, status)
            stored["dnd"], stored["dndSettings"] = update["dnd"], update["dndSettings"]
            return update

    def unsubscribe(self, email: str) -> None:
        """Sends to this address are refused as unsubscribed."""
        with self.lock:
            self._unsubscribed.add(email.lower())

    def invalid_email(self, email: str) -> None:
        """Sends to this address are refused as invalid."""
        with self.lock:
            self._invalid_emails.add(email.lower())

    def receive_reply(
        self,
        contact_id: str | dict,
        subject: str | None = None,
        body: str = "<div>Sounds useful, tell me more.</div>",
        *,
        sender: str | None = None,
        thread_id: str | None = None,
        **webhook_fields: Any,
    ) -> dict:
        """An e-mail from the contact, in the thread of the last one sent; returns the InboundMessage webhook body."""
        with self.lock:
            contact = self._contacts[id_of(contact_id)]
            sent = [m for m in self._messages.values() if m["contactId"] == contact["id"]]
            last = sent[-1] if sent else None
            name = " ".join(contact[part] or "" for part in ("firstName", "lastName")).strip()
            message = self._add_message(
                contact,
                "inbound",
                subject=subject or ("Re: " + last["subject"] if last else "Hello"),
                body=body,
                sender=sender or (f"{name} <{contact['email']}>" if name else contact["email"]),
                to=[last["from"] if last else self.default_sender],
                source="app",
                status="delivered",
                thread_id=thread_id or (last["threadId"] if last else None),
            )
            return webhooks.inbound_message(
                self.location_id, **{**webhook_message(message), **webhook_fields}
            )

    def receive_message(
        self, contact_id: str | dict, body: str = "Call me", kind: str = "TYPE_SMS"
    ) -> dict:
        """A message from the contact on another channel than e-mail; returns the InboundMessage webhook body."""
        with self.lock:
            contact = self._contacts[id_of(contact_id)]
            message = self._add_message(
                contact,
                "inbound",
                subject="",
                body=body,
                sender=contact["phone"] or "",
                to=[],
                source="app",
                status="delivered",
                kind=kind,
            )
            shown = webhook_message(message)
            word = {"TYPE_SMS": "SMS", "TYPE_CALL": "CALL", "TYPE_WHATSAPP": "WhatsApp"}.get(
                kind, kind
            )
            more = {
                "messageType": word,
                "messageTypeString": kind,
                "messageTypeId": 2,
                "emailMessageId": None,
            }
            return webhooks.inbound_message(self.location_id, **{**shown, **more})

    def add_outbound(
        self,
        contact_id: str | dict,
        subject: str = "Following up by hand",
        body: str = "<p>Hello</p>",
        *,
        source: str = "app",
        sender: str | None = None,
        to: str | None = None,
        date_added: str | None = None,
        **webhook_fields: Any,
    ) -> dict:
        """An e-mail sent by somebody else (not in sent_emails()); returns the OutboundMessage webhook body."""
        with self.lock:
            contact = self._contacts[id_of(contact_id)]
            message = self._add_message(
                contact,
                "outbound",
                subject=subject,
                body=body,
                sender=sender or self.default_sender,
                to=[to or contact["email"]],
                source=source,
                status="sent",
                date_added=date_added,
            )
            values = {**webhook_message(message), "source": source, **webhook_fields}
            return webhooks.outbound_message(self.location_id, **values)

    def email_event(
        self, event: str, email_message_id: str | None = None, **stats_fields: Any
    ) -> dict:
        """delivered, opened, clicked, failed, complained or unsubscribed for an e-mail sent (the last by default).

        Changes the status which GET /conversations/messages/email/{id} shows; returns the LCEmailStats webhook body.
        """
        with self.lock:
            sent = [m for m in self._messages.values() if m["direction"] == "outbound"]
            message = next(
                m for m in reversed(sent) if email_message_id in (None, m["emailMessageId"])
            )
            permanent = stats_fields.get("severity", "permanent") == "permanent"
            if event in ("delivered", "opened") or (event == "failed" and permanent):
                message["status"] = event
                message["dateUpdated"] = iso()
            if event == "unsubscribed":
                self._unsubscribed.add(message["to"][0].lower())
            known = {"subject": message["subject"], "sender": message["from"], **stats_fields}
            return webhooks.email_stats(
                event, message["emailMessageId"], message["to"][0], self.location_id, **known
            )

    def set_email_status(self, email_message_id: str, status: str) -> None:
        """The status shown by GET /conversations/messages/email/{id}."""
        with self.lock:
            message = next(
                m for m in self._messages.values() if m["emailMessageId"] == email_message_id
            )
            message["status"] = status

    def lose_from_conversation(self, seconds: float, times: int | None = None) -> None:
        """Messages accepted from now on (the next `times`, or all) appear in the conversation only after a while."""
        with self.lock:
            if times is None:
                self.conversation_lag = seconds
            else:
                self._lags.extend([seconds] * times)

    def add_opportunity(self, contact_id: str | dict = "", **more: Any) -> dict:
        with self.lock:
            opportunity = {
                "id": self._new_id("opp"),
                "name": "Pilot",
                "monetaryValue": 18000,
                "pipelineId": "pl_1",
                "pipelineStageId": "st_1",
                "assignedTo": "usr_1",
                "status": "open",
                "source": "RB2B",
                "createdAt": iso(),
                "updatedAt": iso(),
                "lastStatusChangeAt": iso(),
                "lastStageChangeAt": iso(),
                "contactId": id_of(contact_id),
                "locationId": self.location_id,
                **more,
            }
            self._opportunities[opportunity["id"]] = opportunity
            return dict(opportunity)

    def add_appointment(self, contact_id: str | dict, **more: Any) -> dict:
        """Times are ISO 8601; dateAdded is when it was booked, startTime when it takes place."""
        with self.lock:
            start = epoch_ms(more.get("startTime") or iso(time.time() + 86400)) / 1000
            appointment = {
                "id": self._new_id("apt"),
                "title": "Intro call",
                "calendarId": "cal_1",
                "locationId": self.location_id,
                "contactId": id_of(contact_id),
                "groupId": "grp_1",
                "appointmentStatus": "confirmed",
                "assignedUserId": "usr_1",
                "users": ["usr_1"],
                "notes": "",
                "address": "https://meet.test/x",
                "startTime": iso(start),
                "endTime": iso(start + 1800),
                "dateAdded": iso(),
                "dateUpdated": iso(),
                **more,
            }
            self._appointments[appointment["id"]] = appointment
            return dict(appointment)

    def change_appointment(self, appointment: str | dict, **changes: Any) -> dict:
        """Returns the AppointmentUpdate webhook body."""
        with self.lock:
            stored = self._appointments[id_of(appointment)]
            stored.update({"dateUpdated": iso(), **changes})
            return webhooks.appointment_create(
                dict(stored), self.location_id, kind="AppointmentUpdate"
            )

    def delete_appointment(self, appointment: str | dict) -> dict:
        """Returns the AppointmentDelete webhook body."""
        with self.lock:
            stored = self._appointments.pop(id_of(appointment))
            return webhooks.appointment_create(stored, self.location_id, kind="AppointmentDelete")

    def change_opportunity(
        self, opportunity: str | dict, kind: str = "OpportunityUpdate", **changes: Any
    ) -> dict:
        """Returns a webhook body of this kind."""
        with self.lock:
            stored = self._opportunities[id_of(opportunity)]
            stored.update({"updatedAt": iso(), **changes})
            return webhooks.opportunity_update(dict(stored), self.location_id, kind=kind)

    def delete_opportunity(self, opportunity: str | dict) -> dict:
        """Returns the OpportunityDelete webhook body."""
        with self.lock:
            stored = self._opportunities.pop(id_of(opportunity))
            return webhooks.opportunity_update(stored, self.location_id, kind="OpportunityDelete")

    def add_workflow(
        self, name: str = "Nurture", id: str | None = None, status: str = "published"
    ) -> dict:
        with self.lock:
            workflow = {
                "id": id or self._new_id("wfl"),
                "name": name,
                "status": status,
                "version": 1,
                "createdAt": iso(),
                "updatedAt": iso(),
                "locationId": self.location_id,
            }
            self._workflows[workflow["id"]] = workflow
            return dict(workflow)

    def add_pipeline(
        self, name: str, stages: Iterable[str] = ("New",), id: str | None = None
    ) -> dict:
        with self.lock:
            steps = [
                {"id": self._new_id("st"), "name": stage, "position": n}
                for n, stage in enumerate(stages)
            ]
            pipeline = {
                **DEFAULT_PIPELINE,
                "id": id or self._new_id("pl"),
                "name": name,
                "stages": steps,
            }
            self._pipelines.append({**pipeline, "locationId": self.location_id})
            return pipeline

    def workflow_contacts(self, workflow_id: str) -> list[str]:
        """Contact ids in the workflow, once per time they were added."""
        with self.lock:
            return list(self._enrolled.get(workflow_id, []))

    def sent_emails(self, to: str | None = None) -> list[dict]:
        """Every e-mail accepted for sending, in order: the ledger for at-most-once tests."""
        with self.lock:
            return [
                dict(entry)
                for entry in self._sent
                if to is None or entry["to"].lower() == to.lower()
            ]

    # Helpers for tests: webhooks

    @property
    def public_key_b64(self) -> str:
        return self._signer.public_key_b64

    def sign(self, raw: bytes | str) -> str:
        """The X-GHL-Signature of a raw body."""
        return self._signer.sign(raw)

    def signed(self, payload: Any) -> tuple[bytes, dict[str, str]]:
        """(raw body, headers) of a signed delivery."""
        return self._signer.signed(payload)

    def deliver(self, url: str, payload: Any) -> dict:
        """POSTs a signed webhook to this machine; returns {"status", "response"}."""
        status, response = post(url, *self.signed(payload))
        return {"status": status, "response": response}

    def inbound_message(self, **more: Any) -> dict:
        return webhooks.inbound_message(self.location_id, **more)

    def outbound_message(self, **more: Any) -> dict:
        return webhooks.outbound_message(self.location_id, **more)

    def email_stats(
        self, event: str, email_message_id: str = "eml_1", recipient: str = "x@y.test", **more: Any
    ) -> dict:
        return webhooks.email_stats(event, email_message_id, recipient, self.location_id, **more)

    def contact_dnd_update(
        self, contact: dict | None = None, channel: str = "Email", status: str = "active"
    ) -> dict:
        return webhooks.contact_dnd_update(contact, channel, status, self.location_id)

    def appointment_create(self, appointment: dict | None = None, **more: Any) -> dict:
        return webhooks.appointment_create(appointment, self.location_id, **more)

    def opportunity_update(self, opportunity: dict | None = None, **more: Any) -> dict:
        return webhooks.opportunity_update(opportunity, self.location_id, **more)

    def _new_id(self, kind: str) -> str:
        self._counts[kind] += 1
        return f"{kind}_{self._prefix}{self._counts[kind]:06d}"


# Error bodies (HighLevel API v2: BadRequestDTO, UnauthorizedDTO, UnprocessableDTO)

ERROR_NAMES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


def error(status: int, message: str, **more: Any) -> Reply:
    body = {
        "statusCode": status,
        "message": message,
        "error": ERROR_NAMES[status],
        **more,
        "traceId": trace_id(),
    }
    return Reply(status, body)


def unprocessable(problems: list[str]) -> Reply:
    body = {
        "statusCode": 422,
        "message": problems,
        "error": "Unprocessable Entity",
        "traceId": trace_id(),
    }
    return Reply(422, body)


def no_contact(contact_id: str) -> Reply:
    return error(400, f"Contact with id {contact_id} not found")


def duplicate_error(contact: dict, field: str) -> Reply:
    name = " ".join(lower(contact[part]) or "" for part in ("firstName", "lastName")).strip()
    meta = {"contactId": contact["id"], "contactName": name, "matchingField": field}
    message = "This location does not allow duplicated contacts."
    return Reply(400, {"statusCode": 400, "message": message, "meta": meta, "traceId": trace_id()})


def trace_id() -> str:
    return secrets.token_hex(8)


# Validation


def body_of(request: Request) -> dict:
    is_json = "json" in request.headers.get("content-type", "")
    return request.json if is_json and isinstance(request.json, dict) else {}


def checked_body(
    request: Request,
    allowed: dict[str, str],
    required: tuple[str, ...] = (),
    nullable: Iterable[str] = (),
) -> tuple[dict, list[str]]:
    """The body and the list of what a 422 would say about it."""
    if request.json is not None and not isinstance(request.json, dict):
        return {}, ["the body must be an object"]
    body = body_of(request)
    problems = [f"property {name} should not exist" for name in body if name not in allowed]
    problems += [f"{name} should not be empty" for name in required if body.get(name) in (None, "")]
    for name, value in body.items():
        kind = allowed.get(name, "any")
        if not (value is None and name in nullable) and not is_kind(value, kind):
            problems.append(f"{name} {KIND_MESSAGES[kind]}")
    return body, problems + element_problems(body) + dnd_problems(body)


def is_kind(value: Any, kind: str) -> bool:
    if kind == "any":
        return True
    if kind == "number" and isinstance(value, bool):
        return False
    return isinstance(value, JSON_KINDS[kind]) and (
        kind != "email" or EMAIL.fullmatch(value) is not None
    )


def element_problems(body: dict) -> list[str]:
    problems = []
    for name, kind in fields.ELEMENTS.items():
        values = body.get(name)
        if isinstance(values, list) and not all(is_kind(value, kind) for value in values):
            problems.append(f"each value in {name} {KIND_MESSAGES[kind]}")
    custom = body.get("customFields")
    if isinstance(custom, list) and not all(
        isinstance(one, dict) and one.get("id") for one in custom
    ):
        problems.append("customFields.id should not be empty")
    return problems


def dnd_problems(body: dict) -> list[str]:
    settings = body.get("dndSettings")
    if not isinstance(settings, dict):
        return []
    problems = [
        f"dndSettings.property {name} should not exist"
        for name in settings
        if name not in fields.DND_CHANNELS
    ]
    for name, value in settings.items():
        if not isinstance(value, dict) or value.get("status") not in fields.DND_STATUSES:
            problems.append(f"dndSettings.{name}.status must be a valid enum value")
            continue
        problems += [
            f"dndSettings.{name}.property {x} should not exist"
            for x in value
            if x not in fields.DND_FIELDS
        ]
        problems += [
            f"dndSettings.{name}.{x} must be a string"
            for x in value
            if not isinstance(value[x], str)
        ]
    return problems


def enum_problems(given: dict, enums: dict[str, tuple[str, ...]]) -> list[str]:
    return [
        f"{name} must be one of the following values: {', '.join(allowed)}"
        for name, allowed in enums.items()
        if given.get(name) is not None and given[name] not in allowed
    ]


def query_problems(request: Request, allowed: Iterable[str], *required: str) -> list[str]:
    problems = [
        f"property {name} should not exist" for name in request.query if name not in allowed
    ]
    if not request.query.get("limit", "1").isdigit():
        problems.append("limit must be a number conforming to the specified constraints")
    return problems + [
        f"{name} should not be empty" for name in required if not request.query.get(name)
    ]


def message_problems(body: dict) -> list[str]:
    problems = enum_problems(body, fields.MESSAGE_ENUMS)
    scheduled = body.get("scheduledTimestamp")
    if is_kind(scheduled, "number") and scheduled > 10**11:
        problems.append("scheduledTimestamp must be a UTC timestamp in seconds")
    return problems


def export_problems(query: dict[str, str]) -> list[str]:
    problems = []
    limit = query.get("limit", "100")
    if not limit.isdigit() or not 10 <= int(limit) <= 500:
        problems.append("limit must not be less than 10 and not be greater than 500")
    choices = {
        "channel": fields.EXPORT_CHANNELS,
        "sortBy": fields.EXPORT_SORTS,
        "sortOrder": ("asc", "desc"),
    }
    for name, allowed in choices.items():
        if query.get(name) and query[name] not in allowed:
            problems.append(f"{name} must be one of the following values: {', '.join(allowed)}")
    for name in ("startDate", "endDate"):
        if query.get(name) and not is_date(query[name]):
            problems.append(f"{name} must be a valid ISO 8601 date string")
    return problems


# Values


def id_of(thing: str | dict) -> str:
    return thing["id"] if isinstance(thing, dict) else thing


def lower(text: str | None) -> str | None:
    return text.lower() if text else text


def comparable(name: str, value: str | None) -> str | None:
    if not value:
        return None
    return re.sub(r"\D", "", value) if name == "phone" else value.strip().lower()


def epoch_ms(text: str) -> int:
    """Milliseconds of an ISO 8601 date or of a text of epoch milliseconds."""
    if text.isdigit():
        return int(text)
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def is_date(text: str) -> bool:
    try:
        epoch_ms(text)
    except ValueError:
        return False
    return True


def search_problems(body: dict) -> list[str]:
    """What Search Contacts refuses beyond the kinds of its fields; a position holds for the order it was given in."""
    limit, page, after, sort = (
        body.get(name) for name in ("pageLimit", "page", "searchAfter", "sort")
    )
    problems = []
    if is_kind(limit, "number") and not 1 <= limit <= 100:
        problems.append(
            "pageLimit must not be greater than 100"
            if limit > 100
            else "pageLimit must be positive"
        )
    if page is not None and after is not None:
        problems.append("page should not exist beside searchAfter")
    if (
        is_kind(page, "number")
        and is_kind(limit, "number")
        and not 1 <= page <= 10_000 / max(limit, 1)
    ):
        problems.append("page must be within the first 10000 contacts; use searchAfter")
    for item in sort if isinstance(sort, list) else []:
        if not isinstance(item, dict) or item.get("field") not in fields.CONTACT_SORT_FIELDS:
            problems.append(
                f"sort.field must be one of the following values: {', '.join(fields.CONTACT_SORT_FIELDS)}"
            )
        elif item.get("direction") not in ("asc", "desc"):
            problems.append("sort.direction must be one of the following values: asc, desc")
    if isinstance(after, list) and not problems:
        field = (sort or [{"field": "dateAdded"}])[0]["field"]
        kind = int if field in ("dateAdded", "dateUpdated") else str
        if len(after) != 2 or not isinstance(after[0], kind) or not isinstance(after[1], str):
            problems.append("searchAfter must be the value of a contact found in the same order")
    if len(body.get("query") or "") > 75:
        problems.append("query must be shorter than or equal to 75 characters")
    return problems


def merged_custom_fields(old: list[dict], new: list[dict]) -> list[dict]:
    """Sent as {id, key, field_value} (v3: fieldValue), kept and shown as {id, value}."""
    values = {item["id"]: item.get("value") for item in old}
    for item in new:
        value = item.get("field_value", item.get("fieldValue", item.get("value")))
        values[item.get("id") or item.get("key")] = value
    return [{"id": name, "value": value} for name, value in values.items()]


def sort_value(contact: dict, field: str) -> int | str:
    return (
        epoch_ms(contact[field])
        if field in ("dateAdded", "dateUpdated")
        else str(contact.get(field) or "")
    )


def message_row(message: dict) -> dict:
    """GetMessageResponseDto; for an e-mail without its body, and with the e-mail's own id under meta."""
    kept = (
        "id",
        "direction",
        "status",
        "source",
        "locationId",
        "contactId",
        "conversationId",
        "dateAdded",
    )
    row = {
        **{name: message[name] for name in kept},
        "messageType": message["messageType"],
        "attachments": [],
    }
    if message["messageType"] != "TYPE_EMAIL":
        return {**row, "type": 2, "contentType": "text/plain", "body": message["body"]}
    return {
        **row,
        "type": 3,
        "contentType": "text/html",
        "attachments": message["attachments"],
        "meta": {"email": {"messageIds": [message["emailMessageId"]]}},
    }


def email_row(message: dict) -> dict:
    """GetEmailMessageResponseDto."""
    left_out = ("id", "emailMessageId", "dateUpdated", "messageType")
    return {
        "id": message["emailMessageId"],
        **{name: value for name, value in message.items() if name not in left_out},
        "contentType": "text/html",
        "provider": "Leadconnector",
        "altId": message["emailMessageId"] + "@mail.oursite.test",
    }


def webhook_message(message: dict) -> dict:
    shown = (
        "conversationId",
        "contactId",
        "emailMessageId",
        "threadId",
        "subject",
        "body",
        "to",
        "cc",
        "bcc",
        "status",
    )
    return {
        **{name: message[name] for name in shown},
        "messageId": message["id"],
        "sender": message["from"],
        "dateAdded": message["dateAdded"],
    }


def cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([offset, time.time()]).encode()).decode()


def cursor_offset(text: str) -> int | None:
    """The offset in a cursor; None when it is broken or older than its two minutes."""
    try:
        offset, made = json.loads(base64.urlsafe_b64decode(text))
    except (ValueError, TypeError):
        return None
    return offset if time.time() - made < CURSOR_LIFE else None


# Searches


def opportunity_matches(opportunity: dict, query: dict[str, str]) -> bool:
    for name in ("pipelineId", "pipelineStageId", "contactId", "assignedTo", "id"):
        if query.get(name) and opportunity[name] != query[name]:
            return False
    if query.get("status", "all") not in ("all", "", opportunity["status"]):
        return False
    if query.get("q") and query["q"].lower() not in opportunity["name"].lower():
        return False
    created = epoch_ms(opportunity["createdAt"])
    if query.get("date") and created < us_date_ms(query["date"]):
        return False
    return not (query.get("endDate") and created >= us_date_ms(query["endDate"]) + 86_400_000)


def us_date_ms(text: str) -> int:
    return round(datetime.strptime(text, "%m-%d-%Y").replace(tzinfo=UTC).timestamp() * 1000)


def matches_search(contact: dict, body: dict) -> bool:
    query = (body.get("query") or "").lower()
    if query and not any(
        query in str(contact.get(n) or "").lower()
        for n in ("email", "phone", "firstName", "lastName")
    ):
        return False
    return all(matches_filter(contact, item) for item in body.get("filters") or [])


def matches_filter(contact: dict, item: dict) -> bool:
    """One filter of Search Contacts (Advanced): {field, operator, value}."""
    name, operator, wanted = item.get("field", ""), item.get("operator"), item.get("value")
    actual = filter_value(contact, name)
    if operator == "eq":
        return folded(actual) == folded(wanted)
    if operator == "not_eq":
        return folded(actual) != folded(wanted)
    if operator in ("contains", "not_contains"):
        return contains(actual, wanted) == (operator == "contains")
    if operator in ("exists", "not_exists"):
        return bool(actual) == (operator == "exists")
    if operator == "range":
        moment = epoch_ms(actual)
        return (
            epoch_ms(wanted.get("gte", "0"))
            <= moment
            <= epoch_ms(wanted.get("lte", "99999999999999"))
        )
    raise ValueError(f"Invalid operator {operator} for field {name}")


def filter_value(contact: dict, name: str) -> Any:
    if name.startswith("customFields."):
        wanted = name.partition(".")[2]
        return next(
            (item["value"] for item in contact["customFields"] if item["id"] == wanted), None
        )
    if name not in contact and name not in fields.CONTACT_UPSERT:
        raise ValueError(f"Invalid field {name}")
    return contact.get(name)


def folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def contains(actual: Any, wanted: Any) -> bool:
    wanted = [folded(value) for value in (wanted if isinstance(wanted, list) else [wanted])]
    if isinstance(actual, list):
        return all(value in [folded(item) for item in actual] for value in wanted)
    return any(str(value) in str(folded(actual) or "") for value in wanted)


if __name__ == "__main__":
    serve_forever(FakeGhl, __doc__, token=str, location_id=str, rate_limit=optional(int))
