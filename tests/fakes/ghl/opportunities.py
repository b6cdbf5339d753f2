"""Opportunities and their pipelines (Version 2021-07-28)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tests.fakes.clock import iso
from tests.fakes.exchange import Reply, Request

from . import fields, webhooks
from .errors import query_problems, trace_id, unprocessable
from .location import DEFAULT_PIPELINE, Location
from .values import epoch_ms, id_of, us_date_ms


class OpportunitiesApi(Location):
    def search_opportunities(self, request: Request) -> Reply:
        """Search Opportunity: by page, or by startAfter and startAfterId of the previous answer's
        meta.
        """
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
                "status must be one of the following values: "
                f"{', '.join(fields.OPPORTUNITY_STATUSES)}"
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

    # For tests

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
