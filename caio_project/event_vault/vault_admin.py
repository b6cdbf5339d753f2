"""The vault of inbound events in the admin: found by whom they are about, masked by role, replayed over a dry run."""

from datetime import datetime, time
from typing import Any
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
from django.utils.html import format_html
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display

from caio_project.event_vault import replay_words, sources
from caio_project.lib.web.admin_classes import ReadOnlyAdmin
from leads.inbound import event_search, masking, parked, replay
from leads.models import InboundEvent

MAX_REPLAYS = 20
MAX_COUNTED = (
    10_000  # rows; whoever looks for older ones narrows the list, for counting all reads all
)
MAX_BODY_SHOWN = 4_000  # characters shown
ALLOWED_LOOKUPS = ("state__exact", "kind__exact", "source", "received_at_from", "received_at_to")
PARKED = InboundEvent.State.PARKED


class CappedPaginator(Paginator):
    """Counts no further than MOST_COUNTED, so that a list of a million costs what one of ten thousand does."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:MAX_COUNTED].count())


class SourceFilter(admin.SimpleListFilter):
    """By name: Django's own filter would read every row to find which there are."""

    title, parameter_name = "source", "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(source, sources.SOURCE_NAMES.get(source, source)) for source in sources.PROCESSORS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(source=self.value()) if self.value() else queryset


class PeriodFilter(RangeDateFilter):
    """From and to in the team's days, both included."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for end, at in (("from", time.min), ("to", time.max)):
            if day := _parse_day(self.used_parameters.get(f"received_at_{end}")):
                moment = datetime.combine(day, at, ZoneInfo(settings.TEAM_TIME_ZONE))
                queryset = queryset.filter(
                    **{"received_at__gte" if end == "from" else "received_at__lte": moment}
                )
        return queryset


def _parse_day(typed: Any) -> Any:
    try:
        return datetime.fromisoformat(str(typed)).date()
    except ValueError:
        return None


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnlyAdmin):
    """Who may not read personal data gets it masked here, in every text that can quote it, and finds nothing by it."""

    list_display = (
        "received_at",
        "shown_source",
        "shown_state",
        "who",
        "shown_reason",
        "step",
        "times",
    )
    list_filter = ("state", SourceFilter, "kind", ("received_at", PeriodFilter))
    list_select_related = ("about", "visit__lead", "visit__company")
    list_per_page = 50
    list_before_template = "caio_project/event_vault/parked.html"
    search_fields = ("public_id",)  # shows the box; what is searched is `get_search_results`
    search_help_text = (
        "An email, a LinkedIn address, a company or its domain, a last or a whole name, the id of an event or a lead, "
        f"or words of a reason (of the newest {event_search.MOST_REASONS_SEARCHED})"
    )
    ordering = ("-received_at", "-pk")
    sortable_by = ()  # the order of what is hidden would tell it
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    date_hierarchy = None
    actions = ("replay_events",)
    actions_detail = ("replay_this",)
    fields = (
        "public_id", "shown_source", "kind", "shown_state", "shown_reason", "step", "who", "received_at",
        "processed_at", "times", "attempts", "not_before", "shown_body",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each row carries whether who looks may read it, for a column is told nothing of the request."""
        reads = Value(sources.may_read(request.user), output_field=BooleanField())
        return super().get_queryset(request).defer("body").annotate(is_readable=reads)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the filters ask: ?reason__contains= would find what is hidden."""
        return lookup in ALLOWED_LOOKUPS

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
        return sources.SOURCE_NAMES.get(event.source, event.source)

    @display(
        description="state",
        label={"Parked": "danger", "Waiting": "warning", "Processed": "success"},
    )
    def shown_state(self, event: Any) -> str:
        return event.get_state_display()

    @admin.display(description="about")
    def who(self, event: Any) -> str:
        visit = getattr(event, "visit", None)
        lead = event.about or (visit.lead if visit else None)
        if lead is None:
            return str(visit.company or "") if visit else ""
        if not event.is_readable:
            return (
                masking.mask_name(lead.name)
                or masking.mask_text(lead.email or "")
                or masking.HIDDEN
            )
        return format_html('<a href="{}">{}</a>', reverse("lead", args=[lead.public_id]), lead)

    @admin.display(description="reason")
    def shown_reason(self, event: Any) -> str:
        if event.is_readable:
            return event.reason
        return sources.masked_reason(parked.reason_of(event))

    @admin.display(description="next step")
    def step(self, event: Any) -> str:
        return sources.next_step(event)

    @admin.display(description="deliveries")
    def times(self, event: Any) -> int:
        return event.deliveries

    @admin.display(description="body")
    def shown_body(self, event: Any) -> str:
        """The first LONGEST_BODY characters, escaped."""
        raw = bytes(event.body)
        body = (
            raw[: MAX_BODY_SHOWN * 4].decode("utf-8", "replace")
            if event.is_readable
            else masking.mask_body(raw)
        )
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
        """First a page with what would change, by a dry run; then replaying, where it would still do the same."""
        if not self.has_replay_permission(request):
            raise PermissionDenied
        events = list(queryset.order_by("received_at", "pk")[: MAX_REPLAYS + 1])
        if len(events) > MAX_REPLAYS:
            messages.error(
                request,
                f"{MAX_REPLAYS} at once are the most that can be read. Nothing was replayed.",
            )
            return None
        planned = [replay.replay_event(event, sources.PROCESSORS, dry_run=True) for event in events]
        if request.POST.get("confirmed") != replay_words.outcomes_mark(planned):
            if "confirmed" in request.POST:
                messages.warning(
                    request,
                    "It would do something else by now. Nothing was replayed; look at it again.",
                )
            return self._page(request, events, planned)
        self._replay(request, events)
        return None

    @action(description="Replay…", url_path="replay", permissions=["replay"])
    def replay_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same page for one event; what it posts goes the way of every replay."""
        event = get_object_or_404(self.get_queryset(request), pk=object_id)
        return self._page(
            request, [event], [replay.replay_event(event, sources.PROCESSORS, dry_run=True)]
        )

    def _replay(self, request: HttpRequest, events: list[InboundEvent]) -> None:
        done = [replay.replay_event(event, sources.PROCESSORS, dry_run=False) for event in events]
        for event, outcome in zip(events, done, strict=True):
            self.log_change(request, event, "Replayed." if outcome.ok else "Replayed in vain.")
            if not outcome.ok:
                messages.warning(request, f"{outcome.event}: {outcome.text}")
        messages.success(request, f"Replayed {sum(outcome.ok for outcome in done)} of {len(done)}.")

    def _page(
        self, request: HttpRequest, events: list[InboundEvent], planned: list[replay.ReplayOutcome]
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"Replay {len(events)}: what would change",
            "plans": [
                (event, one, replay_words.row_changes(one))
                for event, one in zip(events, planned, strict=True)
            ],
            "mark": replay_words.outcomes_mark(planned),
            "names": sources.SOURCE_NAMES,
            "back": reverse("admin:leads_inboundevent_changelist"),
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "caio_project/event_vault/replay.html", context)
