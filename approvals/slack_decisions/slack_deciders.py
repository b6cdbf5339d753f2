"""As whom somebody in Slack decides: the login of the team member with that Slack user id."""

from approvals.decisions.decisions import Decider
from leads.models import TeamMember

CHANNEL = "slack"
NOTHING = "Nothing was decided."


class UnknownDecider(Exception):
    """Nobody here, or not one person; the text says what to do."""

    def __init__(self, text: str):
        super().__init__(f"{text} {NOTHING}")
        self.text = f"{text} {NOTHING}"


def find_decider(slack_user_id: str) -> Decider:
    """Raises UnknownDecider."""
    rows = TeamMember.objects.filter(slack_user_id__iexact=slack_user_id).exclude(slack_user_id="")
    known = list(rows.select_related("user").order_by("name")[:5])
    members = [one for one in known if one.active]
    if not known:
        raise UnknownDecider(
            "No team member has your Slack user id. Ask a Lead to enter it under Team members in "
            f"the admin: {slack_user_id}."
        )
    if not members:
        raise UnknownDecider(f"{known[0].name} is not active as a team member any more.")
    if len(members) > 1:
        names = ", ".join(one.name for one in members)
        raise UnknownDecider(
            f"More than one team member has your Slack user id: {names}. Ask a Lead to correct it "
            "under Team members in the admin."
        )
    user = members[0].user
    if user is None:
        raise UnknownDecider(
            f"{members[0].name} has no login here. Ask a Lead to choose one under Team members in "
            "the admin."
        )
    if not user.is_active:
        raise UnknownDecider(f"The login of {members[0].name} is not active any more.")
    return Decider(user, CHANNEL)
