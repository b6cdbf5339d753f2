"""A sales team whose true reply rate is known, simulated day by day through the real sweeps.

Visitors come by RB2B's webhook, Clay answers, people decide at their desk, GoHighLevel takes the
emails and posts what comes back. Time is moved; nothing of ours is replaced. Most of the silent
ones, who are emailed and never heard of again, are rows as a sent email leaves them, so that weeks
take seconds.
"""

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

import approvals.tasks  # noqa: F401 - registers its sweeps
import leads.tasks  # noqa: F401
import metrics.tasks  # noqa: F401
import outreach.tasks  # noqa: F401
from approvals.decisions import claims, decisions
from approvals.decisions.decisions import Decider
from approvals.models import ScoreSource
from approvals.quality import scores
from approvals.quality.dimensions import NAMES
from approvals.rereading import reading
from approvals.rereading.reading import Typed
from caio_project.celery import app
from caio_project.schedule import SWEEPS
from leads.models import Enrichment, Lead
from outreach.choices import Phase, Status, Transport
from outreach.control import phase
from outreach.limits import sending_domains
from outreach.models import Message, SendIntent
from tests.conftest import TOKEN
from tests.fakes import rb2b
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl

ZONE = ZoneInfo("America/New_York")
FIRST_DAY = datetime(2026, 3, 2, 8, 0, tzinfo=ZONE)  # a Monday
ANSWERS_AFTER = timedelta(days=2)
COLD = {
    "Captured URL": "https://oursite.test/blog/notes",
    "Title": "Office Manager",
    "Employee Count": "1-10",
    "Industry": "Restaurants",
    "Tags": None,
}
ARRIVING = ("leads.process_events", "leads.push_enrichments")
WRITING = ("leads.process_events", "leads.assess_due", "outreach.draft_due", "outreach.look_due")
POLLING_DAYS = (0, 2, 4)  # its webhooks say the same; a poll a second day is enough here
DAILY = (
    "metrics.watch_domain",
    "outreach.watch_guardrails",
    "outreach.expire_due",
    "approvals.draw_rereadings",
)


def run(*sweeps: str) -> None:
    """The real tasks, by the names under which beat sends them."""
    for name in sweeps:
        assert name in SWEEPS
        app.tasks[name]()


