"""Prepare the database of bench/soak.py: a sender, a reviewer with a session and a key, and an
endpoint for webhooks at the address given. Prints what the load needs as JSON.
"""

import json
import os
import sys
from typing import Any

import django


def main(receiver: str) -> dict[str, Any]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
    django.setup()
    from django.contrib.auth.models import Group, User
    from django.test import Client

    from bench.visit_pace import add_sender
    from caio_project.lib.models import ApiKey
    from caio_project.lib.webhooks_out import endpoints
    from caio_project.lib.webhooks_out.event_types import SCOPE_OF_EVENT, SUBSCRIBABLE
    from outreach.choices import Phase
    from outreach.limits import sending_domains
    from outreach.models import Control

    add_sender()
    Control.objects.update(phase=Phase.AUTONOMOUS)
    sending_domains.mark_established(
        sending_domains.our_domain(), by=None, reason="The daily cap is enough here."
    )
    user = User.objects.create_user("soak-reviewer", password="a-long-password-of-a-bench")
    user.groups.add(Group.objects.get(name="Reviewer"))
    scopes = ["messages:read", "approvals:decide", "leads:read"]
    _, key = ApiKey.objects.create_key(name="soak", scopes=scopes, user=user)
    client = Client()
    client.force_login(user)
    by = endpoints.Manager(None, "soak", frozenset(SCOPE_OF_EVENT.values()))
    _, secret = endpoints.add_endpoint(endpoints.EndpointWish(receiver, tuple(SUBSCRIBABLE)), by)
    return {"key": key, "session": client.cookies["sessionid"].value, "secret": secret}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
