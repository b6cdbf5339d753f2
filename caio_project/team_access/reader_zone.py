"""Show times in the zone, and pages in the way, that the signed-in person has chosen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from caio_project.lib.models import PersonalSettings

PAGES = ("/sales", "/admin/")
Answer = Callable[[HttpRequest], HttpResponse]


class ReaderZone:
    """Middleware: the current time zone is the reader's while a page is made."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not request.path.startswith(PAGES) or not user.is_authenticated:
            return self.get_response(request)
        row = PersonalSettings.objects.filter(user=user).first()
        request.chosen = row  # type: ignore[attr-defined]
        with in_zone(row.time_zone if row else ""):
            return self.get_response(request)


@contextmanager
def in_zone_of(user_id: int) -> Iterator[None]:
    """The current time zone is the one that this person has chosen, if any."""
    chosen = PersonalSettings.objects.filter(user_id=user_id).values_list("time_zone", flat=True)
    with in_zone(chosen.first() or ""):
        yield


@contextmanager
def in_zone(name: str) -> Iterator[None]:
    """An empty or unknown name leaves the team's."""
    if name not in zone_names():
        yield
        return
    with timezone.override(ZoneInfo(name)):
        yield


@cache
def zone_names() -> frozenset[str]:
    regions = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/")
    more = ("Pacific/", "Antarctica/", "UTC")
    return frozenset(name for name in available_timezones() if name.startswith((*regions, *more)))
