"""A row of every kind, and the paths that lead to them, for tests over all addresses."""

from dataclasses import dataclass, field
from typing import Any

from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.auth.models import User

from approvals.models import SlackCard, SlackClick
from caio_project.lib.models import (
    ApiKey,
    FileImport,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from leads.identity import merging
from leads.models import InboundEvent, ScoringRules, Suppression
from leads.scoring import rule_versions
from metrics.models import Incident
from outreach.email_templates import seeding
from outreach.models import (
    AfterSend,
    EmailTemplate,
    Experiment,
    Message,
    Reply,
    SandboxEmail,
    SegmentRequest,
)
from tests import factories, paths


@dataclass
class World:
    """Rows that the addresses name; `values` by the beginning of a route."""

    held: Message
    sent: Message
    reply: Reply
    key: ApiKey
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def tokens(self) -> list[str]:
        return [self.held.unsubscribe_token, self.sent.unsubscribe_token]


def make_world() -> World:
    """Rows as the product makes them, each kind once or more."""
    seeding.seed_after_migration()
    held, sent = factories.held_email(), factories.cleared_email()
    factories.VisitFactory(lead=held.lead)
    reply = factories.create_feedback(sent)
    link = f"Stop: https://caio.test/u/{sent.unsubscribe_token} or %2Fu%2F{held.unsubscribe_token}"
    type(reply.text).objects.filter(pk=reply.text.pk).update(
        body=link, said=f"Sounds good. {link}", decided_by=["Sounds good", link]
    )
    kept = SandboxEmail.objects.create(
        message=sent,
        to_address=sent.to_address,
        subject="Hello",
        html=f'<p>Hi</p><p><a href="https://caio.test/u/{sent.unsubscribe_token}">Unsubscribe</a>',
    )
    InboundEvent.objects.create(source="rb2b", kind="live", body=b"{}")
    Suppression.objects.create(scope="email", value="stopped@example.com", reason="manual")
    ScoringRules.objects.create(name="A draft", rules=rule_versions.current_rules().as_dict())
    AfterSend.objects.create(message=sent, what="tag", state="failed")
    SlackCard.objects.create(message=held, channel="C01", ts="1.1", status="held", version=1)
    SlackClick.objects.create(
        key="pressed", what="approve", slack_user_id="U0KAY", message=held, version=1
    )
    person = User.objects.create_user("kay", "kay@ours.example.com")
    merge = merging.merge_leads(
        factories.LeadFactory(), factories.LeadFactory(), source="person", reason="The same person."
    )
    one, other = EmailTemplate.objects.order_by("pk")[:2]
    test = Experiment.objects.create(
        kind="subject",
        template_key=one.key,
        template_a=one,
        template_b=other,
        size=50,
        started_by=person,
    )
    key, _ = ApiKey.objects.create_key(name="of-kay", user=person, scopes=["messages:read"])
    segment = SegmentRequest.objects.create(
        what="tier_1", limit=25, state="counted", lead_ids=[factories.LeadFactory().pk], by=person
    )
    world = World(held, sent, reply, key)
    world.values = _values(world, str(kept.pk), str(merge.pk), str(test.public_id))
    imported = FileImport.objects.create(kind="suppressions", outcome="stored", by=person)
    member = factories.TeamMemberFactory(name="Priya Raman")
    world.values["sales/settings/team"] = {"int:pk": str(member.pk)}
    world.values["sales/imports"] = {"uuid:public_id": str(imported.public_id)}
    world.values["sales/segments"] = {"uuid:public_id": str(segment.public_id)}
    incident = Incident.objects.create(cause="silent_source", subject="rb2b")
    for route in ("sales/incidents", "api/incidents"):
        world.values[route] = {"uuid:public_id": str(incident.public_id)}
    session = UserSession.objects.create(
        user=person, session_key="s" * 32, ip="203.0.113.7", user_agent="Chrome/1 Windows"
    )
    world.values["sales/settings/sessions"] = {"int:pk": str(session.pk)}
    world.values["sales/settings/sessions/people"] = {"int:pk": str(person.pk)}
    world.values["sales/templates"] = {"str:key": "tier_1.high_intent"}
    endpoint = WebhookEndpoint.objects.create(
        url="https://hooks.example.com/caio", secret="sealed", events=["message.sent"]
    )
    event = WebhookEvent.objects.create(type="message.sent")
    delivery = WebhookDelivery.objects.create(event=event, endpoint=endpoint, state="failed")
    for begin in ("api/webhook-endpoints", "sales/settings/webhooks"):
        world.values[begin] = {"uuid:public_id": str(endpoint.public_id)}
    world.values["api/webhook-deliveries"] = {"uuid:public_id": str(delivery.public_id)}
    world.values["api/companies"] = {"int:pk": str(held.lead.company_id)}
    world.values["api/leads"] = {"uuid:public_id": str(held.lead.public_id)}
    return world


def _values(world: World, kept: str, merge: str, test: str) -> dict[str, dict[str, str]]:
    lead, other = world.held.lead, world.sent.lead
    return {
        "sales/leads": {
            "uuid:public_id": str(lead.public_id),
            "uuid:other_id": str(other.public_id),
        },
        "sales/queue": {"uuid:public_id": str(world.held.public_id)},
        "sales/companies": {"int:pk": str(lead.company_id)},
        "sales/replies": {"uuid:public_id": str(world.reply.public_id)},
        "sales/sent/kept": {"int:pk": kept},
        "sales/keys": {"str:prefix": world.key.prefix},
        "sales/merges": {"int:pk": merge},
        "sales/experiments": {"uuid:public_id": test},
        "api/experiments": {"uuid:public_id": test},
        "api/emails": {"uuid:public_id": str(world.held.public_id)},
        "api/messages": {"uuid:public_id": str(world.held.public_id)},
        "webhooks/rb2b": {"str:token": "no-token-of-ours"},
        "u/": {"str:token": "no-token-of-ours"},
    }


def path_in(world: World, route: str) -> str:
    """The path of `route` that leads to a row of the world, where it has one."""
    chosen: dict[str, str] = {}
    for begin, values in world.values.items():
        if route.startswith(begin):
            chosen |= values
    if route.startswith("admin/") and route.count("/") > 2 and "<" in route:
        label, model = route.split("/")[1:3]
        row = _first_row(label, model)
        if row is not None:
            chosen |= {"path:object_id": str(row.pk), "id": str(row.pk)}
    return paths.path_of(route, chosen)


def _first_row(label: str, model: str) -> Any:
    try:
        return apps.get_model(label, model).objects.first()
    except LookupError:
        return None


def shows_a_link(world: World, response: Any) -> bool:
    """Whether an answer holds a link by which a recipient stops us."""
    text = response.content.decode(errors="replace") + response.headers.get("Location", "")
    return any(token in text for token in world.tokens)