@dataclass
class SimulatedMonths:
    """`answers_in` is the truth: of so many people emailed, one answers, two days later."""

    clock: Any
    ghl: FakeGhl
    clay: FakeClay
    reviewer: User
    lead: User
    answers_in: int
    emailed: int = 0
    answers: dict[date, list[str]] = field(default_factory=dict)
    web: Client = field(default_factory=Client)

    @property
    def today(self) -> date:
        return timezone.now().astimezone(ZONE).date()

    def at(self, hour: int) -> None:
        day = self.today
        self.clock.move_to(datetime(day.year, day.month, day.day, hour, tzinfo=ZONE))

    def pass_day(self) -> None:
        """One day from morning to evening; nobody works and nobody comes at weekends."""
        self.at(8)
        run(*DAILY)
        self.reread()
        if self.today.weekday() < 5:
            self.work(sending_domains.daily_cap(phase.current_control(), timezone.now()))
        self.at(15)
        self.deliver_answers()
        self.at(17)
        if self.today.weekday() in POLLING_DAYS:
            run("outreach.sync_ghl")
        run("metrics.evaluate_gates")

    def next_day(self) -> None:
        self.clock.shift(timedelta(days=1))
        self.at(8)

    def next_working_day(self) -> None:
        self.next_day()
        while self.today.weekday() >= 5:
            self.pass_day()
            self.next_day()

    def work(self, count: int) -> None:
        """`count` people come, are written to, decided on and emailed on this day."""
        first, self.emailed = self.emailed, self.emailed + count
        answering = self.emailed // self.answers_in - first // self.answers_in
        real = max(3, answering)
        self.at(9)
        self.visitors_come(real - 1)
        self.visitors_come(1, warm=True)
        run("outreach.clear_due")
        self.at(10)
        self.decide()
        self.at(11)
        before = len(self.ghl.sent_emails())
        run("outreach.send_due", "outreach.send_due")
        sent = self.ghl.sent_emails()[before:]
        self.add_silent(count - len(sent))
        self.answers[self.today + ANSWERS_AFTER] = [one["contactId"] for one in sent[:answering]]

    def visitors_come(self, count: int, *, warm: bool = False) -> None:
        for _ in range(count):
            body = rb2b.to_body(rb2b.person({} if warm else COLD))
            self.post(f"/webhooks/rb2b?token={TOKEN}", body)
        before = len(self.clay.submissions())
        run(*ARRIVING)
        for row in self.clay.submissions()[before:]:
            answer = {
                "request_id": row["request_id"],
                "work_email": row["email"],
                "email_verified": True,
                "company_description": "Runs kitchens.",
            }
            token = {"Authorization": f"Bearer {settings.CLAY_CALLBACK_TOKEN}"}
            self.post("/webhooks/clay", json.dumps(answer).encode(), token)
        run(*WRITING)

    def post(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        answer = self.web.post(path, body, content_type="application/json", headers=headers)
        assert answer.status_code == 200, answer.content

    def decide(self) -> None:
        """The reviewer reads and approves what waits, and scores the first emails of all."""
        for message in Message.objects.filter(status=Status.HELD).order_by("pk"):
            claims.record_reading(message, self.reviewer)
            decisions.approve(message, message.version, Decider(self.reviewer, "desk"))
            if self.emailed < 150:
                marks = scores.Marks(dict.fromkeys(NAMES, 4))
                scores.give_score(
                    message, message.version, marks, by=self.reviewer, source=ScoreSource.DESK
                )

    def reread(self) -> None:
        """The lead re-reads blind what was drawn, and finds nothing but the faults put in."""
        while reading.take_next(self.lead, more=True) is not None:
            self.clock.shift(timedelta(minutes=2))
            item = reading.current_item(self.lead)
            assert item is not None
            reason = "This sentence was put in by somebody."
            typed = Typed("reject", "other", reason) if item.fault else Typed("approve")
            reading.store_judgement(item, self.lead, typed)

    def add_silent(self, count: int) -> None:
        now, number = timezone.now(), self.emailed
        people = Lead.objects.bulk_create(
            Lead(
                first_name="Silent",
                last_name=str(number - n),
                email=f"s{number - n}@silent-{number - n}.test",
                address=Lead.Address.USABLE,
            )
            for n in range(count)
        )
        emails = Message.objects.bulk_create(
            Message(
                lead=one, status=Status.SENT, transport=Transport.GHL, sent_at=now, created_at=now
            )
            for one in people
        )
        SendIntent.objects.bulk_create(
            SendIntent(
                message=one,
                transport=Transport.GHL,
                phase=phase.current_control().phase,
                day=self.today,
                domain=f"silent-{one.lead_id}.test",
                from_domain=sending_domains.our_domain(),
                claimed_at=now,
                outcome=SendIntent.Outcome.SENT,
            )
            for one in emails
        )
        Enrichment.objects.bulk_create(
            Enrichment(
                lead=one,
                state=Enrichment.State.SETTLED,
                outcome=Enrichment.Outcome.ANSWERED,
                created_at=now,
                answered_at=now,
                settled_at=now,
                gained=["title"],
            )
            for one in people
        )

    def deliver_answers(self) -> None:
        for contact in self.answers.pop(self.today, []):
            self.ghl_posts(self.ghl.receive_reply(contact))
        run("outreach.work_off_inbox")

    def ghl_posts(self, event: dict[str, Any]) -> None:
        body, headers = self.ghl.signed(event)
        headers.pop("Content-Type")
        self.post("/webhooks/ghl", body, headers)

    def ask_to_move_up(self, to: Phase) -> bool:
        """The Lead opens the page, types the phase's name where it asks for it, and signs."""
        web = Client()
        web.force_login(self.lead)
        shown = web.get("/sales/phase/promote").content.decode()
        typed = {"name": to.label, "text": "I have read what was sent."}
        answer = web.post("/sales/phase/promote", typed)
        moved = phase.current_control().phase == to
        assert moved == ('id="id_text"' in shown) == (answer.status_code == 303)
        return moved
