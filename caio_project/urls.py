"""Every address of the product. None redirects for a missing slash: RB2B would disconnect."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(url="/sales"), name="front"),
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("accounts/", include("allauth.urls")),
]
