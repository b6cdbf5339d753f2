"""Rules by segment and runs of one template, where the machine approves and where it sends."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.decisions import claims
from outreach.auto_approval import approval_sweep, eligibility, rule_changes, template_runs
from outreach.choices import Phase
from outreach.control import phase
from outreach.lifecycle.moves import move_message
from outreach.models import ApprovalRule, ControlChange, Message, SendIntent, TemplateRun
from outreach.sending import send_slots, stop_texts
from outreach.sending.stops import SendStopped
from tests.outreach.auto_approval.approval_steps import (
    DOMAIN,
    last_move,
    low,
    now_is,
    reasons,
    stays_held,
    verdict,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]
TOO_MANY = "20 emails of this template in a row were approved and none of them read"


@pytest.fixture(autouse=True)
def assisted(settings: Any, lead_user: User) -> None:
    settings.GHL_FROM_EMAIL = f"alex@{DOMAIN}"
    phase.current_control()
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    phase.set_auto_approval(True, by=lead_user, reason="Six weeks of agreement.")
    verdict()


def add(lead_user: User, name: str = "Big ones", **conditions: Any) -> ApprovalRule:
    rule = ApprovalRule(name=name, **(conditions or {"employees_from": 100}))
    return rule_changes.add_rule(rule, by=lead_user, reason="We know them.")


def test_a_fitting_rule_leaves_the_email_to_a_person(lead_user: User) -> None:
    add(lead_user)
    stays_held(low(), "the rule “Big ones” leaves it to a person")


def test_other_emails_are_still_approved(lead_user: User) -> None:
    add(lead_user, employees_from=5000)
    low()
    assert approval_sweep.approve_due() == 1


def test_the_drafts_verdict_knows_the_rule(lead_user: User) -> None:
    add(lead_user)
    assert low().verdicts["assisted"] == {
        "machine_approves": False,
        "reasons": ["the rule “Big ones” leaves it to a person"],
    }


def test_a_new_rule_returns_what_was_approved(lead_user: User) -> None:
    fits, other = low(), low(tier="tier_2", icp=60)
    approval_sweep.approve_due()
    assert now_is(other).status == "cleared"
    add(lead_user, tiers=["tier_3"])
    assert (now_is(fits).status, last_move(fits)[1]) == ("held", "machine_returned")
    assert now_is(other).status == "cleared"


def test_the_final_check_reads_the_rules() -> None:
    """Also where the rule came while the email was being sent."""
    message = low()
    approval_sweep.approve_due()
    taken = move_message(
        now_is(message), "sending", "door", lease_until=timezone.now() + timedelta(minutes=3)
    )
    ApprovalRule.objects.create(name="Big ones", employees_from=100, created_by="lena")

    with pytest.raises(SendStopped) as stopped:
        send_slots.claim_slot(taken)

    text = stop_texts.stop_text(stopped.value.code, stopped.value.arguments)
    assert "the rule “Big ones” leaves it to a person" in text
    assert SendIntent.objects.count() == 0


def test_an_ended_rule_binds_no_more(lead_user: User) -> None:
    rule, message = add(lead_user), low()
    rule_changes.end_rule(rule, by=lead_user, reason="Six good weeks.")
    assert reasons(message) == ()
    logged = ControlChange.objects.filter(what="approval_rule").order_by("pk")
    assert list(logged.values_list("before", "after", "by_name", "reason__text")) == [
        ("none", "in use", "lena", "“Big ones”: We know them."),
        ("in use", "ended", "lena", "“Big ones”: Six good weeks."),
    ]
    with pytest.raises(rule_changes.RuleRefused, match="ended before"):
        rule_changes.end_rule(rule, by=lead_user, reason="Again.")
    assert ControlChange.objects.filter(what="approval_rule").count() == 2


@pytest.mark.parametrize(
    ("name", "conditions", "field"),
    [("Everything", {"from_intent": 0}, ""), ("Big ones", {"from_intent": 1}, "name")],
)
def test_an_empty_or_doubled_rule_is_refused(
    name: str, conditions: dict[str, Any], field: str, lead_user: User
) -> None:
    add(lead_user)
    with pytest.raises(rule_changes.RuleRefused) as refused:
        add(lead_user, name, **conditions)
    assert refused.value.field == field
    assert ApprovalRule.objects.count() == 1
    assert ControlChange.objects.filter(what="approval_rule").count() == 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    conditions=st.lists(
        st.fixed_dictionaries(
            {
                "tiers": st.lists(st.sampled_from(["tier_1", "tier_3"]), max_size=1),
                "countries": st.lists(st.sampled_from(["US", "CA"]), max_size=1),
                "industries": st.lists(st.sampled_from(["logistics", "retail"]), max_size=1),
                "employees_from": st.none() | st.integers(0, 400),
                "from_intent": st.integers(0, 20),
            }
        ),
        max_size=4,
    ),
    intent=st.integers(0, 60),
)
def test_stored_rules_never_add_an_approval(conditions: list[Any], intent: int) -> None:
    ApprovalRule.objects.all().delete()
    message, row = low(intent=intent), phase.current_control()
    before = eligibility.why_approval_lapsed(message, row, timezone.now())
    for number, one in enumerate(conditions):
        ApprovalRule.objects.create(name=str(number), created_by="lena", **one)
        after = eligibility.why_approval_lapsed(message, row, timezone.now())
        assert set(before) <= set(after)
        before = after


# --- Never more than 20 in a row of one template ---


def run_of(message: Message) -> TemplateRun:
    return TemplateRun.objects.get(template_key=message.template.key)


def test_each_approval_is_counted() -> None:
    first, _ = low(), low()
    approval_sweep.approve_due()
    assert run_of(first).approved == 2


def test_the_twenty_first_in_a_row_waits_for_a_reader(reviewer: User, clock: Any) -> None:
    message = low()
    key = message.template.key
    TemplateRun.objects.create(template_key=key, approved=template_runs.MOST_IN_A_ROW - 1)
    last = low()
    assert approval_sweep.approve_due() == 1
    assert run_of(message).approved == template_runs.MOST_IN_A_ROW
    assert {now_is(message).status, now_is(last).status} == {"cleared", "held"}
    waits = last if now_is(last).status == "held" else message
    clock.shift(approval_sweep.RECHECK_AFTER)
    verdict()
    stays_held(now_is(waits), TOO_MANY)

    claims.record_reading(low(), reviewer)

    assert (run_of(message).approved, reasons(now_is(waits))) == (0, ())


def test_a_run_of_another_template_does_not_bind() -> None:
    TemplateRun.objects.create(template_key="another", approved=template_runs.MOST_IN_A_ROW)
    low()
    assert approval_sweep.approve_due() == 1


def test_a_refused_approval_is_not_counted() -> None:
    message = low(verified=False)
    approval_sweep.approve_due()
    assert now_is(message).status == "held"
    assert not TemplateRun.objects.exists()
