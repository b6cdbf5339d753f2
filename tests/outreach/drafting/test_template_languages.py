"""Templates of several languages: who gets which, and who waits for a person with which reason."""

from typing import Any

import pytest

from leads.models import Lead, TeamMember
from outreach.contact_history.recipients import load_recipient
from outreach.drafting import critical_reasons, drafts, template_choice
from outreach.drafting.template_choice import ActiveTemplates
from outreach.email_templates import preview, publishing
from outreach.models import EmailTemplate, Message
from tests import factories

pytestmark = pytest.mark.django_db

GERMAN_BODY = "Guten Tag {{ first_name }},\n\nbei {{ company }} geht es um Arbeit. Worum zuerst?"


@pytest.fixture(autouse=True)
def _many_countries(settings: Any, sender: TeamMember) -> None:
    settings.ALLOWED_COUNTRIES = ["US", "DE", "CH"]


def german_template(**changes: Any) -> EmailTemplate:
    fields = {"tier": "tier_1", "angle": "general", "language": "de", "name": "Auf Deutsch"}
    template = EmailTemplate(
        **{**fields, "subject": "Arbeit bei {{ company }}", "body": GERMAN_BODY, **changes}
    )
    template.key = publishing.template_key(template)
    template.save()
    return template


def drafted(lead: Lead) -> Message:
    return drafts.write_draft(factories.draft_email(lead))


@pytest.mark.parametrize(
    ("country", "title", "reason"),
    [
        ("US", "CEO", ""),
        ("", "CEO", ""),
        ("DE", "CEO", "The email is in English; in Germany people are written to in German."),
        (
            "CH",
            "CEO",
            "The email is in English; in Switzerland people are written to in German or French or "
            "Italian.",
        ),
        ("US", "Geschäftsführer", "The email is in English; this person's job title is in German."),
    ],
)
def test_who_reads_another_language_waits_for_a_person(
    country: str, title: str, reason: str
) -> None:
    message = drafted(factories.LeadFactory(country=country, title=title))
    assert message.status == "held", message.error
    assert message.critical_reason == reason
    assert (message.rank == 0 and message.priority == "critical") == bool(reason)
    assert not message.verdicts["autonomous"]["machine_approves"]


def test_a_country_that_is_not_allowed_stays_blocked(settings: Any) -> None:
    settings.ALLOWED_COUNTRIES = ["US"]
    german_template()
    message = drafted(factories.LeadFactory(country="DE"))
    assert (message.status, message.blocked_by) == ("blocked", "country")


def test_the_template_of_their_language_is_preferred() -> None:
    template = german_template()
    message = drafted(factories.LeadFactory(country="DE", first_name=""))
    assert message.status == "held", message.error
    assert (message.template, message.critical_reason) == (template, "")
    assert message.text.body.startswith("Guten Tag,\n\n")
    assert drafted(factories.LeadFactory(country="US")).template.language == "en"
    assert drafted(factories.LeadFactory(country="")).template.language == "en"


def test_a_check_at_gohighlevel_keeps_the_reason() -> None:
    message = drafted(factories.LeadFactory(country="DE"))
    stored = Message.objects.get(pk=message.pk)
    known = load_recipient(stored.lead, stored.to_address)
    assert critical_reasons.critical_reason(known, stored) == message.critical_reason != ""


def test_a_rewritten_draft_gives_its_reason_once() -> None:
    message = drafted(factories.LeadFactory(country="DE"))
    drafts.rewrite_draft(message, message.assessment)
    message.refresh_from_db()
    assert message.critical_reason.count("Germany") == 1


def test_a_country_that_is_corrected_takes_the_reason_away() -> None:
    message = drafted(factories.LeadFactory(country="DE"))
    Lead.objects.filter(pk=message.lead_id).update(country="US")
    message = Message.objects.select_related("lead").get(pk=message.pk)
    drafts.rewrite_draft(message, message.assessment)
    message.refresh_from_db()
    assert (message.critical_reason, message.priority) == ("", "hot")


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (("de",), ["de"]),
        (("fr", "de"), ["de"]),
        (("fr",), ["en"]),
        ((), ["en"]),
        (("en", "de"), ["en"]),
    ],
)
def test_english_follows_where_a_language_has_none(
    wanted: tuple[str, ...], chosen: list[str]
) -> None:
    every = tuple(EmailTemplate(language=code) for code in ("de", "en"))
    found = template_choice.in_language(ActiveTemplates(every, every), wanted)
    assert [one.language for one in found.first_emails] == chosen
    assert [one.language for one in found.follow_ups] == chosen


def test_without_english_any_template_serves() -> None:
    every = (EmailTemplate(language="de"),)
    assert template_choice.in_language(ActiveTemplates(every, ()), ("fr",)).first_emails == every


def test_each_language_has_a_place_of_its_own() -> None:
    template = german_template()
    assert template.key == "tier_1.general.de"
    same = EmailTemplate(
        key="another", tier="tier_1", angle="general", language="de", name="x",
        subject=template.subject, body=template.body,
    )  # fmt: skip
    assert preview.preview_template(same).errors
    french = EmailTemplate(
        key="tier_1.general.fr", tier="tier_1", angle="general", language="fr", name="x",
        subject="Sur {{ company }}", body="Bonjour {{ first_name }},\n\nA {{ company }} ?",
    )  # fmt: skip
    assert preview.preview_template(french).errors == []
