"""The admin without a sign-in page of its own: that and passwords are on the pages of accounts."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from caio_project.team_access import admin_groups

UNUSED_VIEWS = ("autocomplete", "view_on_site")


class TeamAdminSite(UnfoldAdminSite):
    """Knows neither a password form nor look-ups that no page of ours uses."""

    def get_urls(self) -> list[URLPattern]:
        return [one for one in super().get_urls() if getattr(one, "name", "") not in UNUSED_VIEWS]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        apps = super().get_app_list(request, app_label)
        return apps if app_label else admin_groups.group_apps(apps, reverse("admin:index"))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send whoever is not signed in to the one page that can sign them in."""
        return _send_to_sign_in(request, self)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_change_password"))

    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return HttpResponseRedirect(reverse("account_change_password"))

    def search(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Search the names of pages. All results fit on the first page of a hundred."""
        typed = request.GET.copy()
        typed["page"] = "1"
        request.GET = typed  # type: ignore[assignment]
        return super().search(request, extra_context)


@never_cache
def _send_to_sign_in(request: HttpRequest, site: TeamAdminSite) -> HttpResponse:
    index = reverse("admin:index")
    if site.has_permission(request):
        return HttpResponseRedirect(index)
    if request.user.is_authenticated:
        raise PermissionDenied("Your account may not use the admin.")
    return redirect_to_login(request.GET.get("next") or index)
