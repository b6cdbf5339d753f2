import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from caio_project.lib import http
from caio_project.lib.vendor_access.access import vendor_value
from leads.integrations import ghl_oauth as oauth
from leads.integrations import ghl_tokens


class Command(BaseCommand):
    help = (
        "Connect GoHighLevel by OAuth (GHL_CLIENT_ID). Without --code it prints the page where "
        "a person lets us in; "
        "that page leads to the redirect address with ?code=… behind it, which is good once "
        "and for a few minutes. Exit code: 0 connected, or the page was printed; 1 refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--redirect-uri", required=True, help="As it is registered with the app."
        )
        parser.add_argument(
            "--code",
            help="From the address the page led to, as --code=CODE (it may begin with a dash); "
            "- reads stdin.",
        )
        parser.add_argument(
            "--user-type",
            choices=[oauth.LOCATION, oauth.COMPANY],
            default=oauth.LOCATION,
            help="Company where the app was let in for a whole agency.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not vendor_value("GHL_CLIENT_ID") or not vendor_value("GHL_CLIENT_SECRET"):
            raise CommandError("GHL_CLIENT_ID and GHL_CLIENT_SECRET are not both set.")
        if not vendor_value("GHL_LOCATION_ID"):
            raise CommandError("GHL_LOCATION_ID is not set.")
        code = sys.stdin.readline().strip() if options["code"] == "-" else options["code"]
        if not code:
            self.stdout.write(
                "Open this page, choose the location, and give the code with --code=CODE:"
            )
            self.stdout.write(oauth.authorization_page(options["redirect_uri"]))
            return
        self._connect(code, options["redirect_uri"], options["user_type"])
        self.stdout.write(f"GoHighLevel is connected: location {vendor_value('GHL_LOCATION_ID')}.")

    def _connect(self, code: str, redirect_uri: str, user_type: str) -> None:
        try:
            pair = oauth.pair_by_code(code, redirect_uri, user_type)
            if pair.user_type == oauth.LOCATION and pair.location_id != vendor_value(
                "GHL_LOCATION_ID"
            ):
                raise CommandError(
                    f"That is location {pair.location_id}, and GHL_LOCATION_ID is another one."
                )
            ghl_tokens.store_connection(pair)
            ghl_tokens.current_token()  # for a company this gets the location's
        except http.HttpError as failure:
            raise CommandError(f"GoHighLevel said no: {failure.detail}") from failure
