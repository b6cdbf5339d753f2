"""What people call the values of a dimension."""

from collections import defaultdict
from collections.abc import Iterable

from leads.models import TeamMember
from leads.scoring_rules import Tier
from metrics.figures.definitions import Dimension
from outreach.choices import Band
from outreach.models import EmailTemplate, Signal

WITHOUT = {
    Dimension.TEMPLATE: "No template",
    Dimension.TIER: "No tier",
    Dimension.ANGLE: "No angle",
    Dimension.TRIGGER: "No trigger",
    Dimension.BAND: "No band",
    Dimension.SENDER: "No sender",
    Dimension.OWNER: "No owner",
}


def group_labels(dimension: Dimension | None, groups: Iterable[str]) -> dict[str, str]:
    """A label for each group; of members the name they have now."""
    known = set(groups) | {""}
    if dimension is None:
        return dict.fromkeys(known, "")
    names = _names(dimension)
    labels = {one: names.get(one) or one.replace("_", " ").capitalize() for one in known if one}
    return defaultdict(str, labels | {"": WITHOUT[dimension]})


def _names(dimension: Dimension) -> dict[str, str]:
    if dimension == Dimension.TEMPLATE:
        return dict(EmailTemplate.objects.order_by("version").values_list("key", "name"))
    if dimension in (Dimension.SENDER, Dimension.OWNER):
        return {str(pk): name for pk, name in TeamMember.objects.values_list("pk", "name")}
    return {str(value): str(label) for value, label in FIXED_NAMES.get(dimension, ())}


FIXED_NAMES = {
    Dimension.TIER: Tier.choices,
    Dimension.TRIGGER: Signal.choices,
    Dimension.BAND: Band.choices,
}
