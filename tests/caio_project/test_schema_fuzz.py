"""Requests made from the API's own schema, right and wrong ones: no 500, every answer as the schema
says it, nothing over two seconds.

A few for each operation run with the other tests; `make fuzz` makes many.
"""

import json
import os
from collections import Counter
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
import schemathesis
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core import NotSet
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from caio_project.lib.models import SCOPES as ALL_SCOPES
from caio_project.lib.webhooks_out import endpoints
from tests import factories
from tests.caio_project.fuzz_tally import Stopwatch, note_requests
from tests.caio_project.test_api import key

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore")]

EXAMPLES = int(os.environ.get("CAIO_FUZZ_EXAMPLES", "8"))  # of each operation
SCOPES = tuple(scope for scope in ALL_SCOPES if scope != "outreach:halt")
AS_DECLARED = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


@pytest.fixture(autouse=True)
def roomy_rate(settings: Any) -> None:
    settings.API_RATE_PER_MINUTE = 1_000_000


@cache
def operations() -> dict[str, Any]:
    document = SchemaGenerator().get_schema(request=None, public=True)
    schema = schemathesis.openapi.from_dict(document)
    found = [result.ok() for result in schema.get_all_operations()]
    return {one.label: one for one in found}


def send(client: Client, case: Any, headers: dict[str, str]) -> Any:
    """The request of a case; a body that JSON cannot hold goes as text."""
    path = quote(case.formatted_path, safe="/%")
    query = urlencode(dict(case.query or {}), doseq=True, errors="replace")
    body = b""
    if isinstance(case.body, bytes):
        body = case.body
    elif not isinstance(case.body, NotSet):
        body = json.dumps(case.body, default=str).encode("utf-8", "replace")
    own = {name: value for name, value in case.headers.items() if name == "Idempotency-Key"}
    return client.generic(
        case.method.upper(), f"{path}?{query}", body, "application/json", headers=own | headers
    )


def as_schemathesis_has_it(answer: Any, method: str) -> Response:
    request = requests.Request(method, f"http://localhost{answer.request['PATH_INFO']}").prepare()
    headers = {name: [value] for name, value in answer.headers.items()}
    return Response(answer.status_code, headers, answer.content, request, elapsed=0.0, verify=False)


def known_ids() -> list[str]:
    """Ids of rows that are there, so that not every request ends in a 404."""
    message = factories.held_email()
    by = endpoints.Manager(None, "fuzz", frozenset(SCOPES))
    wish = endpoints.EndpointWish("https://hooks.example.com/caio", ("message.held",))
    endpoint, _ = endpoints.add_endpoint(wish, by)
    return [str(message.public_id), str(message.lead.public_id), str(endpoint.public_id), "1"]


@pytest.mark.parametrize("label", sorted(operations()))
def test_no_request_of_the_schema_ends_in_an_error(label: str) -> None:
    MigrationRecorder.Migration.objects.update(applied=timezone.now())  # no sweep is late yet
    operation, ids = operations()[label], st.sampled_from(known_ids())
    client, headers = Client(raise_request_exception=False), key(*SCOPES)
    asked: Counter[int] = Counter()

    def ask(case: Any, known: str, is_known: bool) -> None:
        if is_known:
            case.path_parameters = dict.fromkeys(case.path_parameters or {}, known)
        watch = Stopwatch()
        response = send(client, case, headers)
        is_late, took = watch.is_late(), watch.own_seconds()
        assert response.status_code < 500 and not is_late, (case.formatted_path, took)
        declared = operation.definition.raw["responses"]
        assert str(response.status_code) in declared, (label, response.status_code)
        case.validate_response(as_schemathesis_has_it(response, case.method), checks=AS_DECLARED)
        asked[response.status_code] += 1

    for mode in modes(operation):
        cases = operation.as_strategy(generation_mode=mode)
        settings(max_examples=EXAMPLES // 2, suppress_health_check=list(HealthCheck))(
            given(case=cases, known=ids, is_known=st.booleans())(ask)
        )()
    print(label, dict(asked))
    note_requests("schema", asked)
    assert asked.total() >= min(EXAMPLES, 2)
    assert set(asked) != {401}


def modes(operation: Any) -> list[GenerationMode]:
    """Requests against the schema can be made only where it asks for something."""
    raw = operation.definition.raw
    asks = bool(raw.get("parameters") or raw.get("requestBody"))
    return [GenerationMode.POSITIVE, *[GenerationMode.NEGATIVE] * asks]
