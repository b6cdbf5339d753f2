"""A request's id is on its lines and in its answer."""

import logging
import uuid

import pytest
from django.test import Client

from tests.caio_project.lib.logs.capture import captured_logs

NGINX = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("given", [NGINX, str(uuid.UUID(NGINX)), NGINX.upper()])
def test_a_well_formed_id_is_taken_over(client: Client, given: str) -> None:
    with captured_logs() as log:
        answer = client.get("/api/health/live", headers={"X-Request-ID": given})

    assert answer["X-Request-ID"] == given
    assert [row["request_id"] for row in log.rows_saying("request_finished")] in ([given], [])


@pytest.mark.parametrize(
    "given", ["", "Dana Okafor", "dana@northline.test", "a" * 65, NGINX + "\n", "deadbeef"]
)
def test_any_other_is_replaced(client: Client, given: str) -> None:
    with captured_logs() as log:
        answer = client.get("/api/health/live", headers={"X-Request-ID": given})

    assert answer["X-Request-ID"] == str(uuid.UUID(answer["X-Request-ID"])) != given
    assert not given or given not in log.text


@pytest.mark.django_db
def test_a_request_is_told_by_its_route_alone(client: Client) -> None:
    with captured_logs() as log:
        client.post("/webhooks/rb2b/a-wrong-token?email=dana@northline.test", b"{}", "text/plain")

    (row,) = log.rows_saying("request_finished")
    assert (row["request"], row["code"]) == ("POST /webhooks/rb2b/…", 401)
    assert "wrong" not in log.text and "northline" not in log.text


def test_lines_after_a_request_do_not_carry_its_id(client: Client) -> None:
    with captured_logs() as log:
        client.get("/api/health/live")
        logging.getLogger("leads").info("later")

    assert "request_id" not in log.rows_saying("later")[0]
