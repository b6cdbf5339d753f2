from django.apps import AppConfig


class LibConfig(AppConfig):
    name = "caio_project.lib"
    label = "lib"
    verbose_name = "House"
