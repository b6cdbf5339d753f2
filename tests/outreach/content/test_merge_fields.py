"""Filling templates: tags, required and optional fields, broken grammar, and no placeholder that
survives.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.models import Company
from outreach.content import check_results, checks, email_footer, merge_fields, seller_fields
from outreach.content.merge_fields import (
    BadTemplate,
    FieldValue,
    MissingField,
    fill_template,
    title_family,
)
from outreach.content.placeholders import find_placeholders
from outreach.drafting import known_fields
from outreach.models import EmailTemplate
from tests import factories

FIELDS = {
    "first_name": FieldValue("Dana", "rb2b"),
    "company": FieldValue("Northline", "clay, 2026-03-01"),
}
FAMILIES = ("ceo", "cro", "cto", "coo", "other")


def test_a_required_field_is_filled_and_its_source_kept() -> None:
    filled = fill_template(
        "Hi {{ first_name }}, of {{company}}. {{ first_name }}!", FIELDS, "other"
    )
    assert filled.text == "Hi Dana, of Northline. Dana!"
    assert filled.phrases == (
        merge_fields.Phrase("Dana", "first_name", "rb2b"),
        merge_fields.Phrase("Northline", "company", "clay, 2026-03-01"),
    )


@pytest.mark.parametrize("fields", [{}, {"title": FieldValue("", "rb2b")}])
def test_a_required_field_without_a_value_is_named(fields: dict[str, FieldValue]) -> None:
    with pytest.raises(
        MissingField, match=r"^The template needs title, and it is not known\.$"
    ) as missing:
        fill_template("As {{ title }} you know.", fields, "other")
    assert missing.value.field == "title"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("A\n\n[if company]\nB {{ company }}", "A\n\nB Northline"),
        ("A\n\n[if title]\nB {{ title }}", "A"),
        ("A\n\n[if company and title]\nB", "A"),
        ("A\n\n[if company and first_name]\nB", "A\n\nB"),
        ("A\n\n[unless title]\nB", "A\n\nB"),
        ("A\n\n[unless company]\nB {{ title }}", "A"),
        ("A\n\n[title cro]\nB", "A\n\nB"),
        ("A\n\n[title cto]\nB {{ title }}", "A"),
        ("\n\nA\n  \n\nB\n\n", "A\n\nB"),
    ],
)
def test_a_tag_governs_the_paragraph_below_it(template: str, expected: str) -> None:
    assert fill_template(template, FIELDS, "cro").text == expected


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("A\n\n[if company]", r"\[if company\] has no paragraph under it\."),
        ("A\n\n[if company]\n\nB", r"\[if company\] has no paragraph under it\."),
        ("[if Company]\nB", r"\[if Company\] is not a tag"),
        ("[when company]\nB", r"\[when company\] is not a tag"),
        ("[Name], hello", r"\[Name\], hello is not a tag"),
        ("[if company\nB", r"\[if company is not a tag"),
    ],
)
def test_a_broken_tag_is_named_and_nothing_is_filled(template: str, problem: str) -> None:
    with pytest.raises(BadTemplate, match=problem):
        fill_template(template, FIELDS, "other")


@pytest.mark.parametrize(
    ("title", "family"),
    [
        ("CEO", "ceo"),
        ("Founder & CEO", "ceo"),
        ("President", "ceo"),
        ("Managing Partner", "ceo"),
        ("VP Sales", "cro"),
        ("VP of Sales Operations", "cro"),
        ("Vice President, Operations", "coo"),
        ("Senior Vice President of Engineering", "cto"),
        ("Vice President", "other"),
        ("CRO", "cro"),
        ("Chief Marketing Officer", "other"),
        ("Digital Marketing Manager", "other"),
        ("VP Sales and Marketing", "cro"),
        ("CTO", "cto"),
        ("CIO", "cto"),
        ("Head of Data", "cto"),
        ("COO", "coo"),
        ("Director of Supply Chain", "coo"),
        ("Head of Fulfilment", "coo"),
        ("Nurse", "other"),
        ("", "other"),
    ],
)
def test_the_family_of_a_title(title: str, family: str) -> None:
    assert title_family(title) == family


@pytest.mark.parametrize(
    "text",
    [
        "Hi {{ first_name }}",
        "Hi {{First Name}}",
        "}} there",
        "{% if x %}",
        "[if x]",
        "[First Name]",
        "<<name>>",
        "Hi ${name}",
        "Hi None,",
        "at null.",
        "Hi %(name)s",
    ],
)
def test_what_looks_unfilled_is_found(text: str) -> None:
    assert find_placeholders(text)


@pytest.mark.parametrize(
    "text", ["Hi Dana,", "a [1] b", "5 < 6 > 4", "Nonetheless", "nullify", "costs $5 {sic}"]
)
def test_plain_words_are_no_placeholder(text: str) -> None:
    assert find_placeholders(text) == []


def test_a_value_is_never_read_as_a_template() -> None:
    assert (
        fill_template(
            "{{ company }}", {"company": FieldValue("{{ first_name }}", "rb2b")}, "other"
        ).text
        == "{{ first_name }}"
    )


pieces = st.sampled_from(
    [
        "{{ first_name }}",
        "{{company}}",
        "{{ title }}",
        "{{",
        "}}",
        "{",
        "}",
        "{{ First Name }}",
        "[if title]\n",
        "[unless title]\n",
        "[title cro]\n",
        "\n\n",
        "\n",
        "Hello ",
        "{{{{ company }}}}",
        "{%",
        "{{ first-name }}",
    ]
)


@given(
    template=st.lists(pieces, max_size=12).map("".join),
    values=st.dictionaries(
        st.sampled_from(["first_name", "company", "title"]), st.text(max_size=20) | pieces
    ),
    family=st.sampled_from(FAMILIES),
)
@settings(max_examples=400, deadline=None)
def test_no_brace_pair_gets_past_filling_and_the_guard(
    template: str, values: dict[str, str], family: str
) -> None:
    fields = {name: FieldValue(value, "test") for name, value in values.items()}
    try:
        text = fill_template(template, fields, family).text
    except (MissingField, BadTemplate):
        return
    if "{{" in text or "}}" in text:
        assert not _guard(text)["placeholder"]


def _guard(body: str, **more: Any) -> dict[str, bool]:
    plain: dict[str, Any] = {
        "subject": "Subject",
        "footer": "",
        "fields_used": frozenset({"company"}),
        "sender_name": "",
        "postal_address": "",
        "unsubscribe_url": "",
        "country": "US",
        "allowed_countries": frozenset({"US"}),
    }
    return {
        row.guard: row.passed
        for row in checks.check_text(checks.EmailText(body=body, **{**plain, **more}))
    }


OPTIONAL = (
    "industry",
    "technology",
    "employees",
    "warm_company",
    "warm_colleague",
    "visit_count",
    "city",
    "state",
    "open_roles",
    "title",
)
ALL = {
    "first_name": "Dana", "last_name": "Whitfield", "title": "VP Sales", "city": "Columbus",
    "state": "OH", "company": "Northline Freight", "industry": "logistics",
    "employees": "200-500", "open_roles": "1", "technology": "HubSpot", "page_topic": "pricing",
    "visit_count": "3", "warm_member": "Sam Reyes", "warm_colleague": "Sam Reyes",
    "warm_company": "Acme", "warm_sentence": "Sam Reyes on our team also worked at Acme.",
    "sender_name": "Alex Moreno", "sender_first_name": "Alex", "sender_company": "ChiefAIOfficer",
    "first_subject": "A question for Northline", **{
        name: value.text for name, value in seller_fields.seller_values(
            seller_fields.default_seller("ChiefAIOfficer"), "cro", ""
        ).items()
    },
}  # fmt: skip
SIGNATURE = email_footer.Signature(
    "Alex Moreno", "Partner", "ChiefAIOfficer", "https://book.ours.example.com/alex",
    "1 Example Street, Columbus", "https://ours.example.com/u/token",
)  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("without", [(), OPTIONAL, *[(name,) for name in OPTIONAL]], ids="-".join)
def test_seeded_templates_pass_or_name_missing_fields(
    family: str, without: tuple[str, ...]
) -> None:
    fields = {name: FieldValue(text, "test") for name, text in ALL.items() if name not in without}
    footer = email_footer.build_footer(SIGNATURE)
    templates = list(EmailTemplate.objects.filter(active=True))
    assert len(templates) == 35
    filled = 0
    for template in templates:
        try:
            body = fill_template(template.body, fields, family)
            subject = fill_template(template.subject, fields, family).text
        except MissingField as missing:
            assert missing.field in without, template.key
            continue
        filled += 1
        assert "{{" not in f"{subject}{body.text}" and "[" not in f"{subject}{body.text}", (
            template.key
        )
        assert body.text.startswith("Hi Dana,"), template.key
        assert body.text.rstrip().endswith("?"), template.key
        failed = check_results.first_failure(
            checks.check_text(
                checks.EmailText(
                    subject=subject,
                    body=body.text,
                    footer=footer,
                    fields_used=frozenset(phrase.field for phrase in body.phrases),
                    sender_name="Alex Moreno",
                    postal_address=SIGNATURE.postal_address,
                    unsubscribe_url="https://ours.example.com/u/",
                    country="US",
                    allowed_countries=frozenset({"US"}),
                    thread=ALL["first_subject"],
                )
            )
        )
        assert failed is None, (template.key, failed)
    needed = {"open_roles": {"hiring"}, "technology": {"tech_stack"}}
    lacking = {place for field in without for place in needed.get(field, ())}
    assert filled == sum(not lacking & {template.angle, template.signal} for template in templates)


@pytest.mark.django_db
def test_seeded_templates_need_the_company() -> None:
    fields = {name: FieldValue(text, "test") for name, text in ALL.items() if name != "company"}
    for template in EmailTemplate.objects.filter(active=True):
        with pytest.raises(MissingField) as missing:
            fill_template(template.subject + "\n\n" + template.body, fields, "other")
        assert missing.value.field == "company", template.key


@pytest.mark.parametrize(
    ("template", "language", "text"),
    [
        ("Hi {{ first_name }},\n\nAbout {{ company }}.", "en", "Hello,\n\nAbout Northline."),
        ("Hello {{first_name}}!\nAbout {{ company }}.", "en", "Hello,\nAbout Northline."),
        ("Guten Tag {{ first_name }},\n\nzu {{ company }}.", "de", "Guten Tag,\n\nzu Northline."),
        ("Bonjour {{ first_name }},\n\nA.", "fr", "Bonjour,\n\nA."),
        ("Hi {{ first_name }},\n\nA.", "xx", "Hello,\n\nA."),
    ],
)
def test_without_a_name_the_greeting_names_nobody(template: str, language: str, text: str) -> None:
    known = {"company": FIELDS["company"]}
    assert fill_template(template, known, "other", language).text == text


@pytest.mark.parametrize(
    "template", ["You know, {{ first_name }}.", "Hi {{ first_name }}, of {{ company }}"]
)
def test_a_name_within_a_sentence_stays_required(template: str) -> None:
    with pytest.raises(MissingField):
        fill_template(template, {"company": FIELDS["company"]}, "other")


@pytest.mark.parametrize(
    ("template", "value", "text"),
    [
        ("At {{ company }}.", "Acme Inc.", "At Acme Inc."),
        ("At {{ company }}?", "Acme Inc.", "At Acme Inc?"),
        ("{{ company }}'s work", "Acme Inc.", "Acme Inc's work"),
        ("At {{ company }}, now", "Acme Inc.", "At Acme Inc., now"),
        ("At {{ company }} now", "eBay", "At eBay now"),
        ("{{ company }} now", "eBay", "eBay now"),
        ("Work.\n{{ industry }} is hard", "oil and energy", "Work.\nOil and energy is hard"),
        ("In {{ industry }}, work", "oil and energy", "In oil and energy, work"),
        ("{{ industry }} work", "IT services", "IT services work"),
    ],
)
def test_a_value_fits_where_it_stands(template: str, value: str, text: str) -> None:
    fields = {name: FieldValue(value, "rb2b") for name in ("company", "industry")}
    assert fill_template(template, fields, "other").text == text


@pytest.mark.django_db
def test_the_fields_of_a_lead_have_their_sources() -> None:
    company = factories.CompanyFactory(
        name="Acme, Inc.",
        technologies=["jquery", "HubSpot"],
        sources={"name": {"source": "clay", "at": "2026-03-01T10:00"}},
    )
    lead = factories.LeadFactory(
        company=company, sources={"title": {"source": "rb2b", "at": "2026-03-01T02:00+00:00"}}
    )
    found = known_fields.fields_of(
        lead, factories.AssessmentFactory(lead=lead), None, known_fields.LeadVisits()
    )
    assert found["company"] == FieldValue("Acme", "clay, 2026-03-01")
    assert found["title"] == FieldValue("VP Sales", "rb2b, 2026-02-28"), "the team's day"
    assert found["technology"].text == "HubSpot"
    assert found["industry"].text == "logistics and supply chain"
    assert found["page_topic"] == FieldValue("what we build", "visited page")
    assert "visit_count" not in found and "warm_member" not in found
    assert Company.objects.count() == 1
