"""The parts that the team itself fills in: people, rules, whom to leave out, ladder, accounts."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from approvals.escalation import ladder_rows
from approvals.models import EscalationLadder
from caio_project.lib.models import SetUpProof
from caio_project.set_up.part import LEADS, LEADS_ADMIN, SERVER, Part, PartFinding, seen_ago
from leads.models import PastEmployer, ScoringRules, Suppression, TeamMember

Tests = dict[str, SetUpProof]


def team_part(tests: Tests, now: datetime) -> Part:
    found = PartFinding()
    members = list(TeamMember.objects.filter(active=True))
    if not any(one.is_default_sender for one in members):
        found.lack("a default sender", LEADS)
    unbooked = [one.name for one in members if not one.booking_url]
    if unbooked:
        found.lack(f"a booking link of {', '.join(unbooked[:3])}", LEADS)
    employers = PastEmployer.objects.filter(member__active=True).count()
    if not employers:
        found.lack("past employers", LEADS)
    if members:
        found.seen = f"Active members: {len(members)}. Past employers: {employers}."
    return found.as_part("team", "Team", reverse("team"), "Team members")


def rules_part(tests: Tests, now: datetime) -> Part:
    found = PartFinding()
    row = ScoringRules.objects.filter(state=ScoringRules.State.PUBLISHED).first()
    if row is None:
        found.lack("published rules: the built-in ones hold", LEADS_ADMIN)
    elif row.published_at is not None:
        found.seen = f"Version {row.version} was {seen_ago('published', row.published_at, now)}."
    link = reverse("admin:leads_scoringrules_changelist")
    return found.as_part("rules", "Pages and ideal customers", link, "Rules of the score")


def domains_part(tests: Tests, now: datetime) -> Part:
    found = PartFinding()
    rows = Suppression.objects.filter(reason=Suppression.Reason.OWN_DOMAIN)
    count = len(settings.OWN_DOMAINS) + rows.count()
    if not count:
        found.lack("your own domains", f"{LEADS_ADMIN}, or {SERVER} in OWN_DOMAINS")
    else:
        found.seen = f"Domains of your own, where nobody is written to: {count}."
    link = reverse("admin:leads_suppression_changelist")
    return found.as_part("own-domains", "Own domains", link, "Suppressions")


def excluded_part(tests: Tests, now: datetime) -> Part:
    found, reason = PartFinding(), Suppression.Reason
    counts = {
        words: Suppression.objects.filter(reason=one).count()
        for one, words in ((reason.CUSTOMER, "customers"), (reason.COMPETITOR, "competitors"))
    }
    for words, count in counts.items():
        if not count:
            found.lack(words, LEADS_ADMIN)
    if any(counts.values()):
        found.seen = f"Customers: {counts['customers']}. Competitors: {counts['competitors']}."
    link = reverse("admin:leads_suppression_changelist")
    return found.as_part("excluded", "Customers and competitors to exclude", link, "Suppressions")


def ladder_part(tests: Tests, now: datetime) -> Part:
    found = PartFinding()
    order = ladder_rows.load_people(settings.TEAM_TIME_ZONE).in_order()
    if not order:
        found.lack("somebody who is told first", LEADS)
    else:
        names = ", ".join(one.name for one in order[:3])
        changed = EscalationLadder.objects.order_by("-changed_at").first()
        kind = seen_ago("changed", changed.changed_at, now) if changed else "as delivered"
        found.seen = f"Told in this order: {names}. The ladder is {kind}."
        reached = TeamMember.objects.filter(pk__in=[one.pk for one in order])
        if not reached.exclude(email="", slack_user_id="").exists():
            found.lack("an email address or Slack id of one of them", f"{LEADS}, under Team")
    return found.as_part("ladder", "Who is told when", reverse("escalation"), "Who is told when")


def accounts_part(tests: Tests, now: datetime) -> Part:
    found = PartFinding()
    users = list(User.objects.filter(is_active=True).prefetch_related("groups"))
    roles = [
        {"Lead"} if user.is_superuser else {group.name for group in user.groups.all()}
        for user in users
    ]
    leads = sum("Lead" in one for one in roles)
    deciders = sum(bool({"Lead", "Reviewer"} & one) for one in roles)
    if not leads:
        found.lack("a Lead", f"{SERVER}: manage.py make_login")
    if deciders < 2:
        found.lack("a second person who may decide", "a superuser, in the admin")
    signed_in = max((user.last_login for user in users if user.last_login), default=None)
    if signed_in is not None:
        last = seen_ago("signed in", signed_in, now)
        found.seen = f"Accounts: {len(users)}, of whom {deciders} may decide. Somebody {last}."
    link = reverse("admin:auth_user_changelist")
    return found.as_part("accounts", "Accounts", link, "Accounts")


READERS = (team_part, rules_part, domains_part, excluded_part, ladder_part, accounts_part)
