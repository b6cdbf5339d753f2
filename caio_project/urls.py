"""Every address of the product. None redirects for a missing slash: RB2B would disconnect."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from approvals.api import Approve, PendingEmails, Reject
from caio_project import api
from caio_project.lead_pages import merge_pages, owner_page, views
from leads import webhooks
from leads.api import Visitors
from metrics.api import Gates
from outreach import webhooks as outreach_webhooks
from outreach.api.experiments import ExperimentDetail, Experiments
from outreach.api.messages import Forecast, Halt, MessageDetail, PhaseView
from outreach.views import unsubscribe

urlpatterns = [
    path("", RedirectView.as_view(url="/sales"), name="front"),
    path("", include("metrics.urls")),
    path("", include("approvals.urls")),
    path("sales/leads", views.leads_page, name="leads"),
    path("sales/leads/<uuid:public_id>", views.lead_page, name="lead"),
    path("sales/leads/<uuid:public_id>/owner", owner_page.give, name="lead-owner"),
    path("sales/leads/<uuid:public_id>/merge", merge_pages.search_page, name="merge-search"),
    path(
        "sales/leads/<uuid:public_id>/merge/<uuid:other_id>", merge_pages.merge_page, name="merge"
    ),
    path("sales/merges/<int:pk>/undo", merge_pages.undo_page, name="unmerge"),
    path("webhooks/rb2b", webhooks.rb2b),
    path("webhooks/rb2b/health", webhooks.rb2b_health),
    path("webhooks/rb2b/<str:token>", webhooks.rb2b),
    path("webhooks/clay", webhooks.clay),
    path("webhooks/clay/health", webhooks.clay_health),
    path("webhooks/ghl", outreach_webhooks.ghl),
    path("webhooks/ghl/workflow", outreach_webhooks.ghl_workflow),
    path("u/<str:token>", unsubscribe, name="unsubscribe"),
    path("api/health", api.Health.as_view()),
    path("api/health/live", api.live),
    path("api/health/ready", api.Ready.as_view()),
    path("api/queue-status", api.QueueStatus.as_view()),
    path("api/pending-emails", PendingEmails.as_view()),
    path("api/emails/<uuid:public_id>/approve", Approve.as_view()),
    path("api/emails/<uuid:public_id>/reject", Reject.as_view()),
    path("api/messages/forecast", Forecast.as_view()),
    path("api/messages/<uuid:public_id>", MessageDetail.as_view()),
    path("api/visitors", Visitors.as_view()),
    path("api/phase", PhaseView.as_view()),
    path("api/experiments", Experiments.as_view()),
    path("api/experiments/<uuid:public_id>", ExperimentDetail.as_view()),
    path("api/gates", Gates.as_view()),
    path("api/halt", Halt.as_view()),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("api/<path:unknown>", api.unknown),
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("accounts/", include("allauth.urls")),
]
