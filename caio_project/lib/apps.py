from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "caio_project.lib"
    label = "lib"
    verbose_name = "House"
