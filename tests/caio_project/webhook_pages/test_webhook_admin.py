"""Webhooks in the admin: to look at, without secrets, and what receivers answered by permission."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from caio_project.lib.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from caio_project.lib.webhooks_out.models import WebhookAttempt

pytestmark = pytest.mark.django_db
TABLES = ("webhookendpoint", "webhookattempt", "webhookevent", "webhookchange")
ANSWER = "thanks, Dana Okafor"


@pytest.fixture
def delivery() -> WebhookDelivery:
    endpoint = WebhookEndpoint.objects.create(
        url="https://hooks.example.com/caio", secret="sealed-current", old_secret="sealed-before"
    )
    event = WebhookEvent.objects.create(type="message.held", data={"message": 7})
    row = WebhookDelivery.objects.create(event=event, endpoint=endpoint)
    WebhookAttempt.objects.create(delivery=row, status=200, code="ok", response=ANSWER)
    return row


def staff(client: Client, *permissions: str) -> User:
    user = User.objects.create_user("ines", "ines@ours.example.com", "a-long-password")
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return user


def page(client: Client, row: Any) -> str:
    path = reverse(f"admin:lib_{row._meta.model_name}_change", args=[row.pk])
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_no_page_shows_a_secret(client: Client, delivery: WebhookDelivery) -> None:
    client.force_login(User.objects.create_superuser("boss"))

    shown = page(client, delivery.endpoint) + page(client, delivery.event)
    shown += client.get(reverse("admin:lib_webhookendpoint_changelist")).content.decode()

    assert "hooks.example.com" in shown and "sealed-" not in shown


@pytest.mark.parametrize(
    ("permissions", "is_shown"),
    [(("manage_webhooks",), False), (("manage_webhooks", "read_inboundevent"), True)],
)
def test_an_answer_is_read_with_the_permission_alone(
    client: Client, delivery: WebhookDelivery, permissions: tuple[str, ...], is_shown: bool
) -> None:
    staff(client, *permissions)

    assert (ANSWER in page(client, delivery.tries.get())) is is_shown


@pytest.mark.parametrize("table", TABLES)
def test_without_the_permission_there_is_nothing_to_see(
    client: Client, delivery: WebhookDelivery, table: str
) -> None:
    staff(client, "view_lead")

    assert client.get(reverse(f"admin:lib_{table}_changelist")).status_code == 403


def test_a_list_is_not_asked_by_another_column(client: Client, delivery: WebhookDelivery) -> None:
    client.force_login(User.objects.create_superuser("boss"))
    path = reverse("admin:lib_webhookendpoint_changelist")

    assert client.get(f"{path}?secret__startswith=s").status_code in (302, 400)


def test_nothing_is_changed_or_deleted_there(client: Client, delivery: WebhookDelivery) -> None:
    client.force_login(User.objects.create_superuser("boss"))
    endpoint = delivery.endpoint
    for verb in ("change", "delete"):
        path = reverse(f"admin:lib_webhookendpoint_{verb}", args=[endpoint.pk])
        assert client.post(path, {"post": "yes", "url": "https://evil.test"}).status_code == 403

    endpoint.refresh_from_db()
    assert endpoint.url == "https://hooks.example.com/caio"
