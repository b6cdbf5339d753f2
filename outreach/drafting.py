"""From an assessed lead to a draft that waits for a person: chosen template, filled, signed, guarded."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from caio_project.lib import calendar, claims
from caio_project.lib.nudge import nudge
from leads import intent, suppression
from leads.models import Assessment, Lead, TeamMember
from outreach import compliance, guards, merge, policy
from outreach.models import EmailTemplate, Message, MessageText, Position
from outreach.moves import move
from outreach.states import OPEN, Stale, Status

log = logging.getLogger(__name__)

READER = "drafting"
LAST_TRY = 5
LEASE_SECONDS = 60
SUBJECT_COLUMN = 200  # characters; guards refuse far shorter ones
ANSWERED = "This person has answered before."
STALE_VISIT = timedelta(days=14)  # an email about an older visit would puzzle its reader
REST_AFTER_TWO_REJECTIONS = timedelta(days=30)
HOT_DUE = timedelta(hours=2)
WARM_DUE = timedelta(hours=4)  # of the team's working time
LOW_DUE_DAYS = 1
LIFE_DAYS = {policy.Band.HOT: 3}
OTHER_LIFE_DAYS = 7
# Tools that an email may speak of; a script library on a website says nothing about their work.
BUSINESS_TOOLS = {
    "hubspot", "salesforce", "marketo", "outreach", "salesloft", "gong", "zoominfo", "snowflake", "netsuite", "sap",
    "oracle", "workday", "zendesk", "intercom", "freshdesk", "microsoft dynamics", "pipedrive", "zoho", "slack",
    "tableau", "power bi", "looker", "databricks", "servicenow", "jira", "asana", "monday.com", "airtable", "shopify",
}  # fmt: skip


def take_assessments(batch: int = 200) -> int:
    """Open a draft for every new assessment whose lead may be written to; returns how many were read.

    The position moves in the transaction that makes the drafts, so none is skipped and none is made twice.
    """
    if not intent.is_on():
        return 0
    position, _ = Position.objects.get_or_create(reader=READER)
    new = list(Assessment.objects.filter(seq__gt=position.seq).select_related("lead").order_by("seq")[:batch])
    if not new:
        return 0
    try:
        with transaction.atomic():
            if not claims.claim(Position.objects.filter(reader=READER, seq=position.seq), seq=new[-1].seq):
                return 0  # another worker reads
            for assessment in new:
                _open_or_note(assessment)
    except IntegrityError:
        return 0  # somebody opened an email for one of them meanwhile; the next sweep reads again
    return len(new)


def _open_or_note(assessment: Assessment) -> None:
    """One lead that cannot be read must not keep the reader from all that come after it."""
    try:
        with transaction.atomic():
            _open(assessment)
    except IntegrityError:
        raise
    except Exception as error:
        log.exception("assessment %s could not be taken up", assessment.pk)
        Lead.objects.filter(pk=assessment.lead_id).update(error=f"Drafting: {type(error).__name__}: {error}"[:300])


def _open(assessment: Assessment) -> None:
    lead = assessment.lead
    if lead.messages.filter(status=Status.DRAFT).update(assessment=assessment):
        return  # not written yet; it will be from what is known now
    waiting = lead.messages.filter(status__in=[Status.HELD, Status.BLOCKED], opened_at=None).first()
    if waiting is not None and waiting.assessment_id != assessment.pk and not _edited(waiting):
        try:
            with transaction.atomic():
                rewrite(waiting, assessment)
        except Exception:  # one draft that keeps its older text must not stop the reading for everybody
            log.exception("email %s could not be rewritten", waiting.pk)
        return
    if why_not(lead):
        return
    Message.objects.create(lead=lead, assessment=assessment, kind=lead.kind, to_address=lead.email or "")
    nudge("outreach.write_drafts")


def why_not(lead: Lead) -> str:
    """Why no first email is drafted for `lead` now, as a sentence; "" where one is."""
    if lead.messages.filter(status__in=OPEN).exists():
        return "An email to this person is open already."
    if stop := suppression.verdict(lead.email or "", lead):
        return f"We must not write: {stop.text} ({stop.source})."
    if lead.address != Lead.Address.USABLE:
        return "There is no address to write to."
    if lead.messages.filter(status__in=[Status.SENT, Status.FAILED]).exists():
        return "The first email to this person was sent, or refused for good, before."
    newest = lead.visits.aggregate(at=Max("seen_at"))["at"]
    if newest and newest < timezone.now() - STALE_VISIT:
        return f"The last visit was {(timezone.now() - newest).days} days ago; a new one would bring a draft."
    if Message.objects.filter(to_address=lead.email, status__in=[*OPEN, Status.SENT]).exclude(lead=lead).exists():
        return "This address was written to, as somebody else's."
    return _resting(lead)


def _resting(lead: Lead) -> str:
    rejections = lead.messages.filter(status=Status.REJECTED).count()
    last = lead.messages.order_by("-pk").first()
    if last is None:
        return ""
    ended = last.moves.latest("pk").at if last.moves.exists() else last.created_at
    if rejections >= 2 and ended > timezone.now() - REST_AFTER_TWO_REJECTIONS:
        return "Rejected twice: this person rests for 30 days."
    if not lead.visits.filter(received_at__gt=ended).exists():
        return "Decided already; a new visit would bring a new draft."
    return ""


def write_drafts(batch: int = 100) -> int:
    """Write every open draft; each ends held, blocked or, after the last try, blocked with the error."""
    due = Message.objects.filter(status=Status.DRAFT, not_before__lte=timezone.now()).order_by("not_before")
    count = 0
    for message in claims.leased(due, LEASE_SECONDS, batch):
        count += 1
        _write(message)
    return count


def _write(message: Message) -> None:
    lease = message.lease_until
    try:
        with transaction.atomic():
            write(message, lease=lease)
    except Exception as error:
        log.exception("email %s could not be drafted", message.pk)
        _try_again(Message.objects.get(pk=message.pk), lease, f"{type(error).__name__}: {error}"[:500])


def _try_again(message: Message, lease: datetime | None, text: str) -> None:
    """`message` is the row as it stands: what the failed try changed in memory was rolled back."""
    now = timezone.now()
    if message.attempts < LAST_TRY:
        mine = Message.objects.filter(pk=message.pk, status=Status.DRAFT, lease_until=lease)
        mine.update(lease_until=None, not_before=now + claims.backoff(message.attempts), error=text)
        return
    try:
        move(
            message, Status.BLOCKED, "draft_failed", lease=lease, error=text, blocked_by="draft",
            expires_at=_expires_at(policy.Band(message.band), now),
        )  # fmt: skip
    except Stale:
        log.warning("email %s was taken over", message.pk)


def write(message: Message, lease: datetime | None = None) -> Message:
    """Give `message` its first text and move it to held or blocked."""
    written = _compose(message.lead, message)
    message = _store(message, written)
    return _to_the_queue(message, written, lease)


def rewrite(message: Message, assessment: Assessment) -> None:
    """Bring a draft that nobody has opened up to date with a newer assessment."""
    message.assessment = assessment
    written = _compose(message.lead, message)
    current, address = message.text, message.lead.email or message.to_address
    same = (
        current is not None
        and address == message.to_address
        and (current.subject, current.body, current.footer) == (written.subject, written.body, written.footer)
    )
    changes = _standing(written) | {"assessment": assessment, "to_address": address, "domain": _domain(address)}
    if message.status == Status.HELD and changes["band"] != message.band:
        now, band = timezone.now(), policy.Band(changes["band"])
        changes |= {"due_at": _due_at(band, now), "expires_at": _expires_at(band, now)}
    rows = Message.objects.filter(pk=message.pk, status=message.status, version=message.version, opened_at=None)
    if not claims.claim(rows, version=message.version + (not same), **changes):
        return  # somebody opened or decided it meanwhile
    message.refresh_from_db()
    if not same:
        _store_text(message, written, message.version)
    if (written.blocked is None) != (message.status == Status.HELD):
        _to_the_queue(message, written)


class Written:
    """A composed email and everything that goes with it."""

    def __init__(self, **parts: Any):
        self.subject: str = parts["subject"]
        self.body: str = parts["body"]
        self.footer: str = parts["footer"]
        self.phrases: list[dict[str, str]] = parts["phrases"]
        self.results: list[guards.Result] = parts["results"]
        self.template: EmailTemplate | None = parts["template"]
        self.why: str = parts["why"]
        self.sender: TeamMember | None = parts["sender"]
        self.assessment: Assessment = parts["assessment"]
        self.facts: policy.Facts = parts["facts"]

    @property
    def blocked(self) -> guards.Result | None:
        return guards.first_failure(self.results)


def _compose(lead: Lead, message: Message) -> Written:
    assessment = message.assessment or lead.assessments.first()
    assert assessment is not None
    sender = sender_of(lead)
    fields = fields_of(lead, assessment, sender)
    template, why = choose(assessment)
    footer = compliance.footer(signature(sender, message.unsubscribe_token))
    subject = body = ""
    phrases: tuple[merge.Phrase, ...] = ()
    problem: guards.Result | None = None
    try:
        family = merge.title_family(lead.title)
        filled = merge.fill(template.body, fields, family)
        headed = merge.fill(template.subject, fields, family)
        subject, body = headed.text, filled.text
        phrases = tuple(dict.fromkeys([*headed.phrases, *filled.phrases]))
    except merge.MissingField as error:
        problem = guards.Result("missing_field", False, str(error), f"Add {error.field} or write the email by hand.")
    except merge.BadTemplate as error:
        problem = guards.Result("template", False, str(error), f"Mend template {template}.")
    results = [problem] if problem else check(lead, subject, body, footer, phrases, sender)
    return Written(
        subject=subject[:SUBJECT_COLUMN],
        body=body,
        footer=footer,
        phrases=[p.__dict__ for p in phrases],
        results=results,
        template=template,
        why=why,
        sender=sender,
        assessment=assessment,
        facts=facts_of(lead, assessment, phrases, problem is None and guards.first_failure(results) is None),
    )


def check(
    lead: Lead, subject: str, body: str, footer: str, phrases: Iterable[merge.Phrase], sender: TeamMember | None
) -> list[guards.Result]:
    """The guards' results for a text to `lead`, the same for a draft and for a person's edit."""
    company = lead.company.name if lead.company else ""
    # A person's edit may name the company without a merge field.
    mentioned = {"company"} if company and company.lower() in f"{subject} {body}".lower() else set()
    return guards.check(
        guards.Text(
            subject=subject,
            body=body,
            footer=footer,
            fields_used=frozenset({phrase.field for phrase in phrases} | mentioned),
            unsourced=tuple(phrase.text for phrase in phrases if not phrase.source),
            sender_name=sender.name if sender else settings.SENDER_NAME,
            postal_address=settings.POSTAL_ADDRESS,
            unsubscribe_url=f"{settings.SITE_URL}/u/",
            country=lead.country,
            allowed_countries=frozenset(settings.ALLOWED_COUNTRIES),
        )
    )


def sender_of(lead: Lead) -> TeamMember | None:
    """Who signs: the lead's owner, else the default sender."""
    if lead.owner and lead.owner.active:
        return lead.owner
    return TeamMember.objects.filter(is_default_sender=True, active=True).first()


