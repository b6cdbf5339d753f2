from django.urls import path

from metrics import views

urlpatterns = [
    path("sales", views.overview_page, name="overview"),
    path("sales/phase", views.phase_view, name="phase"),
    path("sales/phase/promote", views.promote_view, name="promote"),
    path("sales/phase/agreement", views.agreement_view, name="agreement"),
    path("sales/phase/agreement.csv", views.agreement_csv, name="agreement-csv"),
    path("sales/phase/domain", views.domain_view, name="domain"),
    path("sales/experiments", views.experiments_view, name="experiments"),
    path("sales/experiments/new", views.start_experiment, name="start-experiment"),
    path("sales/experiments/<uuid:public_id>/publish", views.publish_winner, name="publish-winner"),
    path("sales/experiments/<uuid:public_id>/end", views.end_experiment, name="end-experiment"),
    path("sales/phase/machine", views.machine_view, name="machine"),
]
