from django.urls import path

from metrics import incident_views, move_views, performance_views, views

urlpatterns = [
    path("sales", views.overview_page, name="overview"),
    path("sales/performance", performance_views.performance_view, name="performance"),
    path("sales/performance/figures", performance_views.export_view, name="figures-file"),
    path("sales/targets", performance_views.targets_view, name="targets"),
    path("sales/report", performance_views.report_view, name="report"),
    path("sales/phase", views.phase_view, name="phase"),
    path("sales/phase/promote", move_views.promote_view, name="promote"),
    path("sales/phase/demote", move_views.demote_view, name="demote"),
    path("sales/phase/agreement", views.agreement_view, name="agreement"),
    path("sales/phase/agreement.csv", views.agreement_csv, name="agreement-csv"),
    path("sales/phase/domain", views.domain_view, name="domain"),
    path("sales/incidents", incident_views.incident_list, name="incidents"),
    path("sales/incidents/<uuid:public_id>", incident_views.incident_page, name="incident"),
    path(
        "sales/incidents/<uuid:public_id>/acknowledge",
        incident_views.acknowledge,
        name="incident-acknowledge",
    ),
    path("sales/incidents/<uuid:public_id>/note", incident_views.add_note, name="incident-note"),
    path("sales/incidents/<uuid:public_id>/clear", incident_views.clear, name="incident-clear"),
    path("sales/domains", views.domains_view, name="domains"),
    path("sales/experiments", views.experiments_view, name="experiments"),
    path("sales/experiments/new", views.start_experiment, name="start-experiment"),
    path("sales/experiments/<uuid:public_id>/publish", views.publish_winner, name="publish-winner"),
    path("sales/experiments/<uuid:public_id>/end", views.end_experiment, name="end-experiment"),
    path("sales/phase/machine", views.machine_view, name="machine"),
]
