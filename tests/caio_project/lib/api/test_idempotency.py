"""A write that is sent again with its Idempotency-Key is done once."""

import json
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from caio_project.lib.api import idempotency
from caio_project.lib.models import IdempotentAnswer
from leads.models import InboundEvent, Suppression
from outreach.control import phase
from tests.caio_project.test_api import key
from tests.paths import every_route

STOP = {"scope": "address", "value": "jane@acme.example.com", "reason": "manual"}


def post(headers: dict[str, str], body: Any, idem: str = "k-1", path: str = "suppressions") -> Any:
    return Client(raise_request_exception=False).post(
        f"/api/{path}",
        json.dumps(body),
        content_type="application/json",
        headers={**headers, "Idempotency-Key": idem},
    )


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_same_key_and_body_get_the_same_answer_and_one_effect(self) -> None:
        mine = key("leads:write", "leads:read")

        first, again = post(mine, STOP), post(mine, STOP)

        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json() and Suppression.objects.count() == 1
        assert again.headers["Idempotency-Replayed"] == "true"
        assert post(mine, STOP, "k-2").status_code == 200  # without it: known before

    def test_another_body_is_422_and_nothing_happens(self) -> None:
        mine = key("leads:write")
        post(mine, STOP)

        refused = post(mine, {**STOP, "value": "joe@acme.example.com"})

        assert refused.status_code == 422 and "Idempotency-Key" in refused.json()["detail"]
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert Suppression.objects.count() == 1

    def test_keys_of_two_clients_do_not_meet(self) -> None:
        post(key("leads:write"), STOP)

        other = post(key("leads:write"), {**STOP, "value": "joe@acme.example.com"})

        assert other.status_code == 201 and Suppression.objects.count() == 2

    def test_a_refusal_is_not_kept_for_nothing_happened(self) -> None:
        mine = key("leads:write")

        assert post(mine, {**STOP, "value": "nonsense"}).status_code == 400
        assert not IdempotentAnswer.objects.exists() and not Suppression.objects.exists()
        assert post(mine, STOP).status_code == 201

    @pytest.mark.parametrize("name", ["", " ", "x" * 256, "caf\u00e9"])
    def test_a_key_that_is_none_is_named(self, name: str) -> None:
        refused = post(key("leads:write"), STOP, name.encode().decode("latin-1"))

        assert refused.status_code == 400
        assert refused.json()["errors"][0]["field"] == "Idempotency-Key"
        assert not Suppression.objects.exists()

    def test_one_that_is_being_worked_on_is_409_until_its_time_is_over(self) -> None:
        mine = key("leads:write")
        post(mine, STOP)
        rows = IdempotentAnswer.objects.all()
        rows.update(status=None, body="")

        assert post(mine, STOP).status_code == 409
        rows.update(locked_until=timezone.now() - timedelta(seconds=1))
        assert post(mine, STOP).status_code == 200  # done again: the first may have died

    def test_a_crash_between_work_and_answer_leaves_neither(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mine = key("outreach:halt")

        def die(*_: Any, **__: Any) -> str:
            raise MemoryError

        monkeypatch.setattr(idempotency, "encrypt_text", die)
        assert post(mine, {"reason": "Stop it."}, path="halt").status_code == 500
        assert not phase.current_control().halted and not IdempotentAnswer.objects.exists()

    def test_after_a_day_the_key_is_free_and_answers_are_purged(self) -> None:
        mine = key("leads:write")
        post(mine, STOP)
        IdempotentAnswer.objects.update(expires_at=timezone.now())

        assert post(mine, STOP).status_code == 200
        IdempotentAnswer.objects.update(expires_at=timezone.now())
        assert idempotency.purge_expired(timezone.now()) == 1

    def test_what_is_stored_names_nobody(self) -> None:
        post(key("leads:write"), STOP)

        assert "jane" not in str(list(IdempotentAnswer.objects.values()))


def test_every_write_of_the_api_takes_the_header() -> None:
    views = [
        (route, getattr(one.callback, "view_class", None) or getattr(one.callback, "cls", None))
        for route, one in every_route()
        if route.startswith("api/")
    ]
    writes = [(r, v.post) for r, v in views if v is not None and hasattr(v, "post")]

    assert len(writes) >= 12
    assert [r for r, method in writes if not getattr(method, "is_idempotent", False)] == []


@pytest.mark.postgres
def test_fifty_at_once_have_one_effect(committed: None) -> None:
    mine, found = key("leads:write"), Counter[int]()
    body = {"LinkedIn URL": "https://www.linkedin.com/in/some-body", "First Name": "Some"}
    start = threading.Barrier(50)

    def ask() -> None:
        start.wait()
        found[post(mine, body, path="visitors").status_code] += 1
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert set(found) <= {202, 409} and found[202] >= 1 and found.total() == 50
    assert InboundEvent.objects.count() == 1 and InboundEvent.objects.get().deliveries == 1
