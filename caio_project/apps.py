from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class ProjectConfig(AppConfig):
    name = "caio_project"
    label = "house"
    verbose_name = "CAIO"

    def ready(self) -> None:
        from caio_project import checks, roles
        from caio_project.lib import nudge
        from caio_project.operations import broker_watch, surroundings
        from caio_project.team_access import sign_in_events
        from caio_project.team_access.sessions import account_changes
        from caio_project.watching import extras
        from outreach.email_templates import seeding

        assert checks and surroundings
        extras.start_extras()
        sign_in_events.listen()
        nudge.when_broker_is_away = broker_watch.watch_without_broker
        account_changes.listen()
        # What a fresh database needs, also after a test has flushed it.
        # Sent for apps with models only; metrics is the last of them, so every table and permission
        # is there by then.
        last = apps.get_app_config("metrics")
        post_migrate.connect(roles.make_roles, sender=last, dispatch_uid="roles")
        post_migrate.connect(seeding.seed_after_migration, sender=last, dispatch_uid="seeds")
