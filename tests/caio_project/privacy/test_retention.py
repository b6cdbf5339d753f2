"""What is older than the settings say goes, in batches; everything is off until it is set."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.utils import timezone

from approvals.models import Notice
from caio_project.lib.models import AccessEvent
from caio_project.privacy import retention
from leads.models import InboundEvent, Visit
from outreach.models import ReplyText, SandboxEmail
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_guards")]


def event(days: int) -> InboundEvent:
    at = timezone.now() - timedelta(days=days)
    return InboundEvent.objects.create(
        source="rb2b", body_sha256=f"{days}", body=b"{}", state="processed", received_at=at
    )


def visit(days: int) -> Visit:
    at = timezone.now() - timedelta(days=days)
    return factories.VisitFactory(seen_at=at, received_at=at)


def kept_email(days: int) -> SandboxEmail:
    at = timezone.now() - timedelta(days=days)
    return SandboxEmail.objects.create(
        message=factories.draft_email(), to_address="a@b.test", subject="S", html="<p>", kept_at=at
    )


def reply(days: int) -> ReplyText:
    found = factories.create_feedback(factories.draft_email())
    type(found).objects.filter(pk=found.pk).update(
        received_at=timezone.now() - timedelta(days=days)
    )
    return found.text


def notice(days: int) -> Notice:
    at = timezone.now() - timedelta(days=days)
    return Notice.objects.create(key=f"n{days}", text="HOT: Dana", told_at=at)


def sign_in(days: int) -> AccessEvent:
    return AccessEvent.objects.create(
        kind="signed_in", at=timezone.now() - timedelta(days=days), address="127.0.0.1"
    )


MAKERS: dict[str, Callable[[int], Any]] = {
    "RETAIN_RAW_EVENTS_DAYS": event,
    "RETAIN_VISITS_DAYS": visit,
    "RETAIN_SANDBOX_EMAILS_DAYS": kept_email,
    "RETAIN_REPLY_TEXTS_DAYS": reply,
    "RETAIN_NOTICE_TEXTS_DAYS": notice,
    "RETAIN_ACCESS_LOG_DAYS": sign_in,
}


def is_whole(row: Any) -> bool:
    found = type(row).objects.filter(pk=row.pk).first()
    if found is None:
        return False
    return all(bytes(getattr(found, name)) if name == "body" and isinstance(row, InboundEvent)
               else getattr(found, name)
               for name in ("body", "html", "text") if hasattr(found, name))  # fmt: skip


def test_every_rule_is_tested() -> None:
    assert set(MAKERS) == {rule.setting for rule in retention.RULES}


@pytest.mark.parametrize("name", MAKERS)
def test_only_what_is_older_goes(name: str, settings: Any) -> None:
    old, young = MAKERS[name](131), MAKERS[name](129)
    assert retention.purge() == {}  # off
    assert is_whole(old)

    setattr(settings, name, 130)
    assert retention.count_old() == {name: 1}
    assert is_whole(old)
    assert retention.purge() == {name: 1}

    assert not is_whole(old) and is_whole(young)
    assert retention.purge() == {name: 0}


def test_what_still_waits_is_kept(settings: Any) -> None:
    settings.RETAIN_RAW_EVENTS_DAYS = 30
    InboundEvent.objects.filter(pk=event(40).pk).update(state="parked")
    assert retention.purge() == {"RETAIN_RAW_EVENTS_DAYS": 0}


def test_a_batch_is_small_and_the_command_goes_on_to_the_end(settings: Any) -> None:
    settings.RETAIN_RAW_EVENTS_DAYS = 30
    for days in (31, 32, 33):
        event(days)
    assert retention.purge(batch=2) == {"RETAIN_RAW_EVENTS_DAYS": 2}
    out = StringIO()
    call_command("purge_old_data", "--dry-run", stdout=out)
    assert "Would be deleted" in out.getvalue()
    assert retention.count_old() == {"RETAIN_RAW_EVENTS_DAYS": 1}
    call_command("purge_old_data", stdout=out)
    assert retention.count_old() == {"RETAIN_RAW_EVENTS_DAYS": 0}


def test_the_database_refuses_to_delete_a_young_sign_in_and_to_change_an_old_one() -> None:
    young, old = sign_in(89), sign_in(91)
    rows = AccessEvent.objects
    for act in (lambda: rows.filter(pk=young.pk).delete(),
                lambda: rows.filter(pk=old.pk).update(about="x")):  # fmt: skip
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()
    assert rows.filter(pk=old.pk).delete()[0] == 1


@pytest.mark.parametrize("rule", retention.RULES, ids=lambda rule: rule.setting)
def test_fewer_days_than_the_shortest_are_refused_at_boot(rule: Any, settings: Any) -> None:
    setattr(settings, rule.setting, rule.shortest - 1)
    [(name, text)] = retention.setting_errors()
    assert name == rule.setting and f"{rule.shortest} at least" in text
    setattr(settings, rule.setting, rule.shortest)
    assert retention.setting_errors() == []
