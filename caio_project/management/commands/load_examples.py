from typing import Any

from django.core.management.base import BaseCommand

from caio_project.operations import examples


class Command(BaseCommand):
    help = (
        "Load six invented visitors into an installation that has had none. They can never be "
        "written to. Exit code: 0, also where there were visitors already and none was stored."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = examples.load_examples()
        self.stdout.write(
            f"{count} example visitors stored."
            if count
            else "There are visitors already; none added."
        )
