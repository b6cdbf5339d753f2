"""Show times in the zone that the signed-in person has chosen; else in the team's."""

from collections.abc import Callable
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
        chosen = PersonalSettings.objects.filter(user_id=user.pk).values_list("time_zone").first()
        if not chosen or chosen[0] not in zone_names():
            return self.get_response(request)
        with timezone.override(ZoneInfo(chosen[0])):
            return self.get_response(request)


@cache
def zone_names() -> frozenset[str]:
    regions = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/")
    more = ("Pacific/", "Antarctica/", "UTC")
    return frozenset(name for name in available_timezones() if name.startswith((*regions, *more)))
