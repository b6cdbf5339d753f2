"""What `make run` does once packages are installed: database, login, examples, processes."""

import errno
import json
import os
import socket
import sys
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from caio_project.checks import refuse_to_boot
from caio_project.lib import run_address
from caio_project.lib.vendor_access.access import sandboxed_vendors
from caio_project.lib.vendor_access.rb2b_tokens import environment_tokens
from caio_project.management.commands.make_login import make_login
from caio_project.operations import examples
from caio_project.operations.supervisor import RunPlan, become_supervisor
from caio_project.watching import watch_settings

FIRST_LOGIN = "lead"
# Workers need not know of each other: the rows are the queue.
WORKER_OPTIONS = (
    *("--loglevel", "WARNING"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
)


class Command(BaseCommand):
    help = (
        "Run everything on this machine: web and background work, restarted when they end. "
        "Ctrl-C ends it all. Exit code: 0 ended by Ctrl-C, 1 the port is taken or settings "
        "contradict each other."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on; default this machine only"
        )
        parser.add_argument(
            "--no-examples", action="store_true", help="do not fill an empty installation"
        )
        parser.add_argument(
            "--end-with-parent",
            action="store_true",
            help="stop when the process that started this ends",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        parent = os.getppid() if options["end_with_parent"] else None
        self.host, self.port = options["host"], options["port"]
        self._check_port()
        try:
            refuse_to_boot()
        except ImproperlyConfigured as error:
            raise CommandError(f"The settings contradict each other:\n{error}") from error
        run_address.record_address(self._url())
        self._migrate()
        self.password = self._login()
        if settings.DEBUG and not options["no_examples"] and (count := examples.load_examples()):
            self._say(f"Loading {count} example visitors …")
        elif not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        plan = RunPlan(
            self._commands(), self._asked_host(), self.port, self._announcement(), parent
        )
        connection.close()
        become_supervisor(plan, self._env())

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _check_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise CommandError(
                        f"Cannot listen on {self.host}:{self.port}: {error.strerror}."
                    ) from error
                raise CommandError(
                    f"Port {self.port} is taken by another program. Stop that one, or choose "
                    f"another port: make run PORT={self.port + 1}"
                ) from error
            except OverflowError as error:
                raise CommandError(f"{self.port} is no port.") from error

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self._say(
                "Bringing the database up to date "
                f"({settings.DATABASES['default']['ENGINE'].rpartition('.')[2]}) …"
            )
            call_command("migrate", interactive=False, verbosity=0)

    def _login(self) -> str:
        return "" if User.objects.exists() else make_login(FIRST_LOGIN)

    def _commands(self) -> dict[str, list[str]]:
        python = sys.executable
        web = [
            python,
            "-m",
            "gunicorn",
            "--config",
            "gunicorn.conf.py",
            "--bind",
            f"{self.host}:{self.port}",
        ]
        web += ["--workers", "1", "--graceful-timeout", "5"]
        if settings.EMBEDDED:
            return {"web": web, "pump": [python, "manage.py", "pump"]}
        as_root = [
            "-W",
            "ignore:You're running the worker with superuser privileges",
        ]  # messages are JSON, not pickle
        celery = [python, *as_root, "-m", "celery", "--app", "caio_project", "--quiet"]
        return {
            "web": web,
            "worker": [*celery, "worker", *WORKER_OPTIONS, "--concurrency", "4"],
            "beat": [
                *celery,
                "beat",
                "--loglevel",
                "WARNING",
                "--scheduler",
                "celery.beat:Scheduler",
                "--pidfile=",
            ],
        }

    def _env(self) -> dict[str, str]:
        # settings.py has read .env into the environment, so what stands there wins here as well
        quiet = {"GUNICORN_LOG_LEVEL": "warning", "SITE_URL": self._url(), "PYTHONUNBUFFERED": "1"}
        quiet |= {"LOG_FORMAT": watch_settings.LOG_FORMAT}
        # else glibc keeps memory of its own for each of pump's threads
        return {**quiet, "MALLOC_ARENA_MAX": "2", **os.environ}

    def _url(self) -> str:
        return f"http://{self._asked_host()}:{self.port}"

    def _asked_host(self) -> str:
        return "127.0.0.1" if self.host == "0.0.0.0" else self.host  # noqa: S104

    def _announcement(self) -> str:
        console = Console(highlight=False, soft_wrap=True)
        with console.capture() as box:
            console.print(self._box())
        post = f"To post a visitor as RB2B does:\n\n{self._curl()}"
        return f"{box.get()}{post}\n\nCtrl-C stops everything."

    def _box(self) -> Panel:
        url = self._url()
        rows = [("Review", f"{url}/sales"), ("Admin", f"{url}/admin"), ("API", f"{url}/api/docs")]
        if self.password:
            rows += [
                ("User", FIRST_LOGIN),
                ("Password", f"{self.password}   (shown once; `make login` sets a new one)"),
            ]
        elif User.objects.filter(username=FIRST_LOGIN).exists():
            rows.append(("User", f"{FIRST_LOGIN}   (`make login` sets a new password)"))
        sandbox = ", ".join(sandboxed_vendors())
        if sandbox:
            rows.append(("Sandbox", f"{sandbox}: nothing leaves this machine"))
        text = "\n".join(f"{name:<9} {value}" for name, value in rows)
        return Panel(Text(text), title="CAIO is running", title_align="left", expand=False)

    def _curl(self) -> str:
        token = next(iter(environment_tokens()), "<RB2B_WEBHOOK_TOKENS>")
        body = {name: value for name, value in examples.curl_visitor().items() if name != "Seen At"}
        return (
            f"curl -X POST '{self._url()}/webhooks/rb2b?token={token}' -H 'Content-Type: "
            f"application/json' -d '{json.dumps(body)}'"
        )
