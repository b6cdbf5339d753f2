"""Every figure: what it is called, how it is counted, and how many are enough to speak of it.

A new way of counting is a new version, which counts every day anew. Pure.
"""

from metrics.evidence.reply_rules import RIPE_AFTER
from metrics.figures.kinds import BY_LEAD as BY_LEAD
from metrics.figures.kinds import ONE_UNIT as ONE_UNIT
from metrics.figures.kinds import Dimension as Dimension
from metrics.figures.kinds import FigureDefinition as FigureDefinition
from metrics.figures.kinds import Reading as Reading
from metrics.figures.kinds import Tally as Tally
from metrics.figures.kinds import Unit as Unit

NOT_COUNTED = "Training, test, example and sandbox emails never count."
OF_SENT = "Counted on the day the email was sent, whenever we learned of it."
OF_ANSWERS = (
    f"Counted on the day of the first email, from {RIPE_AFTER.days} days after it; earlier days "
    "change as answers come. Bounces stay in. Automatic replies and requests to stop are no "
    "answers. A person counts once."
)
OF_DECISIONS = (
    "Decisions of named people about live emails that nobody has taken back, on the day of the "
    "decision."
)
OF_WAITS = f"From the moment an email waits for a decision to the decision. {OF_DECISIONS}"
OF_CLASSES = "From classes of waiting time 2 % wide, so it is right to 1 %."
BUSINESS = "Hours of the team's working hours; nights, weekends and holidays do not count."
CLOCK = "Hours by the clock."
OF_AGREEMENT = (
    "Of people's decisions, those where the machine of {} would have done the same. Each email "
    "counts by its newest decision, once that can no longer be undone."
)
OF_COST = (
    "Clay requests, tokens of the language model and time of review in the period, at the prices "
    "that are set, divided by {}. Without all three prices there is no figure."
)


def _share(
    code: str, label: str, tally: Tally, of: tuple[str, str], definition: str, needed: int
) -> FigureDefinition:
    return FigureDefinition(
        code, label, Unit.SHARE, Reading.SHARE, tally, definition, *of, needed=needed
    )


def _wait(code: str, label: str, reading: Reading, tally: Tally) -> FigureDefinition:
    hours = BUSINESS if tally == Tally.WAIT_BUSINESS else CLOCK
    classes = "" if reading == Reading.MEAN else f" {OF_CLASSES}"
    return FigureDefinition(
        code,
        label,
        Unit.HOURS,
        reading,
        tally,
        f"{OF_WAITS} {hours}{classes}",
        "hours waited",
        "decisions",
        needed=20,
    )


def _agreement(tally: Tally, machine: str) -> FigureDefinition:
    return _share(
        f"agreement_{machine.lower()}",
        f"Agreement with {machine}",
        tally,
        ("same decision", "decisions"),
        OF_AGREEMENT.format(machine),
        20,
    )


