from django.contrib.admin.apps import AdminConfig


class TeamAdminConfig(AdminConfig):
    default_site = "caio_project.team_access.admin_site.TeamAdminSite"
