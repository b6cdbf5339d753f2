"""The starting set: every email it can become, and that it follows by itself only where nobody has
edited it.
"""

import re
from itertools import product
from typing import Any

import pytest

from outreach.content import merge_fields, style
from outreach.drafting import compose, known_fields, seller_facts, template_choice
from outreach.drafting.drafting_facts import load_facts
from outreach.email_templates import preview as email_templates_preview
from outreach.email_templates import publishing, seeding
from outreach.models import EmailTemplate, Message, Signal
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]

SEEDS = {row["key"]: row for row in seeding.starting_templates()}
ANGLES = ("warm_connection", "high_intent", "hiring", "content", "general")


def template(key: str) -> EmailTemplate:
    return EmailTemplate.objects.get(key=key, active=True)


def test_each_tier_has_every_angle_and_the_tech_stack() -> None:
    places = {(row["tier"], row["angle"], row["signal"]) for row in SEEDS.values()}
    for tier in ("tier_1", "tier_2", "tier_3"):
        assert {(tier, angle, "") for angle in ANGLES} <= places
        assert (tier, "general", "tech_stack") in places
        assert {(tier, angle, "") for angle in template_choice.FOLLOW_UPS.values()} <= places
        assert {
            (tier, "high_intent", "wants_to_talk"),
            (tier, "high_intent", "asks_price"),
            (tier, "content", "case_study"),
        } <= places
    assert len(places) == len(SEEDS) == 35


def test_keys_say_where_they_belong() -> None:
    assert all(publishing.template_key(template(key)) == key for key in SEEDS)


@pytest.mark.parametrize("key", SEEDS)
def test_there_is_nothing_to_mend_in_any_of_them(key: str) -> None:
    found = email_templates_preview.preview_template(template(key))
    assert found.problems == ()
    assert len(found.previews) == 10
    assert not any(preview.blocked for preview in found.previews)


OPTIONAL = {
    "industry": lambda lead: setattr(lead.company, "industry", ""),
    "technology": lambda lead: setattr(lead.company, "technologies", []),
    "employees": lambda lead: setattr(lead.company, "employees", ""),
    "title": lambda lead: setattr(lead, "title", ""),
    "last_name": lambda lead: setattr(lead, "last_name", ""),
    "place": lambda lead: (setattr(lead, "city", ""), setattr(lead, "state", "")),
}


@pytest.mark.sqlite_is_enough
@pytest.mark.parametrize("key", SEEDS)
def test_every_gap_in_known_fields_still_passes_checks(key: str) -> None:
    one = template(key)
    for family, gap in product(style.TITLE_FAMILIES, OPTIONAL):
        if gap == "technology" and one.signal == Signal.TECH_STACK:
            continue
        lead, assessment = email_templates_preview.made_up_lead(family, one, full=True)
        OPTIONAL[gap](lead)
        message = Message(lead=lead, assessment=assessment, kind=lead.kind, unsubscribe_token="t")
        written = compose.compose_email(load_facts(lead), message, one)
        assert written.blocked is None, (family, gap, written.blocked)
        assert style.filled_email_problems(written.subject, written.body) == [], (family, gap)
        assert written.body.startswith("Hi Dana,\n\n") and written.body.endswith("?")
        assert not re.search(r"\s[,.?]|,,|\.\.|  |\ba (?!one)[aeiou]", written.body), written.body
        assert all(
            sentence[:1].isupper()
            for sentence in re.split(r"(?<=[.?])\s+|\n+", written.body)
            if sentence
        )


def test_long_company_name_keeps_subjects_readable() -> None:
    for key in SEEDS:
        lead, assessment = email_templates_preview.made_up_lead("cro", template(key), full=True)
        lead.company.name = (
            "Cascade Manufacturing"  # of American company names, nine in ten are no longer
        )
        message = Message(lead=lead, assessment=assessment, kind=lead.kind, unsubscribe_token="t")
        assert len(compose.compose_email(load_facts(lead), message, template(key)).subject) <= 45, (
            key
        )


@pytest.mark.parametrize("key", [key for key in SEEDS if "warm_connection" in key])
def test_who_signs_is_never_spoken_of_as_somebody_else(key: str, sender: Any) -> None:
    lead, assessment = email_templates_preview.made_up_lead("ceo", template(key), full=True)
    assessment.warm["member"] = sender.name
    message = Message(lead=lead, assessment=assessment, kind=lead.kind, unsubscribe_token="t")
    written = compose.compose_email(load_facts(lead), message, template(key))
    assert written.blocked is None
    assert sender.name not in f"{written.subject} {written.body}"
    assert "I also worked at Acme." in written.body


def test_people_of_each_family_read_of_their_own_pain() -> None:
    for key, row in SEEDS.items():
        if row["angle"] in template_choice.FOLLOW_UPS.values():
            continue
        one = template(key)
        bodies = {
            family: email_templates_preview.made_up_lead(family, one, full=True)
            for family in style.TITLE_FAMILIES
        }
        texts = {
            compose.compose_email(
                load_facts(lead), Message(lead=lead, assessment=made, unsubscribe_token="t"), one
            ).body
            for lead, made in bodies.values()
        }
        assert len(texts) == 5, key


