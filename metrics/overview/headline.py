"""The overview's one sentence: what is needed, or that nothing is."""

from dataclasses import dataclass, replace

from django.urls import reverse

from approvals.queue.what_waits import WaitingWork
from approvals.sent import answers
from caio_project.lib.words.lists import and_list
from leads.models import Kind, Visit
from metrics.models import Incident
from metrics.overview.flow import Stage


@dataclass(frozen=True)
class BesideStages:
    """What else keeps a page from saying "all caught up"."""

    halted: bool = False
    answers: int = 0  # replies that need somebody
    incidents: int = 0  # open ones
    has_visitors: bool = True
    decides: bool = True  # whether the reader may


@dataclass(frozen=True)
class Headline:
    """The sentence, and the address and words of the button beside it."""

    sentence: str
    url: str = "#flow"
    button: str = "See what is stuck"
    proven: bool = False


def read_beside(*, halted: bool, decides: bool = True) -> BesideStages:
    made_up = (Kind.EXAMPLE, Kind.TEST, Kind.TRAINING)
    visits = Visit.objects.exclude(lead__kind__in=made_up).exclude(company__kind__in=made_up)
    return BesideStages(
        halted,
        answers.count_needing_someone(),
        Incident.objects.filter(closed_at=None).count(),
        visits.exists(),
        decides,
    )


def overview_headline(
    stages: list[Stage], overdue: int, waits: WaitingWork, beside: BesideStages
) -> Headline:
    """What is needed, the most urgent first. Absence of data is never "all caught up"."""
    waiting = next((stage.waiting for stage in stages if stage.code == "waiting"), 0)
    if waiting:
        late = f", {overdue} overdue" if overdue else ""
        return Headline(
            f"{waiting} email{'s' if waiting != 1 else ''} wait{'' if waiting != 1 else 's'} for "
            f"{'you' if beside.decides else 'a decision'}{late}"
        )
    unproven = next((stage for stage in stages if not stage.is_fresh), None)
    if unproven is not None or not stages:
        return Headline(_unproven_words(unproven))
    if waits.is_any:
        return Headline(f"No email waits for you, but {and_list(waiting_phrases(waits))}.")
    return _beside_headline(beside) or Headline(
        "All caught up. Every stage was seen working in the last hour.",
        reverse("sent"),
        "See what was sent",
        proven=True,
    )


def _unproven_words(unproven: Stage | None) -> str:
    if unproven is None:
        return "Nothing is known of any stage."
    if unproven.is_off:
        return (
            "No email waits for you, but scoring and drafting are off. New visitors reach you "
            "when somebody turns them on."
        )
    if unproven.is_stuck:
        what = f"{unproven.waiting} wait at “{unproven.label}”"
    else:
        what = f"“{unproven.label}” was not seen working in the last hour"
    return f"No email waits for you, but {what}. Emails may be stuck before they reach you."


def _beside_headline(beside: BesideStages) -> Headline | None:
    if count := beside.answers:
        needs = "1 reply needs" if count == 1 else f"{count} replies need"
        sentence = f"No email waits for you, but {needs} somebody."
        return Headline(sentence, reverse("sent"), "Read the replies")
    if count := beside.incidents:
        are = "1 incident is" if count == 1 else f"{count} incidents are"
        sentence = f"No email waits for you, but {are} open."
        return Headline(sentence, reverse("incidents"), "See the incidents")
    if beside.halted:
        halted = Headline("No email waits for you, but sending is halted.")
        return replace(halted, url=reverse("phase"), button="See the phase")
    if not beside.has_visitors:
        return Headline(
            "No visitor has arrived yet. Connect RB2B.", reverse("set-up"), "Open the set-up"
        )
    return None


def waiting_phrases(waits: WaitingWork) -> list[str]:
    """What waits outside the queue, such as "14 drafts are blocked"."""
    counted = (
        (waits.blocked_by(), "1 draft is blocked", "{} drafts are blocked"),
        (waits.parked, "1 inbound event is parked", "{} inbound events are parked"),
        (
            waits.uncertain,
            "1 email may or may not have been sent",
            "{} emails may or may not have been sent",
        ),
    )
    return [one if count == 1 else many.format(count) for count, one, many in counted if count]
