"""What a restored database must stand: migrations, ledgers, erasures, and a queue that works.

Run in a process of its own on the scratch database, which it may change.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client, override_settings
from django.urls import reverse

from approvals.queue import review_queue
from caio_project.lib.db import append_only
from caio_project.privacy import erasing, erasure_file, subject
from leads.models import Erasure, Lead, Suppression, Visit
from metrics.gates import verification
from outreach.models import Message

COUNTED: tuple[Any, ...] = (Lead.rows, Visit.objects, Message.objects, Suppression.objects)


@dataclass(frozen=True)
class RestoreCheck:
    name: str
    ok: bool
    text: str


def check_restored(erasures: Path | None) -> list[RestoreCheck]:
    """Every check in order; those that follow a failed migration are left out."""
    found = [_migrations()]
    if found[0].ok:
        found += [_counts(), _guards(), _evaluations(), _erasures(erasures), _queue()]
    return found


def _migrations() -> RestoreCheck:
    executor = MigrationExecutor(connection)
    unknown = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
    ours = {app.label for app in apps.get_app_configs()}
    newer = sorted(f"{app}.{name}" for app, name in unknown if app in ours)
    if newer:
        text = f"It is of a newer release than this one: {', '.join(newer[:5])} are not known here."
        return RestoreCheck("migrations", False, text)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    call_command("migrate", verbosity=0, interactive=False)
    return RestoreCheck("migrations", True, f"{len(waiting)} had to be applied.")


def _counts() -> RestoreCheck:
    counts = [(rows.model._meta.verbose_name_plural, rows.count()) for rows in COUNTED]
    return RestoreCheck("rows", True, ", ".join(f"{count:,} {name}" for name, count in counts))


def _guards() -> RestoreCheck:
    """The database itself still refuses to change what happened."""
    models = [one for one in apps.get_models() if issubclass(one, append_only.AppendOnly)]
    missing = {one._meta.db_table for one in models} - set(append_only.append_only_tables())
    text = (
        f"Without triggers: {', '.join(sorted(missing))}." if missing else f"{len(models)} tables"
    )
    return RestoreCheck("append-only", not missing, text)


def _evaluations() -> RestoreCheck:
    found = verification.verify_evaluations()
    text = f"{found.checked} evaluations, {len(found.problems)} problems."
    return RestoreCheck("verify_evaluations", not found.problems, text)


def _erasures(path: Path | None) -> RestoreCheck:
    lines = erasure_file.read_erasures(path) if path else []
    new = erasure_file.add_missing(lines)
    rows = sum(sum(erasing.replay_erasure(one).rows.values()) for one in new)
    marks = {mark for one in Erasure.objects.all() for mark in one.marks}
    still = subject.leads_by_marks(marks) if marks else []
    text = (
        f"{len(lines)} on record, {len(new)} since the backup and carried out again "
        f"({rows} rows). {len(still)} erased people are still there."
    )
    return RestoreCheck("erasures", not still, text)


def _queue() -> RestoreCheck:
    """The next email that waits is opened, as a reviewer does it."""
    client, paths = _reviewer(), [reverse("queue")]
    waiting = review_queue.waiting_messages().order_by(*review_queue.QUEUE_ORDER)
    first = waiting.first()
    if first is not None:
        paths.append(reverse("desk", args=[first.public_id]))
    for path in paths:
        status = client(path)
        if status != 200:
            return RestoreCheck("queue", False, f"{path} answers {status}.")
    opened = "the next one opens" if first else "nothing waits"
    return RestoreCheck("queue", True, f"{waiting.count()} emails wait; {opened}.")


def _reviewer() -> Callable[[str], int]:
    user = User.objects.create_user(f"restore-check-{secrets.token_hex(6)}", is_staff=False)
    user.groups.add(Group.objects.get(name="Reviewer"))
    client = Client(HTTP_HOST=settings.ALLOWED_HOSTS[0], raise_request_exception=False)
    client.force_login(user, settings.AUTHENTICATION_BACKENDS[0])
    # The database is looked at, not the files that are collected for the web server.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

    def status_of(path: str) -> int:
        with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
            return int(client.get(path, secure=settings.HTTPS).status_code)

    return status_of
