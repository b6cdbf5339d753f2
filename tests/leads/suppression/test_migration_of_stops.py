"""Rows whose spelling matched nothing get one beside them that holds."""

from importlib import import_module

import pytest
from django.apps import apps

from leads.models import Suppression
from leads.suppression.suppression import find_stop

migration = import_module("leads.migrations.0022_stops_that_never_matched")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scope", "value", "address"),
    [
        ("address", "*@acme.test", "jane@acme.test"),
        ("address", "*@mail.acme.test", "jane@acme.test"),
        ("domain", "*.acme.test", "jane@acme.test"),
        ("domain", "*.mail.acme.test", "jane@mail.acme.test"),
        ("address", "*@acme.github.io", "jane@acme.github.io"),
    ],
)
def test_a_spelling_that_matched_nothing_holds_afterwards(
    scope: str, value: str, address: str
) -> None:
    Suppression.objects.create(scope=scope, value=value, reason="competitor", source="import old")
    assert find_stop(address) is None
    migration.stop_meant_domains(apps, None)
    stop = find_stop(address)
    assert stop is not None and (stop.reason, stop.source) == ("competitor", "import old")
    assert Suppression.objects.filter(scope=scope, value=value).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["j***@acme.test", "*", "*.com"])
def test_what_nobody_can_read_stays_alone(value: str) -> None:
    Suppression.objects.create(scope="address", value=value, reason="manual", source="x")
    migration.stop_meant_domains(apps, None)
    assert Suppression.objects.count() == 1