_ALL = (
    FigureDefinition(
        "sent",
        "Sent",
        Unit.EMAILS,
        Reading.COUNT,
        Tally.SENT,
        f"Emails that left through GoHighLevel, first ones and follow-ups. {NOT_COUNTED}",
        "emails sent",
    ),
    _share(
        "delivered",
        "Delivered",
        Tally.DELIVERED,
        ("emails delivered", "emails sent"),
        f"Sent emails that the receiver took. {OF_SENT}",
        50,
    ),
    _share(
        "bounced",
        "Bounced",
        Tally.BOUNCED,
        ("emails bounced", "emails sent"),
        f"Sent emails whose address does not exist or takes no mail. {OF_SENT}",
        50,
    ),
    _share(
        "blocked",
        "Blocked by receivers",
        Tally.BLOCKED,
        ("emails blocked", "emails sent"),
        f"Sent emails that a receiver refused because of us; the address is good. {OF_SENT}",
        50,
    ),
    FigureDefinition(
        "reply_rate",
        "Reply rate",
        Unit.SHARE,
        Reading.SHARE,
        Tally.REPLIES,
        f"People who answered, of the people emailed first through GoHighLevel. {OF_ANSWERS}",
        "people who answered",
        "people emailed",
        needed=50,
        ripens=True,
    ),
    FigureDefinition(
        "positive_rate",
        "Positive rate",
        Unit.SHARE,
        Reading.SHARE,
        Tally.POSITIVE,
        f"People with a positive answer, of the people who answered. {OF_ANSWERS}",
        "people with a positive answer",
        "people who answered",
        needed=10,
        ripens=True,
    ),
    FigureDefinition(
        "meetings",
        "Meetings",
        Unit.MEETINGS,
        Reading.COUNT,
        Tally.MEETINGS,
        "Meetings with leads on the day they were booked, without those called off or missed. By "
        "template and the like: of the newest email that had left before.",
        "meetings booked",
    ),
    FigureDefinition(
        "pipeline_value",
        "Pipeline value",
        Unit.DOLLARS,
        Reading.COUNT,
        Tally.PIPELINE,
        "Value of the opportunities in our pipeline that are open now, on the day they were "
        "opened. All days together are what the gate compares with the baseline.",
        "dollars open",
        "open opportunities",
        dimensions=BY_LEAD,
    ),
    FigureDefinition(
        "enrichment_rate",
        "Enrichment rate",
        Unit.SHARE,
        Reading.SHARE,
        Tally.ENRICHMENT,
        "Requests to Clay that gained a verified email, a title or a company field within 24 "
        "hours, of those settled on the day.",
        "requests with a gain",
        "requests settled",
        needed=50,
        dimensions=BY_LEAD,
    ),
    _wait("approval_hours", "Time to decide, business hours", Reading.MEAN, Tally.WAIT_BUSINESS),
    _wait(
        "approval_hours_median",
        "Time to decide, business hours, median",
        Reading.MEDIAN,
        Tally.WAIT_BUSINESS,
    ),
    _wait(
        "approval_hours_p90",
        "Time to decide, business hours, 9 of 10 within",
        Reading.P90,
        Tally.WAIT_BUSINESS,
    ),
    _wait("approval_clock", "Time to decide, by the clock", Reading.MEAN, Tally.WAIT_CLOCK),
    _wait(
        "approval_clock_median",
        "Time to decide, by the clock, median",
        Reading.MEDIAN,
        Tally.WAIT_CLOCK,
    ),
    _wait(
        "approval_clock_p90",
        "Time to decide, by the clock, 9 of 10 within",
        Reading.P90,
        Tally.WAIT_CLOCK,
    ),
    _share(
        "override_rate",
        "Override rate",
        Tally.OVERRIDES,
        ("would edit or reject", "emails re-read"),
        "Of automatic approvals that chance drew and a person re-read blind, those they would "
        "have edited or rejected, on the day of the re-reading.",
        30,
    ),
    _agreement(Tally.AGREEMENT_ASSISTED, "Assisted"),
    _agreement(Tally.AGREEMENT_AUTONOMOUS, "Autonomous"),
    FigureDefinition(
        "quality",
        "Email quality",
        Unit.POINTS,
        Reading.MEAN,
        Tally.QUALITY,
        "Mean score of live emails, from 1 to 5 over five dimensions. Each email counts once, on "
        "the day of its newest score, with the mean of everybody's newest. Emails kept in the "
        "sandbox count, as in the gate: they were read.",
        "points",
        "emails scored",
        needed=10,
        version=2,
    ),
    _share(
        "edits",
        "Edited before approval",
        Tally.EDITS,
        ("approved with changes", "approved by people"),
        "Live emails that people changed, of those they approved. Each counts by its newest "
        "approval.",
        20,
    ),
    FigureDefinition(
        "clay_credits",
        "Clay requests",
        Unit.CREDITS,
        Reading.COUNT,
        Tally.CLAY_CREDITS,
        "Requests that were sent to Clay; each is taken for one credit.",
        "requests",
        dimensions=BY_LEAD,
    ),
    FigureDefinition(
        "model_tokens",
        "Tokens of the language model",
        Unit.TOKENS,
        Reading.COUNT,
        Tally.MODEL_TOKENS,
        "As the language model counted them; where it said none, as estimated.",
        "tokens",
    ),
    FigureDefinition(
        "review_hours",
        "Time of review",
        Unit.HOURS,
        Reading.COUNT,
        Tally.REVIEW_TIME,
        "From an email's first opening, or its reviewer's decision before, to the decision: at "
        "most 10 minutes each, and one minute where it was never opened on a page.",
        "hours",
        "decisions",
    ),
    FigureDefinition(
        "cost_per_reply",
        "Cost per reply",
        Unit.DOLLARS,
        Reading.PRICE,
        Tally.REPLIES,
        OF_COST.format("the people first emailed in the period who have answered"),
        "people who answered",
        needed=5,
        dimensions=(),
    ),
    FigureDefinition(
        "cost_per_meeting",
        "Cost per meeting",
        Unit.DOLLARS,
        Reading.PRICE,
        Tally.MEETINGS,
        OF_COST.format("the meetings booked in it"),
        "meetings booked",
        needed=3,
        dimensions=(),
    ),
)
FIGURES: dict[str, FigureDefinition] = {one.code: one for one in _ALL}


def definitions_by(dimension: Dimension | None) -> tuple[FigureDefinition, ...]:
    """The figures that can be read by `dimension`; all where there is none."""
    return tuple(one for one in _ALL if dimension is None or dimension in one.dimensions)


def version_of(tally: Tally) -> int:
    """The newest version of the figures that rest on `tally`."""
    return max(one.version for one in _ALL if one.tally == tally)