def signature(sender: TeamMember | None, unsubscribe_token: str) -> compliance.Signature:
    return compliance.Signature(
        name=sender.name if sender else settings.SENDER_NAME,
        title=sender.title if sender else "",
        company=settings.SENDER_COMPANY,
        booking_url=sender.booking_url if sender else "",
        postal_address=settings.POSTAL_ADDRESS,
        unsubscribe_url=f"{settings.SITE_URL}/u/{unsubscribe_token}",
    )


def choose(assessment: Assessment) -> tuple[EmailTemplate, str]:
    """The active template for tier and angle, else the tier's general one; and why, in words."""
    active = EmailTemplate.objects.filter(active=True, tier=assessment.tier)
    if found := active.filter(angle=assessment.angle).first():
        return found, f"{assessment.tier} and {assessment.angle.replace('_', ' ')}"
    found = active.filter(angle="general").first() or EmailTemplate.objects.filter(active=True).first()
    if found is None:
        raise LookupError("There is no active email template.")
    return found, f"{assessment.tier}; there is no template for {assessment.angle.replace('_', ' ')}"


def fields_of(lead: Lead, assessment: Assessment, sender: TeamMember | None) -> dict[str, merge.Value]:
    """Every merge field that is known, with its source."""
    company, warm = lead.company, assessment.warm or {}
    ours = lambda name: _source(lead.sources, name)  # noqa: E731
    theirs = lambda name: _source(company.sources if company else {}, name)  # noqa: E731
    tool = next((t for t in (company.technologies if company else []) if t.lower() in BUSINESS_TOOLS), "")
    visits = lead.visits.count()
    found = {
        "first_name": (lead.first_name, ours("first_name")),
        "last_name": (lead.last_name, ours("last_name")),
        "title": (lead.title, ours("title")),
        "city": (lead.city, ours("city")),
        "state": (lead.state, ours("state")),
        "company": (_plain_company(company.name) if company else "", theirs("name")),
        "industry": (_in_prose(company.industry) if company else "", theirs("industry")),
        "employees": (company.employees if company else "", theirs("employees")),
        "open_roles": (str(company.open_roles or "") if company else "", theirs("open_roles")),
        "technology": (tool, theirs("technologies")),
        "page_topic": (assessment.topic, "visited page"),
        "visit_count": (str(visits) if visits > 1 else "", "visits"),
        "warm_member": (warm.get("member", ""), "team's connections"),
        "warm_company": (warm.get("company", ""), "team's connections"),
        "warm_sentence": (warm.get("sentence", ""), "team's connections"),
        "sender_name": (sender.name if sender else settings.SENDER_NAME, "settings"),
        "sender_first_name": ((sender.name if sender else settings.SENDER_NAME).split(" ")[0], "settings"),
        "sender_company": (settings.SENDER_COMPANY, "settings"),
    }
    if sender and warm.get("member") == sender.name:
        found["warm_sentence"] = (_in_first_person(warm), "team's connections")
    return {name: merge.Value(text, source) for name, (text, source) in found.items() if text}


