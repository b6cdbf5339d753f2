"""From each row one id is found: the public id of the visit's event."""

import logging
import threading
from datetime import timedelta
from hashlib import sha256
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.logs import correlation
from caio_project.lib.logs.lines import LineFormatter
from leads.models import Enrichment, InboundEvent
from tests import factories
from tests.caio_project.lib.logs.capture import captured_logs

pytestmark = pytest.mark.django_db
log = logging.getLogger("leads.test")


def visit_of(lead: Any, **more: Any) -> InboundEvent:
    event = InboundEvent.objects.create(
        source="rb2b", body_sha256=sha256(f"{lead.pk}{more}".encode()).hexdigest(), body=b""
    )
    factories.VisitFactory(lead=lead, event=event, **more)
    return event


def printed(row: str) -> str:
    out = StringIO()
    call_command("show_log_id", row, stdout=out)
    return out.getvalue().strip()


def test_every_row_of_one_visit_has_its_id() -> None:
    lead = factories.LeadFactory()
    event = visit_of(lead)
    message = factories.draft_email(lead)
    enrichment = Enrichment.objects.create(lead=lead)

    wanted = str(event.public_id)
    assert [correlation.id_of(row) for row in (event, lead, message, enrichment)] == [wanted] * 4
    assert printed(str(message.public_id)) == printed(str(lead.public_id)) == wanted
    assert printed(f"message-{message.pk}") == wanted


def test_an_email_keeps_its_id_when_the_person_comes_back() -> None:
    lead = factories.LeadFactory()
    first = visit_of(lead, received_at=timezone.now() - timedelta(hours=1))
    message = factories.draft_email(lead)
    later = visit_of(lead, received_at=timezone.now() + timedelta(hours=1))

    assert correlation.id_of(message) == str(first.public_id)
    assert correlation.id_of(lead) == str(later.public_id)


def test_without_a_visit_the_lead_is_the_id() -> None:
    message = factories.draft_email()

    assert correlation.id_of(message) == str(message.lead.public_id)


def test_leased_rows_are_on_the_lines_written_meanwhile() -> None:
    lead = factories.LeadFactory()
    event = visit_of(lead)
    Enrichment.objects.create(lead=lead)

    with captured_logs() as written:
        for _row in claims.lease_rows(Enrichment.objects.all(), 60):
            log.warning("meanwhile")
        log.warning("afterwards")

    (meanwhile,), (after,) = written.rows_saying("meanwhile"), written.rows_saying("afterwards")
    assert meanwhile["correlation_id"] == str(event.public_id)
    assert "correlation_id" not in after


def test_a_generator_that_is_closed_late_leaves_other_work_alone() -> None:
    """Who raises in its loop leaves it open, until Python collects it."""
    first, other = factories.LeadFactory(), factories.LeadFactory()
    Enrichment.objects.create(lead=first)
    leased = claims.lease_rows(Enrichment.objects.all(), 60)
    next(leased)
    assert correlation.current_id() == str(first.public_id)
    with correlation.about(other):
        leased.close()  # type: ignore[attr-defined]
        assert correlation.current_id() == str(other.public_id)
    correlation.forget()
    assert correlation.current_id() == ""


def test_the_id_is_looked_up_once_and_only_for_a_line(django_assert_num_queries: Any) -> None:
    lead = factories.LeadFactory()
    visit_of(lead)

    with captured_logs(), django_assert_num_queries(0), correlation.about(lead):
        pass
    with captured_logs(), django_assert_num_queries(1), correlation.about(lead):
        log.warning("one")
        log.warning("two")


def test_an_id_that_cannot_be_looked_up_is_the_rows_name() -> None:
    class AwayRow:
        pk, _meta = 7, factories.LeadFactory._meta.model._meta

        def correlation_id(self) -> str:
            from django.db import OperationalError

            raise OperationalError("away")

    with captured_logs() as written, correlation.about(AwayRow()):
        log.warning("still written")

    assert written.rows_saying("still written")[0]["correlation_id"] == "lead-7"


@pytest.mark.parametrize("typed", ["nobody", "message-999999", "lead-", "message-x", "0" * 32])
def test_an_unknown_id_is_refused(typed: str) -> None:
    with pytest.raises(CommandError, match="no event, lead or email"):
        printed(typed)


def test_a_lookup_that_hangs_keeps_nobody_else_from_the_log() -> None:
    (console,) = (
        one
        for one in logging.getLogger().handlers
        if isinstance(one, logging.StreamHandler) and isinstance(one.formatter, LineFormatter)
    )
    asked, answer, written = threading.Event(), threading.Event(), StringIO()

    def hang() -> str:
        asked.set()
        answer.wait(30)
        return "found-at-last"

    row = SimpleNamespace(
        pk=1, correlation_id=hang, _meta=SimpleNamespace(model_name="row", concrete_fields=())
    )

    def work() -> None:
        with correlation.about(row):
            log.warning("slow")

    before = console.setStream(written)
    slow = threading.Thread(target=work)
    other = threading.Thread(target=log.warning, args=("meanwhile",))
    try:
        slow.start()
        assert asked.wait(5)
        other.start()
        other.join(5)
        assert "meanwhile" in written.getvalue()
    finally:
        answer.set()
        slow.join(5)
        console.setStream(before)
    assert "found-at-last" in written.getvalue()
