from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from caio_project.lib.commands import UserCommand
from caio_project.lib.models import WebhookEndpoint
from caio_project.lib.webhooks_out import endpoints
from caio_project.lib.webhooks_out.endpoints import EndpointRefused, EndpointWish
from caio_project.lib.webhooks_out.event_types import SUBSCRIBABLE, DeliveryState
from caio_project.webhook_pages.endpoint_api import act_on, endpoint_json, user_manager

ACTS = ("list", "add", "disable", "enable", "rotate", "test", "replay")


class Command(UserCommand):
    help = (
        "List, add, disable, enable, rotate, test webhook endpoints, or replay what failed. A new "
        "secret is printed, alone, on the last line, once. Exit code: 0 done, 1 refused."
    )
    permission = endpoints.MANAGE

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("act", choices=ACTS)
        parser.add_argument("endpoint", nargs="?", default="", help="The id, or for add the URL.")
        parser.add_argument(
            "--event",
            action="append",
            choices=[str(one) for one in SUBSCRIBABLE],
            help="For add; may be repeated; all without it.",
        )
        parser.add_argument("--description", default="")
        parser.add_argument(
            "--with-person", action="store_true", help="Send the person's details along."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        by = user_manager(self.person(options))
        try:
            if options["act"] == "list":
                self._list(options)
            elif options["act"] == "add":
                events = tuple(options["event"] or map(str, SUBSCRIBABLE))
                wish = EndpointWish(
                    options["endpoint"], events, options["description"], options["with_person"]
                )
                row, secret = endpoints.add_endpoint(wish, by)
                self._report(row, {"secret": secret}, options)
            else:
                row = _find(options["endpoint"])
                self._report(row, self._act(row, options["act"], by), options)
        except EndpointRefused as refused:
            raise CommandError(f"{refused.field or 'endpoint'}: {refused.text}") from refused

    def _act(self, row: WebhookEndpoint, act: str, by: Any) -> dict[str, Any]:
        if act == "replay":
            failed = row.deliveries.filter(state=DeliveryState.FAILED)
            return {"replayed": endpoints.replay(failed)}
        return act_on(row, act, by)

    def _list(self, options: dict[str, Any]) -> None:
        rows = [endpoint_json(row) for row in WebhookEndpoint.objects.all()]
        if options["json"]:
            self.as_json(rows)
            return
        self.table(
            "Webhook endpoints",
            ("id", "address", "state", "events"),
            [
                (one["id"], one["url"], one["end_code"] or "active", ", ".join(one["events"]))
                for one in rows
            ],
        )

    def _report(self, row: WebhookEndpoint, more: dict[str, Any], options: dict[str, Any]) -> None:
        row.refresh_from_db()
        if options["json"]:
            self.as_json({**endpoint_json(row), **more})
            return
        self.stdout.write(f"{row.public_id} {row.get_end_code_display() or 'active'}")
        for value in more.values():
            self.stdout.write(str(value))


def _find(public_id: str) -> WebhookEndpoint:
    try:
        found = WebhookEndpoint.objects.filter(public_id=public_id).first()
    except ValidationError:
        found = None
    if found is None:
        raise EndpointRefused("endpoint", "There is no endpoint with this id.")
    return found
