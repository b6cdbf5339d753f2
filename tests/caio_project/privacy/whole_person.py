"""A person of whom something stands in every table that can hold anything about people."""

import json
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.utils import timezone

from approvals import models as approvals
from approvals.quality.dimensions import NAMES
from caio_project.lib.db.append_only import AppendOnly
from caio_project.privacy import field_places, table_rows
from leads.identity import merging
from leads.models import Alarm, Enrichment, InboundEvent, Lead, Suppression
from outreach import models as outreach
from outreach.choices import Status
from tests import factories

READ_BY_ERASURE = ("leads.Lead", "leads.Suppression", "leads.InboundEvent")
NAME = "zyxquill"  # stands nowhere else
ADDRESS = f"{NAME}@northline.test"
OTHER_ADDRESS = f"dana.{NAME}@gmail.com"
PROFILE = f"in/{NAME}-dana"
MENTION = f"Ask {ADDRESS.upper()} or https://www.linkedin.com/{PROFILE}/?x=1."


def make_person(user: User) -> Lead:
    """The surviving lead; one row or more of each table about people, each text with the name."""
    company = factories.CompanyFactory(name="Northline", domain="northline.test")
    lead = factories.LeadFactory(
        first_name=NAME.title(), last_name="Dana", email=ADDRESS, linkedin_key=PROFILE,
        company=company,
    )  # fmt: skip
    other = factories.LeadFactory(
        first_name=NAME.title(), email=OTHER_ADDRESS, linkedin_key=f"in/{NAME}-2", company=company
    )
    merging.merge_leads(lead, other, source="person", by=user, reason=f"Both are {NAME}.")
    lead.refresh_from_db()
    email = factories.held_email(lead)
    sent = outreach.Message.objects.create(
        lead=lead, status=Status.SENT, to_address=ADDRESS, sent_at=timezone.now(), version=1
    )
    _store_leads(lead)
    _store_emails(email, sent, user)
    _store_approvals(email, factories.create_feedback(sent), user)
    _log_in_admin(lead, user)
    _write_name_everywhere(lead)
    return lead


def _store_leads(lead: Lead) -> None:
    visit_body = json.dumps({"Business Email": ADDRESS, "First Name": NAME, "Seen At": "x"})
    event = InboundEvent.objects.create(
        source="rb2b", body_sha256="1" * 64, body=visit_body.encode(), state="processed"
    )
    factories.VisitFactory(lead=lead, event=event)
    clay = json.dumps({"email": ADDRESS, "personal_email": f"{NAME}@proton.me"})
    InboundEvent.objects.create(
        source="clay", body_sha256="2" * 64, body=clay.encode(), about=lead, state="processed"
    )
    escaped = '{"note": "ZYXQUILL\\u0040northline.test left"}'
    InboundEvent.objects.create(
        source="ghl", body_sha256="3" * 64, body=escaped.encode(), state="parked", reason=ADDRESS
    )
    Enrichment.objects.create(lead=lead, reason=NAME)
    Suppression.objects.create(
        scope="address", value=ADDRESS, reason="unsubscribed", source="reply", lead=lead
    )
    factories.known_contact(NAME.title(), email=ADDRESS)
    Alarm.objects.create(key="test", text=MENTION)


def _store_emails(email: Any, sent: Any, user: User) -> None:
    now = timezone.now()
    outreach.MessageText.objects.create(
        message=sent, version=1, subject=NAME, body=NAME, footer=NAME, sha256="x" * 64
    )
    outreach.SendIntent.objects.create(
        message=sent, transport="ghl", phase="parallel", day=now.date(), domain="northline.test",
        claimed_at=now, outcome="sent", settled_at=now,
    )  # fmt: skip
    outreach.SandboxEmail.objects.create(
        message=sent, to_address=ADDRESS, subject=NAME, html=f"<p>{NAME}</p>"
    )
    outreach.GhlLook.objects.get_or_create(message=email)
    outreach.AfterSend.objects.create(message=sent, what="tags")
    outreach.ModelDraft.objects.create(message=email, for_version=1)
    stop = Suppression.objects.get(reason="unsubscribed")
    outreach.OptOut.objects.create(suppression=stop)
    test = _experiment(user)
    outreach.Assignment.objects.create(experiment=test, message=email, variant="a")
    move = outreach.Move.objects.filter(message=email).first()
    outreach.MoveReason.objects.create(move=move, text=NAME)


def _experiment(user: User) -> outreach.Experiment:
    one, other = outreach.EmailTemplate.objects.order_by("pk")[:2]
    return outreach.Experiment.objects.create(
        kind="subject", template_key=one.key, template_a=one, template_b=other, size=50,
        started_by=user,
    )  # fmt: skip


