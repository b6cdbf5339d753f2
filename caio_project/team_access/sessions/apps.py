from django.apps import AppConfig


class SessionRowsConfig(AppConfig):
    """allauth's table of sessions. Its rows are written by `session_rows`, not by its signals:
    those fail where a request has no address, and write at every request.
    """

    name = "allauth.usersessions"
    verbose_name = "Sessions"
    default_auto_field = "django.db.models.BigAutoField"
