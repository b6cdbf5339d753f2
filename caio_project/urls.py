"""Every address of the product. None redirects for a missing slash: RB2B would disconnect."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from approvals import webhooks as approval_webhooks
from approvals.api import (
    ApproveEmail,
    PendingEmails,
    RejectEmail,
    ReopenEmail,
    RereadingView,
    UndoDecision,
)
from approvals.decisions_api import DecisionListView
from approvals.escalation_api import NoticesView
from caio_project import api
from caio_project.import_pages import import_page
from caio_project.lead_pages import (
    company_page,
    find_page,
    merge_pages,
    owner_page,
    privacy_pages,
    typed_field_page,
    views,
)
from caio_project.operations.deployment_check import visitor_api
from caio_project.set_up import set_up_page, team_page
from caio_project.team_access import account_pages, key_pages, settings_index, settings_page
from caio_project.team_access.sessions import session_pages
from caio_project.team_access.single_sign_on import views as single_sign_on
from caio_project.watching.views import metrics_view
from caio_project.webhook_pages import endpoint_api, endpoint_page
from caio_project.weekly_pages import (
    approval_rules_page,
    diagnosis_page,
    follow_up_page,
    segment_pages,
    template_pages,
)
from leads import webhooks
from leads.api import lists, writes
from leads.api.visitors import VisitorsView
from metrics.api import DomainsView, GatesView, MetricsView
from metrics.incident_api import AcknowledgeIncident, IncidentDetailView, IncidentListView
from outreach import webhooks as outreach_webhooks
from outreach.api.experiments import ExperimentDetailView, ExperimentListView
from outreach.api.forecast import ForecastView
from outreach.api.message_list import MessageListView
from outreach.api.messages import MessageDetailView
from outreach.api.phase import HaltView, PhaseView
from outreach.views import unsubscribe

urlpatterns = [
    # First, for each path is tried in this order, and what comes in may be much.
    path("webhooks/rb2b", webhooks.rb2b_webhook),
    path("webhooks/rb2b/health", webhooks.rb2b_health),
    path("webhooks/rb2b/<str:token>", webhooks.rb2b_webhook),
    path("webhooks/clay", webhooks.clay_webhook),
    path("webhooks/clay/health", webhooks.clay_health),
    path("webhooks/ghl", outreach_webhooks.ghl_webhook),
    path("webhooks/ghl/workflow", outreach_webhooks.ghl_workflow_webhook),
    path("webhooks/slack", approval_webhooks.slack_webhook),
    path("", RedirectView.as_view(url="/sales"), name="front"),
    path("", include("metrics.urls")),
    path("", include("approvals.urls")),
    path("sales/find", find_page.find_page, name="find"),
    path("sales/leads", views.leads_page, name="leads"),
    path("sales/leads/<uuid:public_id>", views.lead_page, name="lead"),
    path("sales/leads/<uuid:public_id>/owner", owner_page.assign_owner, name="lead-owner"),
    path("sales/leads/<uuid:public_id>/field", typed_field_page.store_field, name="lead-field"),
    path("sales/leads/<uuid:public_id>/merge", merge_pages.search_page, name="merge-search"),
    path(
        "sales/leads/<uuid:public_id>/merge/<uuid:other_id>", merge_pages.merge_page, name="merge"
    ),
    path("sales/leads/<uuid:public_id>/export", privacy_pages.export_person, name="lead-export"),
    path("sales/leads/<uuid:public_id>/erase", privacy_pages.erase_person, name="lead-erase"),
    path("sales/companies/<int:pk>", company_page.company_page, name="company"),
    path("sales/merges/<int:pk>/undo", merge_pages.undo_page, name="unmerge"),
    path("sales/setup", set_up_page.set_up_page, name="set-up"),
    path("sales/imports", import_page.imports_page, name="imports"),
    path("sales/imports/<uuid:public_id>", import_page.import_page, name="import"),
    path("sales/settings", settings_index.settings_index, name="settings"),
    path("sales/settings/team", team_page.team_page, name="team"),
    path("sales/settings/team/<int:pk>", team_page.member_page, name="team-member"),
    path("sales/settings/webhooks", endpoint_page.endpoint_list, name="webhooks"),
    path("sales/settings/webhooks/<uuid:public_id>", endpoint_page.endpoint_page, name="webhook"),
    path("sales/settings/me", settings_page.personal_settings, name="personal-settings"),
    path("sales/settings/me/switches", settings_page.set_switch, name="switches"),
    path("sales/settings/sessions", session_pages.session_list, name="sessions"),
    path("sales/settings/sessions/end-others", session_pages.end_other_sessions, name="end-others"),
    path("sales/settings/sessions/<int:pk>/end", session_pages.end_session, name="end-session"),
    path(
        "sales/settings/sessions/people/<int:pk>/end",
        session_pages.end_sessions_of,
        name="end-sessions-of",
    ),
    path("sales/templates", template_pages.template_list_page, name="templates"),
    path("sales/templates/new", template_pages.new_template, name="template-new"),
    path("sales/templates/<str:key>", template_pages.template_page, name="template"),
    path("sales/templates/<str:key>/edit", template_pages.edit_template, name="template-edit"),
    path(
        "sales/templates/<str:key>/retire", template_pages.retire_template, name="template-retire"
    ),
    path("sales/follow-ups", follow_up_page.follow_ups_page, name="follow-ups"),
    path("sales/segments", segment_pages.segments_page, name="segments"),
    path("sales/segments/<uuid:public_id>", segment_pages.segment_page, name="segment"),
    path(
        "sales/segments/<uuid:public_id>/confirm",
        segment_pages.confirm_segment,
        name="segment-confirm",
    ),
    path("sales/phase/rules", approval_rules_page.approval_rules_page, name="approval-rules"),
    path("sales/diagnosis", diagnosis_page.diagnosis_page, name="diagnosis"),
    path("sales/keys", key_pages.key_list, name="keys"),
    path("sales/sign-ins", account_pages.sign_in_list, name="sign-ins"),
    path("sales/keys/<str:prefix>/revoke", key_pages.revoke_key, name="revoke-key"),
    path("u/<str:token>", unsubscribe, name="unsubscribe"),
    path("metrics", metrics_view),
    path("api/health", api.HealthView.as_view()),
    path("api/health/live", api.live_view),
    path("api/health/ready", api.ReadyView.as_view()),
    path("api/queue-status", api.QueueStatusView.as_view()),
    path("api/pending-emails", PendingEmails.as_view()),
    path("api/notices", NoticesView.as_view()),
    path("api/emails/<uuid:public_id>/approve", ApproveEmail.as_view()),
    path("api/emails/<uuid:public_id>/reject", RejectEmail.as_view()),
    path("api/emails/<uuid:public_id>/undo", UndoDecision.as_view()),
    path("api/emails/<uuid:public_id>/reopen", ReopenEmail.as_view()),
    path("api/messages/forecast", ForecastView.as_view()),
    path("api/messages/<uuid:public_id>", MessageDetailView.as_view()),
    path("api/visitors", VisitorsView.as_view()),
    path("api/test-visitors", visitor_api.NewTestVisitorView.as_view()),
    path("api/test-visitors/<uuid:public_id>", visitor_api.TestVisitorView.as_view()),
    path("api/leads", lists.LeadListView.as_view()),
    path("api/leads/<uuid:public_id>", lists.LeadDetailView.as_view()),
    path("api/leads/<uuid:public_id>/owner", writes.LeadOwnerView.as_view()),
    path("api/visits", lists.VisitListView.as_view()),
    path("api/visits/<int:pk>", lists.VisitDetailView.as_view()),
    path("api/companies", lists.CompanyListView.as_view()),
    path("api/companies/<int:pk>", lists.CompanyDetailView.as_view()),
    path("api/suppressions", writes.SuppressionListView.as_view()),
    path("api/suppressions/<int:pk>", writes.SuppressionDetailView.as_view()),
    path("api/decisions", DecisionListView.as_view()),
    path("api/messages", MessageListView.as_view()),
    path("api/phase", PhaseView.as_view()),
    path("api/experiments", ExperimentListView.as_view()),
    path("api/experiments/<uuid:public_id>", ExperimentDetailView.as_view()),
    path("api/gates", GatesView.as_view()),
    path("api/incidents", IncidentListView.as_view()),
    path("api/incidents/<uuid:public_id>", IncidentDetailView.as_view()),
    path("api/incidents/<uuid:public_id>/acknowledge", AcknowledgeIncident.as_view()),
    path("api/metrics", MetricsView.as_view()),
    path("api/metrics/domains", DomainsView.as_view()),
    path("api/rereading", RereadingView.as_view()),
    path("api/halt", HaltView.as_view()),
    path("api/webhook-endpoints", endpoint_api.EndpointListView.as_view()),
    path("api/webhook-endpoints/<uuid:public_id>", endpoint_api.EndpointDetailView.as_view()),
    *(
        path(f"api/webhook-endpoints/<uuid:public_id>/{act}", endpoint_api.action_view(act))
        for act in ("disable", "enable", "rotate", "test")
    ),
    path(
        "api/webhook-endpoints/<uuid:public_id>/deliveries", endpoint_api.DeliveryListView.as_view()
    ),
    path("api/webhook-deliveries/<uuid:public_id>/replay", endpoint_api.ReplayView.as_view()),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs",
        SpectacularSwaggerView.as_view(url_name="schema", http_method_names=["get", "head"]),
        name="docs",
    ),
    re_path(r"^api/[\s\S]+$", api.unknown_address),  # `<path:>` has no line breaks
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("accounts/sso/", single_sign_on.begin_sign_in, name="single-sign-on"),
    path("accounts/sso/callback/", single_sign_on.finish_sign_in, name="single-sign-on-callback"),
    path("accounts/sso/left/", single_sign_on.leave_page, name="single-sign-on-left"),
    # Addresses are set by an administrator: no page that mails a link to one just typed. Accounts
    # are linked and sessions ended on our own pages; who has no password gets none by a page.
    re_path(
        r"^accounts/(email|confirm-email|signup|login/code|3rdparty|social|sessions|password/set)/",
        account_pages.closed_page,
    ),
    path("accounts/", include("allauth.urls")),
]
