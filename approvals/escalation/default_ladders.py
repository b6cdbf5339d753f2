"""The ladders of a team that has saved none: HOT and WARM, counted in business time. Pure."""

from datetime import timedelta

from approvals.choices import Channel
from approvals.escalation.ladder_rules import Ladder, LadderStep
from outreach.choices import Band

MINUTE = timedelta(minutes=1)
OPENED_EXTRA = 15 * MINUTE

DEFAULT_LADDERS: dict[str, Ladder] = {
    Band.CRITICAL: Ladder(()),
    Band.HOT: Ladder(
        (
            LadderStep(0 * MINUTE),
            LadderStep(30 * MINUTE),
            LadderStep(60 * MINUTE, channel=Channel.EMAIL),
            LadderStep(120 * MINUTE, channel=Channel.EMAIL),
        ),
        OPENED_EXTRA,
    ),
    Band.WARM: Ladder((LadderStep(240 * MINUTE),), OPENED_EXTRA),
    Band.LOW: Ladder(()),
}