class TestUpgrade:
    def newer(self, key: str = "tier_1.general", **changes: str) -> list[dict[str, str]]:
        return [{**SEEDS[key], "subject": "A newer subject for {{ company }}", **changes}]

    def test_the_same_seeds_again_change_nothing(self) -> None:
        before = list(EmailTemplate.objects.values())
        assert seeding.seed_templates(seeding.starting_templates()) == 0
        assert list(EmailTemplate.objects.values()) == before

    def test_newer_seed_becomes_next_version(self) -> None:
        message = factories.held_email(angle="general")
        assert seeding.seed_templates(self.newer()) == 1
        versions = EmailTemplate.objects.filter(key="tier_1.general").order_by("version")
        assert [(v.version, v.active, v.seeded, v.created_by) for v in versions] == [
            (1, False, True, None), (2, True, True, None),
        ]  # fmt: skip
        message.refresh_from_db()
        assert message.template == versions[0]

    def test_what_a_person_published_is_left_alone(self, lead_user: Any) -> None:
        old = template("tier_1.general")
        mine = EmailTemplate(**{**SEEDS["tier_1.general"], "subject": "Mine"})
        publishing.publish_version(mine, lead_user, instead_of=old)
        lead_user.delete()  # who published it may leave
        assert seeding.seed_templates(self.newer()) == 0
        assert template("tier_1.general").subject == "Mine"

    def test_what_was_taken_out_of_use_stays_out(self) -> None:
        publishing.retire_template(template("tier_1.hiring"))
        assert seeding.seed_templates(self.newer("tier_1.hiring")) == 0
        assert not EmailTemplate.objects.filter(key="tier_1.hiring", active=True).exists()

    def test_new_seed_is_added_unless_place_is_taken(self, lead_user: Any) -> None:
        row = {
            **SEEDS["tier_1.general"],
            "key": "tier_1.content.hiring",
            "angle": "content",
            "signal": "hiring",
        }
        mine = EmailTemplate.objects.create(**{**row, "key": "ours"}, created_by=lead_user)
        assert seeding.seed_templates([row]) == 0
        EmailTemplate.objects.filter(pk=mine.pk).update(active=False)
        assert seeding.seed_templates([row]) == 1
        assert template("tier_1.content.hiring").version == 1


class TestChoice:
    def choose(
        self, *signals: str, tier: str = "tier_1", angle: str = "high_intent"
    ) -> tuple[str, str]:
        found, why = template_choice.choose_template(
            template_choice.load_active_templates(), tier, angle, signals
        )
        return found.key, why

    @pytest.mark.parametrize(
        ("signals", "angle", "key", "why"),
        [
            ((), "high_intent", "tier_1.high_intent", "tier_1, angle high_intent"),
            (
                ("hiring",),
                "high_intent",
                "tier_1.high_intent.hiring",
                "tier_1, angle high_intent, signal hiring",
            ),
            (
                ("hiring", "tech_stack"),
                "high_intent",
                "tier_1.high_intent.hiring",
                "tier_1, angle high_intent, signal hiring; also known: tech_stack",
            ),
            (
                ("tech_stack",),
                "general",
                "tier_1.general.tech_stack",
                "tier_1, angle general, signal tech_stack",
            ),
            (
                ("tech_stack",),
                "content",
                "tier_1.content",
                "tier_1, angle content; also known: tech_stack",
            ),
            (
                ("high_intent_page",),
                "high_intent",
                "tier_1.high_intent",
                "tier_1, angle high_intent",
            ),
            (
                ("warm_connection", "high_intent_page"),
                "warm_connection",
                "tier_1.warm_connection.high_intent_page",
                "tier_1, angle warm_connection, signal high_intent_page",
            ),
            (
                (),
                "webinar",
                "tier_1.general",
                "tier_1, angle general, for there is none for angle webinar",
            ),
        ],
    )
    def test_by_tier_angle_and_the_strongest_signal(
        self, signals: Any, angle: str, key: str, why: str
    ) -> None:
        assert self.choose(*signals, angle=angle) == (key, why)

    def test_tier_without_template_borrows_and_says_so(self) -> None:
        EmailTemplate.objects.exclude(tier="tier_2").update(active=False)
        key, why = self.choose()
        assert key == "tier_2.content"
        assert why == "there is no template for tier_1 and high_intent"

    def test_signals_are_what_is_known_of_the_lead(self) -> None:
        company = factories.CompanyFactory(open_roles=3, technologies=["HubSpot"])
        message = factories.held_email(
            factories.LeadFactory(company=company), angle="high_intent", topic="what we build"
        )
        assert message.template.key == "tier_1.high_intent.hiring"
        assert (
            message.template_why
            == "tier_1, angle high_intent, signal hiring; also known: tech_stack"
        )

    def test_a_warm_lead_who_read_a_high_intent_page_is_answered(self) -> None:
        warm = {
            "kind": "known",
            "member": "Sam",
            "company": "",
            "sentence": "Sam on our team knows you.",
        }
        read = factories.held_email(angle="warm_connection", warm=warm, topic="pricing")
        blog = factories.held_email(angle="warm_connection", warm=warm, topic="AI at work")
        assert read.template.key == "tier_1.warm_connection.high_intent_page"
        assert blog.template.key == "tier_1.warm_connection"


def test_form_names_exactly_the_fields_drafting_fills() -> None:
    lead, made = email_templates_preview.made_up_lead(
        "cro", template("tier_1.warm_connection"), full=True
    )
    found = set(
        known_fields.fields_of(lead, made, None, known_fields.LeadVisits(), thread="A question")
    )
    found |= set(seller_facts.fields_of_seller(load_facts(lead)))
    absent = {"visit_count", "seller_customers", "seller_proof", "booking_link", "meeting_times"}
    assert found | absent == set(style.FIELD_EXAMPLES)
    assert merge_fields.title_family(lead.title) == "cro"
