"""The event vault in the admin: search by person, masking by role, replay after a dry run."""

from datetime import datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import BooleanField, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display

from caio_project.event_vault import replay_plan, sources
from caio_project.lib import times
from caio_project.lib.web.admin_classes import ReadOnlyAdmin
from caio_project.lib.words.source_names import SOURCE_NAMES
from leads.inbound import event_search, masking, parked
from leads.integrations import rb2b
from leads.models import InboundEvent
from outreach.feedback import placement

MAX_REPLAYS = 20
MAX_COUNTED = 10_000  # rows, for an exact count reads the whole table
MAX_BODY_SHOWN = 4_000  # characters shown
PARKED = InboundEvent.State.PARKED


class CappedPaginator(Paginator):
    """Counts up to MAX_COUNTED rows, so that the cost does not grow with the table."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:MAX_COUNTED].count())


class SourceFilter(admin.SimpleListFilter):
    """Lists known sources; Django's own filter would read every row to find them."""

    title, parameter_name = "source", "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(source, SOURCE_NAMES.get(source, source)) for source in sources.PROCESSORS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(source=self.value()) if self.value() else queryset


class NoteFilter(admin.SimpleListFilter):
    """What concerns nobody we know, and is kept: messages to us, and answers of Clay."""

    title, parameter_name = "concerns nobody known", "note"
    codes: ClassVar[dict[str, tuple[str, ...]]] = {
        "unplaced": (placement.UNPLACED_CODE,),
        "unmatched": parked.UNMATCHED_ANSWERS,
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [
            ("unplaced", "Messages that cannot be placed"),
            ("unmatched", "Answers of Clay that match no lead"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not (codes := self.codes.get(self.value() or "")):
            return queryset
        return queryset.filter(reason_code__in=codes).exclude(reason="")


class PeriodFilter(RangeDateFilter):
    """From and to are days in the team's zone, both included."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for end, at in (("from", time.min), ("to", time.max)):
            if day := times.parse_day(self.used_parameters.get(f"received_at_{end}")):
                moment = datetime.combine(day, at, ZoneInfo(settings.TEAM_TIME_ZONE))
                queryset = queryset.filter(
                    **{"received_at__gte" if end == "from" else "received_at__lte": moment}
                )
        return queryset


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnlyAdmin):
    """Users who may not read personal data see it masked, and cannot search by it."""

    list_display = (
        "received_at",
        "shown_source",
        "shown_state",
        "shown_lead",
        "shown_reason",
        "shown_step",
        "shown_deliveries",
    )
    list_filter = ("state", SourceFilter, NoteFilter, "kind", ("received_at", PeriodFilter))
    list_select_related = ("about", "visit__lead", "visit__company")
    list_per_page = 50
    list_before_template = "caio_project/event_vault/parked.html"
    search_fields = ("public_id",)  # only shows the box; see `get_search_results`
    search_help_text = (
        "An email, a LinkedIn address, a company or its domain, a last or a whole name, "
        "the id of an event or a lead, "
        f"or words of a reason (of the newest {event_search.MOST_REASONS_SEARCHED})"
    )
    ordering = ("-received_at", "-pk")
    sortable_by = ()  # sorting by a masked column would reveal its order
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    date_hierarchy = None
    actions = ("replay_events",)
    actions_detail = ("replay_this",)
    fields = (
        "public_id", "shown_source", "kind", "shown_state", "shown_reason", "shown_step",
        "shown_lead", "received_at", "processed_at", "shown_deliveries", "attempts",
        "not_before", "shown_notes", "shown_body",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Annotate `is_readable`, for list columns do not get the request."""
        reads = Value(sources.may_read(request.user), output_field=BooleanField())
        return super().get_queryset(request).defer("body").annotate(is_readable=reads)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> Any:
        if not search_term.strip():
            return queryset, False
        return event_search.find_events(
            queryset, search_term, lambda reason: sources.shown_reason(reason, request.user)
        ), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        count = InboundEvent.objects.filter(state=PARKED).order_by()[: MAX_COUNTED + 1].count()
        more = {
            "parked": count,
            "most": MAX_COUNTED,
            "only_parked": request.GET.get("state__exact") == PARKED,
        }
        return super().changelist_view(request, {**(extra_context or {}), **more})

    @admin.display(description="source")
    def shown_source(self, event: Any) -> str:
        return SOURCE_NAMES.get(event.source, event.source)

    @display(
        description="state",
        label={"Parked": "danger", "Waiting": "warning", "Processed": "success"},
    )
    def shown_state(self, event: Any) -> str:
        return event.get_state_display()

    @admin.display(description="about")
    def shown_lead(self, event: Any) -> str:
        visit = getattr(event, "visit", None)
        lead = event.about or (visit.lead if visit else None)
        if lead is None:
            return str(visit.company or "") if visit else ""
        if not event.is_readable:
            masked = masking.mask_name(lead.name) or masking.mask_text(lead.email or "")
            return masked or masking.HIDDEN
        return format_html('<a href="{}">{}</a>', reverse("lead", args=[lead.public_id]), lead)

    @admin.display(description="reason")
    def shown_reason(self, event: Any) -> str:
        if event.is_readable:
            return event.reason
        return sources.masked_reason(parked.reason_of(event))

    @admin.display(description="next step")
    def shown_step(self, event: Any) -> str:
        return sources.next_step(event)

    @admin.display(description="deliveries")
    def shown_deliveries(self, event: Any) -> int:
        return event.deliveries

    @admin.display(description="not understood")
    def shown_notes(self, event: Any) -> str:
        notes = event.notes
        if not event.is_readable:
            notes = [{**note, "field": masking.mask_key(note.get("field", ""))} for note in notes]
        return format_html_join("", "<div>{}</div>", ((rb2b.note_text(note),) for note in notes))

    @admin.display(description="body")
    def shown_body(self, event: Any) -> str:
        raw = bytes(event.body)
        if event.is_readable:
            body = raw[: MAX_BODY_SHOWN * 4].decode("utf-8", "replace")
        else:
            body = masking.mask_body(raw)
        cut = f"\n… and more, of {len(raw)} bytes" if len(body) > MAX_BODY_SHOWN else ""
        return format_html(
            "<pre style='white-space:pre-wrap;overflow-wrap:anywhere'>{}{}</pre>",
            body[:MAX_BODY_SHOWN],
            cut,
        )

    def has_replay_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return sources.may_replay(request.user)

    @admin.action(description="Replay…", permissions=["replay"])
    def replay_events(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Show a dry run; replay on a confirmed POST, if it would still do the same."""
        if not self.has_replay_permission(request):
            raise PermissionDenied
        events = list(queryset.order_by("received_at", "pk")[: MAX_REPLAYS + 1])
        if len(events) > MAX_REPLAYS:
            messages.error(
                request,
                f"{MAX_REPLAYS} at once are the most that can be read. Nothing was replayed.",
            )
            return None
        plan = replay_plan.plan_replay(events)
        if request.POST.get("confirmed") != plan.mark:
            if "confirmed" in request.POST:
                messages.warning(
                    request,
                    "It would do something else by now. Nothing was replayed; look at it again.",
                )
            return self._dry_run_page(request, plan)
        self._replay_all(request, events)
        return None

    @action(description="Replay…", url_path="replay", permissions=["replay"])
    def replay_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the dry run of one event; its form posts to `replay_events`."""
        event = get_object_or_404(self.get_queryset(request), pk=object_id)
        return self._dry_run_page(request, replay_plan.plan_replay([event]))

    def _replay_all(self, request: HttpRequest, events: list[InboundEvent]) -> None:
        done = replay_plan.run_replay(events)
        for event, outcome in zip(events, done, strict=True):
            self.log_change(request, event, "Replayed." if outcome.ok else "Replayed in vain.")
            if not outcome.ok:
                messages.warning(request, f"{outcome.event}: {outcome.text}")
        messages.success(request, f"Replayed {sum(outcome.ok for outcome in done)} of {len(done)}.")

    def _dry_run_page(self, request: HttpRequest, plan: replay_plan.ReplayPlan) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"Replay {len(plan.events)}: what would change",
            "plans": plan.rows,
            "mark": plan.mark,
            "names": SOURCE_NAMES,
            "back": reverse("admin:leads_inboundevent_changelist"),
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "caio_project/event_vault/replay.html", context)
