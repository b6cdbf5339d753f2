from django.apps import AppConfig
from django.db.backends.signals import connection_created


class LibConfig(AppConfig):
    name = "caio_project.lib"
    label = "lib"
    verbose_name = "House"

    def ready(self) -> None:
        from caio_project.lib.db import connections

        connection_created.connect(connections.leave_out_jit, dispatch_uid="leave_out_jit")
