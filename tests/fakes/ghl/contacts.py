"""Contacts, with their tags (Version 2021-07-28)."""

from __future__ import annotations

import time
from typing import Any

from tests.fakes.clock import iso
from tests.fakes.exchange import Reply, Request

from . import fields
from .contact_search import matches_search, search_problems, sort_value
from .errors import (
    checked_body,
    duplicate_error,
    error,
    no_contact,
    query_problems,
    trace_id,
    unprocessable,
)
from .location import Location
from .values import comparable, id_of, lower


class ContactsApi(Location):
    def upsert_contact(self, request: Request) -> Reply:
        """Upsert Contact: matching follows the location's identifier order; `tags` replaces all
        tags.
        """
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
        """Get Duplicate Contact: exact match on email or number; `contact` is null when there is
        none.
        """
        problems = query_problems(request, fields.DUPLICATE_QUERY)
        if problems:
            return unprocessable(problems)
        query = request.query
        found = self._find_by("email", query.get("email")) or self._find_by(
            "phone", query.get("number")
        )
        return Reply(200, {"contact": found, "traceId": trace_id()})

    def search_contacts(self, request: Request) -> Reply:
        """Search Contacts (Advanced): by page up to 10,000, or by searchAfter; its dndSettings
        cannot be relied on.
        """
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

    def _searchable(self) -> list[dict]:
        now = time.monotonic()
        return [c for c in self._contacts.values() if self._searchable_at[c["id"]] <= now]

    def _find_by(self, name: str, value: Any) -> dict | None:
        if not value:
            return None
        wanted = comparable(name, value)
        rows = self._contacts.values()
        own = next((c for c in rows if comparable(name, c[name]) == wanted), None)
        if own or name != "email":
            return own
        # Its further addresses find a contact too, which keeps its first one.
        return next((c for c in rows if wanted in further_addresses(c)), None)

    def _match(self, body: dict) -> str | None:
        for name in self.match_order:
            found = self._find_by(name, body.get(name))
            if found:
                return found["id"]
        return None

    def _unless_taken(self, contact: dict, body: dict) -> dict:
        """Drops the e-mail or phone which belongs to another contact: the matched contact keeps its
        own.
        """
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

    # For tests: the location's data

    def add_contact(self, email: str | None = None, phone: str | None = None, **more: Any) -> dict:
        """A contact already in the location; any contact field, also id, dnd, dndSettings, tags,
        dateAdded.
        """
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


def further_addresses(contact: dict) -> set[str]:
    return {str(one.get("email")).lower() for one in contact.get("additionalEmails") or []}


def merged_custom_fields(old: list[dict], new: list[dict]) -> list[dict]:
    """Sent as {id, key, field_value} (v3: fieldValue), kept and shown as {id, value}."""
    values = {item["id"]: item.get("value") for item in old}
    for item in new:
        value = item.get("field_value", item.get("fieldValue", item.get("value")))
        values[item.get("id") or item.get("key")] = value
    return [{"id": name, "value": value} for name, value in values.items()]
