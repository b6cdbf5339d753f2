"""Imported visitors: stored in batches, and worked off behind what comes in live."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from caio_project.lib.models import Heartbeat
from leads import tasks
from leads.imports import import_files, imported_visits
from leads.inbound import events
from leads.models import InboundEvent, Lead, Switch
from leads.scoring import assess
from metrics.overview import flow
from tests import factories
from tests.fakes import rb2b
from tests.leads.imports.import_helpers import command, file

pytestmark = pytest.mark.django_db


def lines(count: int) -> list[str]:
    seen_at = (timezone.now() - timedelta(days=20)).isoformat()
    return [json.dumps(rb2b.person({"Seen At": seen_at})) for _ in range(count)]


def imported(count: int) -> None:
    assert imported_visits.store_batch([line.encode() for line in lines(count)]) == count


def live() -> InboundEvent:
    stored = events.store_event("rb2b", rb2b.to_body(rb2b.person()))
    return InboundEvent.objects.get(public_id=stored.public_id)


def waiting(source: str) -> int:
    return InboundEvent.objects.filter(source=source, state="waiting").count()


class TestStoring:
    def test_a_batch_is_stored_as_one_by_one(self) -> None:
        [body] = [line.encode() for line in lines(1)]
        imported_visits.store_batch([body])
        by_hand = InboundEvent.objects.get()
        InboundEvent.objects.all().delete()

        events.store_event("import", body)

        one = InboundEvent.objects.get()
        same = ("source", "body_sha256", "kind", "state", "reason", "reason_code", "reason_args")
        same += ("notes", "deliveries", "attempts", "lease_until", "processed_at", "about_id")
        assert bytes(one.body) == bytes(by_hand.body) == body
        assert [getattr(one, name) for name in same] == [getattr(by_hand, name) for name in same]

    def test_new_and_known_are_counted_also_within_one_file(self, tmp_path: Path) -> None:
        rows = lines(3)
        command("import_visitors", file(tmp_path, rows[0]))

        out, _ = command("import_visitors", file(tmp_path, "\n".join([*rows, rows[1]])))

        assert out == "4 visitors read: 2 new, 2 known before.\n"
        assert set(InboundEvent.objects.values_list("deliveries", flat=True)) == {1}

    def test_a_body_of_another_source_is_not_taken_for_known(self) -> None:
        [line] = lines(1)
        events.store_event("rb2b", line.encode())

        assert imported_visits.store_batch([line.encode()]) == 1

    def test_an_import_that_was_killed_is_continued(self) -> None:
        raw = "\n".join(lines(2 * imported_visits.BATCH_SIZE + 1)).encode()

        class Killed(BaseException):
            pass

        def kill(done: int, total: int) -> None:
            if done == imported_visits.BATCH_SIZE:
                raise Killed

        with pytest.raises(Killed):
            import_files.import_visitors(raw, progress=kill)
        assert InboundEvent.objects.count() == 500
        told: list[tuple[int, int]] = []
        report = import_files.import_visitors(raw, progress=lambda *one: told.append(one))

        assert (report.new, report.known) == (501, 500)
        assert told == [(500, 1001), (1000, 1001), (1001, 1001)]
        assert InboundEvent.objects.count() == 1001


class TestWorkingOff:
    def test_the_sweep_works_imported_visits_off(self) -> None:
        imported(12)

        tasks.process_imported()

        assert (waiting("import"), Lead.objects.count()) == (0, 12)
        assert Heartbeat.objects.get(name="leads.process_imported").worked_at is not None

    def test_the_sweep_of_live_events_leaves_imported_ones(self) -> None:
        imported(3)
        live()

        tasks.process_events()

        assert (waiting("import"), waiting("rb2b"), Lead.objects.count()) == (3, 0, 1)

    def test_imported_visits_wait_for_live_ones(self) -> None:
        imported(3)
        live()

        tasks.process_imported()

        assert (waiting("import"), waiting("rb2b"), Lead.objects.count()) == (3, 1, 0)
        assert Heartbeat.objects.get(name="leads.process_imported").worked_at is None

    def test_a_live_event_that_is_tried_again_later_holds_nothing_up(self) -> None:
        imported(3)
        later = timezone.now() + timedelta(hours=1)
        InboundEvent.objects.filter(pk=live().pk).update(not_before=later)

        tasks.process_imported()

        assert waiting("import") == 0

    def test_imported_visits_stop_while_many_leads_wait_for_a_score(self) -> None:
        imported(3)
        for _ in range(imported_visits.MOST_AHEAD):
            factories.LeadFactory(needs_assessment_at=timezone.now())

        assert imported_visits.process_imported() == 0
        assert waiting("import") == 3

        assess.assess_due()
        Lead.objects.update(draft_due_at=None)
        assert imported_visits.process_imported() == 3

    def test_visits_are_worked_off_while_scoring_is_off(self) -> None:
        Switch.objects.update_or_create(name=assess.SWITCH_NAME, defaults={"on": False})
        imported(3)
        for _ in range(imported_visits.MOST_AHEAD):
            factories.LeadFactory(needs_assessment_at=timezone.now())

        assert imported_visits.process_imported() == 3

    def test_a_long_import_is_counted_and_no_stage_is_stuck(self) -> None:
        imported(3)
        InboundEvent.objects.update(received_at=timezone.now() - timedelta(hours=1))

        [visits] = [one for one in flow.flow_stages() if one.code == "visits"]

        assert (visits.waiting, visits.is_stuck) == (3, False)
        assert flow.stuck_stages(timezone.now()) == []
        event = live()
        old = timezone.now() - timedelta(minutes=6)
        InboundEvent.objects.filter(pk=event.pk).update(received_at=old)
        assert "visits" in flow.stuck_stages(timezone.now())[0]
