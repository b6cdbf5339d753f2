"""What happened cannot be changed: the database itself refuses, whatever the code above it does."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from approvals.models import (
    Decision,
    DecisionUndo,
    EditTag,
    QualityScore,
    Rereading,
    RereadingDraw,
    RereadingItem,
    Snooze,
    TakeOver,
    TrainingEmail,
)
from approvals.quality.dimensions import NAMES
from caio_project.lib.db import append_only
from caio_project.lib.models import AccessEvent, SetUpChange, WebhookChange, WebhookEndpoint
from leads.models import Erasure, ErasureRun, OwnerChange
from metrics.models import (
    Baseline,
    DmarcReport,
    DmarcSource,
    GateEvaluation,
    Incident,
    IncidentMove,
    MonthlyTarget,
    SignOff,
    UnitPrice,
)
from outreach.models import (
    Assignment,
    ControlChange,
    EmailEvent,
    EmailTemplate,
    Experiment,
    GuardrailBreach,
    HealthVerdict,
    HistoryItem,
    Move,
    Segment,
    SellerVersion,
)
from tests import conftest, factories

pytestmark = pytest.mark.usefixtures("standing_guards")


def move() -> Move:
    return Move.objects.create(
        message=factories.draft_email(),
        from_status="draft",
        to_status="held",
        why="test",
        version=1,
    )


def change() -> ControlChange:
    return ControlChange.objects.create(
        what="phase", before="shadow", after="parallel", by_name="Lena"
    )


def decision() -> Decision:
    return Decision.objects.create(
        message=factories.draft_email(),
        verdict="approved",
        version=1,
        text_sha256="0" * 64,
        by_name="Rita",
        channel="desk",
        phase="parallel",
        edited=False,
        held_at=timezone.now(),
        is_evidence=True,
    )


def erasure() -> Erasure:
    return Erasure.objects.create(source="command", marks=[])


def decision_undo() -> DecisionUndo:
    return DecisionUndo.objects.create(decision=decision(), by_name="rita", channel="desk")


def rereading_draw() -> RereadingDraw:
    return RereadingDraw.objects.create(
        day=timezone.now().date(), seed="0" * 32, one_in=5, approved=5, drawn=1
    )


def rereading() -> Rereading:
    item = RereadingItem.objects.create(message=factories.draft_email(), version=1, machine=True)
    user = User.objects.create_user("rita")
    return Rereading.objects.create(item=item, judgement="approve", by=user, by_name="rita")


def snooze() -> Snooze:
    return Snooze.objects.create(
        message=factories.draft_email(), by=User.objects.create_user("lena"), until=timezone.now()
    )


def take_over() -> TakeOver:
    by, other = (User.objects.create_user(name) for name in ("lena", "rita"))
    return TakeOver.objects.create(message=factories.draft_email(), by=by, from_user=other)


def quality_score() -> QualityScore:
    return QualityScore.objects.create(
        message=factories.draft_email(),
        by=User.objects.create_user("nora"),
        version=1,
        source="desk",
        **dict.fromkeys(NAMES, 3),
    )


def training_email() -> TrainingEmail:
    return TrainingEmail.objects.create(message=factories.draft_email())


def edit_tag() -> EditTag:
    return EditTag.objects.create(
        message=factories.draft_email(),
        by=User.objects.create_user("mia"),
        version=2,
        tag="tone_style",
    )


def dmarc_report() -> DmarcReport:
    now = timezone.now()
    return DmarcReport.objects.create(
        organisation="receiver.test",
        report_id="r1",
        domain="ours.example.com",
        begins_at=now,
        ends_at=now,
        messages=1,
    )


def evaluation() -> GateEvaluation:
    return GateEvaluation.objects.create(
        target="assisted",
        verdict="fail",
        gates=[],
        metric_version="1",
        policy_version="1",
        before="",
        sha256="0" * 64,
    )


def segment() -> Segment:
    user = User.objects.create_user("lena")
    return Segment.objects.create(what="tier_1", looked_at=2, queued=1, by=user)


def assignment() -> Assignment:
    template, user = (
        EmailTemplate.objects.filter(active=True).first(),
        User.objects.create_user("lena"),
    )
    test = Experiment.objects.create(
        kind="subject",
        template_key=template.key,
        template_a=template,
        template_b=template,
        size=10,
        started_by=user,
    )
    return Assignment.objects.create(experiment=test, message=factories.draft_email(), variant="a")


def seller_version() -> SellerVersion:
    return SellerVersion.objects.create(version=1, words={"company": "Northwind"})


def history_item() -> HistoryItem:
    return HistoryItem.objects.create(key="0" * 64, what="sent")


def email_event() -> EmailEvent:
    return EmailEvent.objects.create(
        key="0" * 64,
        message=factories.draft_email(),
        kind="delivered",
        source="webhook",
        at=timezone.now(),
    )


def health_verdict() -> HealthVerdict:
    return HealthVerdict.objects.create(
        domain="mail.ours.example.com",
        spf="present",
        dkim="present",
        dmarc="present",
        evaluated_at=timezone.now(),
    )


def breach() -> GuardrailBreach:
    return GuardrailBreach.objects.create(
        guardrail="complaints",
        level="alert",
        action="alerted",
        events=["complained:1"],
        sends=0,
        phase_before="assisted",
        phase_after="assisted",
    )


def incident_move() -> IncidentMove:
    incident = Incident.objects.create(cause="silent_source", subject="rb2b")
    return IncidentMove.objects.create(incident=incident, kind="opened")


def owner_change() -> OwnerChange:
    return OwnerChange.objects.create(lead=factories.LeadFactory(), how="default")


def baseline() -> Baseline:
    return Baseline.objects.create(
        emails=847,
        reply_rate=6.5,
        meetings=12,
        pipeline_value=142_000,
        by=User.objects.create_user("recorder"),
    )


def webhook_change() -> WebhookChange:
    endpoint = WebhookEndpoint.objects.create(url="https://hooks.example.com/caio", secret="sealed")
    return WebhookChange.objects.create(endpoint=endpoint, what="added", by_name="Lena")


ROWS: dict[type[models.Model], Callable[[], Any]] = {
    AccessEvent: lambda: AccessEvent.objects.create(kind="signed_out"),
    WebhookChange: webhook_change,
    SetUpChange: lambda: SetUpChange.objects.create(
        what="entered", about="GHL_API_TOKEN", by_name="Lena"
    ),
    OwnerChange: owner_change,
    Erasure: erasure,
    ErasureRun: lambda: ErasureRun.objects.create(erasure=erasure()),
    Move: move,
    ControlChange: change,
    Segment: segment,
    SellerVersion: seller_version,
    EmailEvent: email_event,
    HealthVerdict: health_verdict,
    GuardrailBreach: breach,
    HistoryItem: history_item,
    Assignment: assignment,
    Decision: decision,
    DecisionUndo: decision_undo,
    RereadingDraw: rereading_draw,
    Rereading: rereading,
    Snooze: snooze,
    TakeOver: take_over,
    QualityScore: quality_score,
    TrainingEmail: training_email,
    EditTag: edit_tag,
    GateEvaluation: evaluation,
    DmarcReport: dmarc_report,
    DmarcSource: lambda: DmarcSource.objects.create(
        report=dmarc_report(), address="192.0.2.1", messages=1, dkim=True, spf=False
    ),
    Baseline: baseline,
    IncidentMove: incident_move,
    SignOff: lambda: SignOff.objects.create(
        evaluation=evaluation(), text="I answer for it.", by=User.objects.create_user("signer")
    ),
    MonthlyTarget: lambda: MonthlyTarget.objects.create(
        month=timezone.now().date(), sent=1, reply_percent=8, meetings=1, pipeline_value=1,
        by=User.objects.create_user("setter"),
    ),
    UnitPrice: lambda: UnitPrice.objects.create(
        starts_on=timezone.now().date(), by=User.objects.create_user("buyer")
    ),
}  # fmt: skip
every = pytest.mark.parametrize(
    "make", [pytest.param(make, id=model.__name__) for model, make in ROWS.items()]
)


def contents(table: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        return cursor.fetchall()


def refused(act: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        act()


@pytest.mark.django_db
def test_exactly_the_append_only_models_have_triggers() -> None:
    subclasses = [model for model in apps.get_models() if issubclass(model, append_only.AppendOnly)]
    assert append_only.append_only_tables() == sorted(model._meta.db_table for model in subclasses)
    assert sorted(ROWS, key=str) == sorted(subclasses, key=str)
    assert sorted(conftest.GUARDED) == append_only.append_only_tables()


@pytest.mark.django_db
@every
@pytest.mark.parametrize("statement", ["UPDATE {table} SET id = id", "DELETE FROM {table}"])
def test_sql_that_changes_or_removes_rows_is_refused(
    make: Callable[[], Any], statement: str
) -> None:
    table = make()._meta.db_table
    before = contents(table)
    with connection.cursor() as cursor:
        refused(lambda: cursor.execute(statement.format(table=table)))
    assert contents(table) == before != []


@pytest.mark.django_db
@every
def test_the_ways_around_save_are_refused_as_well(make: Callable[[], Any]) -> None:
    row = make()
    rows, before = type(row).objects.all(), contents(row._meta.db_table)
    refused(lambda: rows.update(id=row.pk))
    refused(lambda: rows.bulk_update([row], [row._meta.concrete_fields[1].name]))
    refused(rows.delete)
    assert contents(row._meta.db_table) == before


@pytest.mark.django_db
@every
def test_saving_again_and_deleting_raise_by_name(make: Callable[[], Any]) -> None:
    row = make()
    before = contents(row._meta.db_table)
    for act in (row.save, row.delete):
        with pytest.raises(TypeError, match=f"^{type(row).__name__} is append-only$"):
            act()
    assert contents(row._meta.db_table) == before


@pytest.mark.usefixtures("committed")
def test_a_database_after_a_flush_is_guarded_again() -> None:
    assert append_only.append_only_tables() == sorted(conftest.GUARDED)


@pytest.mark.usefixtures("committed")
def test_triggers_follow_a_migration_back_and_forth() -> None:
    operation = append_only.HoldAppendOnly("outreach_move")
    try:
        with connection.schema_editor() as editor:
            operation.database_backwards("outreach", editor, None, None)
        assert append_only.append_only_tables() == sorted({*conftest.GUARDED} - {"outreach_move"})
    finally:
        with connection.schema_editor() as editor:
            operation.database_forwards("outreach", editor, None, None)
    assert append_only.append_only_tables() == sorted(conftest.GUARDED)