def _in_first_person(warm: dict[str, str]) -> str:
    """The connection's sentence where the sender is the one who has it."""
    company = warm.get("company", "")
    sentences = {
        "known": "We know each other.",
        "overlap": f"I was at {company} when you were there.",
        "employer": f"I also worked at {company}.",
        "employer_now": f"I used to work at {company}.",
    }
    return sentences.get(warm.get("kind", ""), warm.get("sentence", ""))


def _source(sources: dict[str, dict[str, str]], name: str) -> str:
    found = sources.get(name)
    return f"{found['source']}, {found['at'][:10]}" if found else ""


def _plain_company(name: str) -> str:
    """ "Northline Freight, Inc." as one says it: "Northline Freight"."""
    plain = name.strip()
    for ending in (", Inc.", " Inc.", ", Inc", " Inc", ", LLC", " LLC", ", Ltd.", " Ltd.", " Ltd", " Corp.", ", Corp."):
        plain = plain.removesuffix(ending)
    return plain


def _in_prose(industry: str) -> str:
    """ "Logistics & Supply Chain" inside a sentence: "logistics and supply chain"; abbreviations stay."""
    words = industry.replace("&", "and").split()
    return " ".join(word if word.isupper() else word.lower() for word in words)


def facts_of(lead: Lead, assessment: Assessment, phrases: tuple[merge.Phrase, ...], passed: bool) -> policy.Facts:
    """What the policy judges by."""
    return policy.Facts(
        intent=assessment.intent,
        tier=assessment.tier,
        employees_from=lead.company.employees_from if lead.company else None,
        warm=assessment.warm is not None,
        critical_reason=critical_reason(lead),
        guards_passed=passed,
        address_verified=lead.email_verified,
        country=lead.country,
        allowed_countries=frozenset(settings.ALLOWED_COUNTRIES),
        unsourced_phrases=sum(not phrase.source for phrase in phrases),
    )


