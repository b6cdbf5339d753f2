"""What a list of templates counts: sent to real people, answered, versions together."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from outreach.experiments import template_counts
from outreach.models import EmailTemplate, Message
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
KEY = "tier_1.high_intent"


def sent(days: int = 4, **more: Any) -> Message:
    message = factories.cleared_email()
    template = EmailTemplate.objects.get(key=KEY, active=True)
    at = timezone.now() - timedelta(days=days)
    Message.objects.filter(pk=message.pk).update(
        **{"status": "sent", "transport": "ghl", "sent_at": at, "template": template, **more}
    )
    message.refresh_from_db()
    return message


def counted() -> tuple[int, int, int]:
    one = template_counts.counts_by_template().get(KEY, template_counts.TemplateCounts())
    return one.sent, one.ripe, one.answered


def test_young_emails_are_sent_and_not_counted_for_replies() -> None:
    sent(), sent(days=1)
    factories.create_feedback(sent(days=5))
    assert counted() == (3, 2, 1)


@pytest.mark.parametrize(
    "more",
    [{"transport": "sandbox"}, {"status": "cleared"}, {"template": None}],
    ids=lambda more: next(iter(more)),
)
def test_what_reached_nobody_real_is_not_counted(more: dict[str, Any]) -> None:
    sent(**more)
    assert counted() == (0, 0, 0)


def test_older_than_sixty_days_is_left_out() -> None:
    sent(days=59), sent(days=61)
    assert counted()[0] == 1


def test_versions_and_follow_ups_count_together() -> None:
    old = EmailTemplate.objects.get(key=KEY, active=True)
    EmailTemplate.objects.filter(pk=old.pk).update(active=False)
    fields = {name: getattr(old, name) for name in ("key", "tier", "angle", "subject", "body")}
    newer = EmailTemplate.objects.create(**fields, version=2)
    sent(template=newer, step=2, follows=sent(template=old))
    assert counted()[0] == 2


@pytest.mark.parametrize(
    ("ripe", "answered", "said"),
    [
        (0, 0, "no replies can be counted yet"),
        (20, 2, "2 of 20 answered: 10% (3% to 30%)"),
        (20, 0, "0 of 20 answered: 0% (0% to 16%)"),
    ],
)
def test_a_rate_comes_with_its_range(ripe: int, answered: int, said: str) -> None:
    assert template_counts.TemplateCounts(ripe, ripe, answered).sentence == said
