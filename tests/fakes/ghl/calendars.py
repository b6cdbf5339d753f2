"""Appointments of calendars (Version 2021-04-15) and workflows (Version 2021-07-28)."""

from __future__ import annotations

import re
import time
from typing import Any

from tests.fakes.clock import iso
from tests.fakes.exchange import Reply, Request

from . import fields, webhooks
from .errors import checked_body, error, no_contact, query_problems, trace_id, unprocessable
from .location import Location
from .values import epoch_ms, id_of


class CalendarsApi(Location):
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

    def contact_appointments(self, request: Request) -> Reply:
        """Get Appointments for Contact."""
        contact_id = request.params["id"]
        if contact_id not in self._contacts:
            return no_contact(contact_id)
        events = [a for a in self._appointments.values() if a["contactId"] == contact_id]
        return Reply(200, {"events": events, "traceId": trace_id()})

    # For tests

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


class WorkflowsApi(Location):
    def list_workflows(self, request: Request) -> Reply:
        """Get Workflow."""
        problems = query_problems(request, fields.LOCATION_QUERY, "locationId")
        return (
            unprocessable(problems)
            if problems
            else Reply(200, {"workflows": list(self._workflows.values())})
        )

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

    # For tests

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

    def workflow_contacts(self, workflow_id: str) -> list[str]:
        """Contact ids in the workflow, once per time they were added."""
        with self.lock:
            return list(self._enrolled.get(workflow_id, []))
