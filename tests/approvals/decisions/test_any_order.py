"""Any order of what people, the machine and the clock do: only an approved text leaves, once."""

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from approvals.decisions import decisions, reopening, undo
from approvals.decisions.decisions import Decider, DecisionRefused
from approvals.models import Decision
from leads.models import TeamMember
from outreach.auto_approval import approval_sweep
from outreach.choices import Phase
from outreach.control import phase
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import ApprovalRule, Message, SandboxEmail, SendIntent
from outreach.review import review_actions
from outreach.sending import send as sending
from tests.outreach.auto_approval.approval_steps import DOMAIN, low, verdict

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loose")]
REASON = "The first line is about us, not about them."
STEPS = 50
REFUSED = (DecisionRefused, StaleMessage, IllegalMove, phase.ChangeNotAllowed, phase.SendingHalted)
ON_THE_WAY = ("cleared", "sending", "sent", "uncertain")


class Walk:
    """One email. `approved` is the text that somebody, or a rule, approved and nobody took back."""

    def __init__(self, message: Message, reviewer: User, lead: User, clock: Any):
        self.pk, self.reviewer, self.lead, self.clock = message.pk, reviewer, lead, clock
        self.approved: str | None = None
        self.status = message.status

    @property
    def message(self) -> Message:
        return Message.objects.select_related("lead__company", "assessment").get(pk=self.pk)

    def by(self, user: User) -> Decider:
        return Decider(user, "desk")

    # People

    def approve(self) -> None:
        decisions.approve(self.message, self.message.version, self.by(self.reviewer))

    def reject(self) -> None:
        message = self.message
        decisions.reject(
            message, message.version, self.by(self.reviewer), tag="other", reason=REASON
        )

    def undo(self) -> None:
        undo.undo(self.message, self.message.version, self.by(self.reviewer))

    def reopen(self) -> None:
        reopening.reopen(self.message, self.message.version, self.by(self.lead), reason="Again.")

    def edit(self) -> None:
        message, text = self.message, self.message.text
        assert text is not None
        body = f"{text.body.partition('Line ')[0].strip()}\n\nLine {message.version}."
        review_actions.edit_text(
            message, message.version, subject=text.subject, body=body, by=self.reviewer
        )

    def decide_an_old_version(self) -> None:
        message = self.message
        for old in range(1, message.version):
            with suppress(*REFUSED):
                decisions.approve(message, old, self.by(self.reviewer))

    # The machine, and what takes it away

    def machine(self) -> None:
        verdict()
        approval_sweep.approve_due()

    def demote(self) -> None:
        phase.change_phase(Phase.PARALLEL, by=None, reason="test")

    def promote(self) -> None:
        phase.change_phase(Phase.ASSISTED, by=None, reason="test")
        phase.set_auto_approval(True, by=self.lead, reason="Six weeks of agreement.")

    def switch_off(self) -> None:
        phase.set_auto_approval(False, by=self.lead, reason="test")

    def rule(self) -> None:
        ApprovalRule.objects.create(name=f"{ApprovalRule.objects.count()}", created_by="lena")

    def end_rules(self) -> None:
        ApprovalRule.objects.filter(ended_at=None).update(ended_at=timezone.now())

    def halt(self) -> None:
        phase.halt_sending(by=self.lead, reason="test")

    def resume(self) -> None:
        phase.resume_sending(by=self.lead, reason="test")

    # The clock

    def expire(self) -> None:
        Message.objects.filter(pk=self.pk).update(expires_at=timezone.now())
        review_actions.expire_due()

    def leave(self) -> None:
        self.clock.shift(timedelta(seconds=31))
        sending.send_due()

    def see(self, name: str, control: Any) -> None:
        """Compare the email with what may have become of it by the step `name`."""
        now, text, before = self.message, self.message.text, self.status
        assert text is not None
        self.status = now.status
        if now.status not in ON_THE_WAY:
            self.approved = None
        elif before not in ON_THE_WAY:
            self._require_approval(name, now, control)
            self.approved = text.sha256
        assert (now.status in ON_THE_WAY) == (self.approved is not None), name
        assert self.approved in (None, text.sha256), f"{name} changed an approved text"
        if before != "sent" and now.status == "sent":
            assert name == "leave" and not phase.is_halted(control)
        self._require_one_send(now, text.body)

    def _require_approval(self, name: str, now: Message, control: Any) -> None:
        """Whoever approved was allowed to at that moment."""
        if name in ("approve", "decide_an_old_version"):
            last = Decision.objects.standing().filter(message=now).latest("pk")
            assert name == "approve" and not now.by_machine
            assert (last.verdict, last.version) == ("approved", now.version)
            return
        assert name == "machine" and now.by_machine, f"{name} approved it"
        assert control.phase == Phase.ASSISTED and control.auto_approve
        assert not phase.is_halted(control)
        assert not ApprovalRule.objects.filter(ended_at=None).exists()

    def _require_one_send(self, now: Message, body: str) -> None:
        kept = SandboxEmail.objects.filter(message=now).first()
        sends = SendIntent.objects.filter(message=now, outcome="sent").count()
        assert sends == (kept is not None) == (now.status == "sent")
        if kept is not None and "Line " in body:
            assert body[body.index("Line ") :] in kept.html


OFTEN = ("machine", "machine", "approve", "undo", "reopen", "promote", "end_rules")
SOMETIMES = ("reject", "edit", "decide_an_old_version", "demote", "resume", "leave")
SELDOM = ("switch_off", "rule", "halt", "expire")


@pytest.mark.parametrize("seed", range(8))
def test_any_order_sends_an_approved_text_once(
    sender: TeamMember, reviewer: User, lead_user: User, clock: Any, settings: Any, seed: int
) -> None:
    settings.UNDO_SECONDS, settings.GHL_FROM_EMAIL = 30, f"alex@{DOMAIN}"
    chance = random.Random(seed)
    phase.current_control()
    walks = [Walk(low(), reviewer, lead_user, clock)]

    def take(name: str) -> None:
        control = phase.current_control()
        with suppress(*REFUSED):
            getattr(walks[-1], name)()
        for walk in walks:
            walk.see(name, control)

    take("promote")
    for _ in range(STEPS):
        take(chance.choice(OFTEN * 4 + SOMETIMES * 2 + SELDOM))
        clock.shift(timedelta(seconds=chance.choice((0, 1, 40))))
        if walks[-1].status == "sent" or chance.random() < 0.05:
            walks.append(Walk(low(), reviewer, lead_user, clock))
    for name in ("resume", "leave"):
        take(name)
