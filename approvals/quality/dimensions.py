"""The five dimensions of an email's quality, and what each level of each one means. Pure.

The names are columns of the score file and fields of the form and the table.
"""

from dataclasses import dataclass

LEVELS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Dimension:
    name: str
    label: str
    anchors: tuple[str, str, str, str, str]  # what level 1 to 5 looks like

    @property
    def levels(self) -> list[tuple[int, str]]:
        return list(zip(LEVELS, self.anchors, strict=True))


DIMENSIONS = (
    Dimension(
        "personalisation",
        "Personalization",
        (
            "A fact about the person or company is wrong, or it could go to anybody.",
            "Only the name and the company are theirs.",
            "One true fact about them, loosely tied to what we offer.",
            "A true, recent fact about them is the reason for the email.",
            "They would think that we wrote this one email by hand, for them.",
        ),
    ),
    Dimension(
        "subject_line",
        "Subject line",
        (
            "Misleading, shouting, or nothing to do with the email.",
            "Generic: it fits any sales email.",
            "Honest, but gives no reason to open it.",
            "Honest and specific to them.",
            "Honest, specific and short: a colleague could have written it.",
        ),
    ),
    Dimension(
        "value_proposition",
        "Value proposition",
        (
            "It does not say what they would get, or promises what we cannot show.",
            "It lists what we do, not what changes for them.",
            "The benefit is clear, but true of any company.",
            "The benefit fits their role and industry.",
            "The benefit answers a problem that they have now, with proof.",
        ),
    ),
    Dimension(
        "call_to_action",
        "Call to action",
        (
            "No request, or several that compete.",
            "A request too big for a first email, or hard to find.",
            "A clear request, without a reason to do it now.",
            "One small, clear request that is easy to answer.",
            "One small request that a busy reader answers in one line.",
        ),
    ),
    Dimension(
        "tone",
        "Tone",
        (
            "Pushy, false, or rude: it would harm our name.",
            "Stiff or salesy; filler and clichés.",
            "Polite, but reads like a template.",
            "Plain and friendly, like a colleague who respects their time.",
            "Exactly how we would want to be written to: nothing to change.",
        ),
    ),
)
NAMES = tuple(one.name for one in DIMENSIONS)