def critical_reason(lead: Lead) -> str:
    """Why a person must always decide about this lead, as far as our own rows tell."""
    if lead.messages.filter(moves__why="answered").exists():
        return ANSWERED
    return ""


def _standing(written: Written) -> dict[str, Any]:
    """The columns of a message that follow from a composition."""
    facts = written.facts
    own = policy.band(facts.intent, facts.tier, facts.employees_from, facts.warm)
    blocked = written.blocked
    return {
        "band": own,
        "critical_reason": facts.critical_reason,
        "rank": policy.RANK[policy.Band.CRITICAL if facts.critical_reason else own],
        "tier": facts.tier,
        "intent": facts.intent,
        "verdicts": policy.judge_all(facts),
        "guards": guards.as_rows(written.results),
        "blocked_by": blocked.guard if blocked else "",
        "template": written.template,
        "template_why": written.why,
        "sender": written.sender,
    }


def _store(message: Message, written: Written) -> Message:
    standing = _standing(written)
    for name, value in standing.items():
        setattr(message, name, value)
    message.version = 1
    message.to_address = message.lead.email or ""
    message.domain = _domain(message.to_address)
    message.save(update_fields=[*standing, "version", "to_address", "domain"])
    _store_text(message, written, 1)
    return message


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _store_text(message: Message, written: Written, version: int) -> None:
    MessageText.objects.create(
        message=message,
        version=version,
        subject=written.subject,
        body=written.body,
        footer=written.footer,
        phrases=written.phrases,
        sha256=compliance.text_hash(message.to_address, written.subject, written.body, written.footer),
    )