def _store_approvals(email: Any, reply: Any, user: User) -> None:
    now = timezone.now()
    by = {"by": user, "by_name": user.username}
    decision = approvals.Decision.objects.create(
        message=email, verdict="approved", version=1, text_sha256="x" * 64, channel="desk",
        phase="parallel", edited=False, held_at=now, is_evidence=True, **by,
    )  # fmt: skip
    approvals.DecisionReason.objects.create(decision=decision, text=NAME)
    approvals.DecisionUndo.objects.create(decision=decision, channel="desk", **by)
    approvals.Reading.objects.create(message=email, user=user, version=1)
    approvals.Snooze.objects.create(message=email, by=user, until=now)
    approvals.TakeOver.objects.create(message=email, by=user, from_user=user)
    note = approvals.Note.objects.create(message=email, by=user, text=NAME)
    approvals.EditTag.objects.create(message=email, version=1, tag="other", by=user)
    approvals.Claim.objects.create(message=email, user=user, until=now)
    approvals.Notice.objects.create(key="n:1", message=email, text=NAME)
    approvals.Notice.objects.create(key="n:2", reply=reply, text=NAME, told_at=now)
    approvals.Notice.objects.create(key="n:3", note=note, text=NAME)
    item = approvals.RereadingItem.objects.create(message=email, version=1, machine=True)
    reread = approvals.Rereading.objects.create(item=item, judgement="approve", **by)
    approvals.RereadingReason.objects.create(rereading=reread, text=NAME)
    score = approvals.QualityScore.objects.create(
        message=email, by=user, version=1, source="desk", **dict.fromkeys(NAMES, 3)
    )
    approvals.QualityComment.objects.create(score=score, text=NAME)
    approvals.SlackCard.objects.create(
        message=email, channel="C1", ts="1.1", status="held", version=1, control="x"
    )
    approvals.SlackClick.objects.create(key="k", what="reject", slack_user_id="U1", message=email)
    approvals.SlackPost.objects.create(lead=email.lead, channel="C1", ts="2.2")
    approvals.TrainingEmail.objects.create(message=email)


def _log_in_admin(lead: Lead, user: User) -> None:
    LogEntry.objects.create(
        user=user, content_type=ContentType.objects.get_for_model(Lead), object_id=str(lead.pk),
        object_repr=str(lead), action_flag=2, change_message=f'[{{"{NAME}": 1}}]',
    )  # fmt: skip


def _write_name_everywhere(lead: Lead) -> None:
    """Into every field for personal text of the person's rows, and a mention into other texts."""
    pks = [lead.pk, *lead.parts.values_list("pk", flat=True)]
    for places in field_places.all_places().values():
        if issubclass(places.model, AppendOnly):
            continue
        if places.person:
            rows = table_rows.rows_about(places, pks)
            assert rows.exists(), f"{places.label}: make a row of it in whole_person.py"
            _fill(places, rows)
        elif places.named(field_places.FREE):
            rows = table_rows.all_rows(places.model)
            rows.update(**dict.fromkeys(places.text_fields(field_places.FREE), MENTION))


def _fill(places: field_places.TablePlaces, rows: Any) -> None:
    kept = {"email", "personal_email", "linkedin_key", "first_name", "to_address", "value", "body"}
    for name in places.text_fields(field_places.PERSONAL):
        field = places.model._meta.get_field(name)
        if name in kept and places.label in (
            "leads.Lead",
            "leads.Suppression",
            "leads.InboundEvent",
        ):
            continue
        for row in rows:
            value = _with_name(field, getattr(row, name))
            table_rows.all_rows(places.model).filter(pk=row.pk).update(**{name: value})


def _with_name(field: Any, value: Any) -> Any:
    if not isinstance(field, models.JSONField):
        return (f"{NAME} {value}" if value else NAME)[: field.max_length or 10_000]
    if isinstance(value, list):
        return [*value, {"code": NAME, "points": 0, "text": NAME, "name": NAME}]
    if field.name == "fields":  # of a merge
        return {**value, "title": dict.fromkeys(("survivor", "loser", "after"), [NAME, "rb2b"])}
    return {**(value or {}), NAME: {"reasons": [NAME], "text": NAME}}


def dump_database() -> dict[str, str]:
    """Every table as text, read past the models."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = "\n".join(
                " ".join(
                    bytes(cell).decode("utf-8", "replace")
                    if isinstance(cell, bytes | memoryview)
                    else str(cell)
                    for cell in row
                )
                for row in cursor.fetchall()
            )
    return found


def traces() -> list[str]:
    """Tables in which the name stands still, with the first place."""
    found = []
    for table, text in dump_database().items():
        low = text.lower().replace("\\u0040", "@")
        if (at := low.find(NAME)) >= 0:
            found.append(f"{table}: …{text[max(0, at - 60) : at + 60]}…")
    return found