def _to_the_queue(message: Message, written: Written, lease: datetime | None = None) -> Message:
    now = timezone.now()
    if blocked := written.blocked:
        return move(
            message, Status.BLOCKED, "guard", lease=lease, error=blocked.text[:500],
            expires_at=_expires_at(policy.Band(message.band), now),
        )  # fmt: skip
    return to_held(message, "drafted", lease=lease, now=now)


def to_held(
    message: Message,
    why: str,
    *,
    lease: datetime | None = None,
    now: datetime | None = None,
    error: str = "",
    **more: Any,
) -> Message:
    """Put `message` into the review queue with its due time and its end; any approval is void."""
    now = now or timezone.now()
    band = policy.Band(message.band)
    held = move(
        message, Status.HELD, why, lease=lease, now=now, error=error, blocked_by="", held_at=now, waiting_for="",
        due_at=_due_at(band, now), expires_at=_expires_at(band, now), transport="", **more,
    )  # fmt: skip
    nudge("approvals.tell")
    return held


def _due_at(band: policy.Band, now: datetime) -> datetime:
    zone, hours = settings.TEAM_TIME_ZONE, calendar.WorkingHours.parse(settings.WORKING_HOURS)
    if band == policy.Band.HOT:
        return now + HOT_DUE
    if band == policy.Band.WARM:
        return calendar.add_working_time(now, WARM_DUE, zone, hours)
    return calendar.add_working_days(now, LOW_DUE_DAYS, zone)


def _expires_at(band: policy.Band, now: datetime) -> datetime:
    return calendar.add_working_days(now, LIFE_DAYS.get(band, OTHER_LIFE_DAYS), settings.TEAM_TIME_ZONE)


def _edited(message: Message) -> bool:
    return message.texts.exclude(author=None).exists()
