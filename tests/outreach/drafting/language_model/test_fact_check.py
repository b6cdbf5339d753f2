"""What a language model may say: only what stands in a field it was given, or in the template."""

import pytest

from outreach.content.merge_fields import FieldValue
from outreach.drafting.language_model import fact_check
from outreach.drafting.language_model.fact_check import AllowedFacts, ClaimedFact, ModelText

FIELDS = {
    "company": FieldValue("Northline Freight", "rb2b, 2026-03-01"),
    "title": FieldValue("VP Sales", "rb2b, 2026-03-01"),
    "industry": FieldValue("logistics and supply chain", "clay, 2026-03-02"),
    "employees": FieldValue("200-500", "rb2b, 2026-03-01"),
    "open_roles": FieldValue("4", "clay, 2026-03-02"),
    "technology": FieldValue("HubSpot", "clay, 2026-03-02"),
    "page_topic": FieldValue("pricing", "visited page"),
}
BASIS = (
    "A question for Northline Freight\nWe bring a chief AI officer and a small team. "
    "Would twenty minutes be worth it?"
)
KNOWN = AllowedFacts(FIELDS, BASIS)


def trace(text: str, *facts: tuple[str, str], subject: str = "A question") -> dict[str, str]:
    """Phrase: field, of what was traced."""
    said = ModelText(subject, (text,), tuple(ClaimedFact(*fact) for fact in facts))
    return {phrase.text: phrase.field for phrase in fact_check.trace_facts(said, KNOWN)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What would you hand over first?", {}),
        ("I'd ask the people who do it. If they agree, we build it with them.", {}),
        ("At Northline Freight somebody does it by hand.", {"Northline Freight": "company"}),
        ("At Northline somebody does it by hand.", {"Northline": "company"}),
        ("Northline Freight's week has a step like that.", {"Northline Freight": "company"}),
        ("A VP Sales sees it first.", {"VP Sales": "title"}),
        ("A VP sees it first.", {"VP": "title"}),
        ("In logistics it is a handover.", {"logistics": "industry"}),
        ("With 200 to 500 people it adds up.", {"200": "employees", "500": "employees"}),
        ("You have 4 open jobs.", {"4": "open_roles"}),
        (
            "We work with HubSpot, and around hubspot too.",
            {"HubSpot": "technology", "hubspot": "technology"},
        ),
        ("Our chief AI officer would look at it for twenty minutes.", {}),
        ("Reading about pricing is one thing.", {"pricing": "page_topic"}),
        ("Would it help? Bring it here.", {}),
        ("A “small team” – no more…", {}),
    ],
)
def test_traced_facts_carry_their_source(text: str, found: dict[str, str]) -> None:
    assert trace(text) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("We did this at Contoso.", "“Contoso” stands in nothing"),
        ("Contoso did this with us.", "“Contoso” stands in nothing"),
        ("Northline Logistics knows it.", "“Northline Logistics”"),
        ("Freight Northline knows it.", "“Freight Northline”"),
        ("Ask eBay about it.", "“eBay”"),
        ("The AI Officer Award is ours.", "“award”"),
        ("Everybody in Columbus knows it.", "“Columbus”"),
        ("Dana would know.", "“Dana”"),
        ("The board sees it. Priya too.", "“Priya”"),
        ("It takes 30 days.", "The number 30"),
        ("It takes 4.5 days.", "The number 4.5"),
        ("It takes three days.", "“three”"),
        ("It saves half the week.", "“half”"),
        ("It cuts cost by 40 percent.", "The number 40"),
        ("It costs 20% less.", "'%' has no place"),
        ("It is worth $500.", "'$' has no place"),
        ("A CEO sees it first.", "“ceo”"),
        ("A founder sees it first.", "“founder”"),
        ("In banking it is a handover.", "“banking”"),
        ("In health care it is a handover.", "“health care”"),
        ("We work with salesforce.", "“salesforce”"),
        ("We helped a team like yours.", "“we helped”"),
        ("We’ve helped a team like yours.", "“we've helped”"),
        ("Our clients like it.", "“our clients”"),
        ("Your recent news made me write.", "“your recent”"),
        ("As we discussed, here it is.", "“as we discussed”"),
        ("Please pay the invoice.", "“invoice”"),
        ("See https://evil.test for more.", "'/' has no place"),
        ("See www.evil for more.", "looks like a link"),
        ("See evil.test for more.", "looks like a link"),
        ("Write to me@evil", "'@' has no place"),
        ("Call 614 555 0142 now.", "telephone number"),
        ("Call (614) 555-0142.", "telephone number"),
        ("<b>Now</b>", "'<' has no place"),
        ("[Now](there)", "'[' has no place"),
        ("**Now** is good.", "'*' has no place"),
        ("{{ company }} knows.", "'{' has no place"),
        ("N\u043erthline Freight knows it.", "letter 'о'"),
        ("Say it \u202ebackwards.", "'\\u202e' has no place"),
        ("Say\u200b it.", "'\\u200b' has no place"),
        ("Say it \U0001f680", "has no place"),
    ],
)
def test_what_is_known_from_nowhere_is_named(text: str, why: str) -> None:
    with pytest.raises(fact_check.UntracedFact) as error:
        trace(text)
    assert why in str(error.value)


def test_the_subject_is_held_to_the_same() -> None:
    with pytest.raises(fact_check.UntracedFact, match="Contoso"):
        trace("What would you hand over?", subject="What Contoso did")


@pytest.mark.parametrize(
    ("fact", "why"),
    [
        (("Northline Freight", "city"), "which it was not given"),
        (("Northline Freight", "title"), "does not stand in title"),
        (("Freight", "company"), "does not say it"),
        (("", "company"), "does not stand in company"),
    ],
)
def test_a_fact_that_is_listed_must_be_so(fact: tuple[str, str], why: str) -> None:
    with pytest.raises(fact_check.UntracedFact, match=why):
        trace("At Northline somebody does it by hand.", fact)


def test_a_listed_fact_carries_the_source_of_its_field() -> None:
    said = ModelText(
        "A question", ("It is logistics that suffers.",), (ClaimedFact("logistics", "industry"),)
    )
    [phrase] = fact_check.trace_facts(said, KNOWN)
    assert (phrase.text, phrase.field, phrase.source) == (
        "logistics",
        "industry",
        "clay, 2026-03-02",
    )


def test_a_number_of_the_template_needs_no_source() -> None:
    known = AllowedFacts({}, "Would 20 minutes be worth it?")
    said = ModelText("A question", ("Would 20 minutes be worth it?",), ())
    assert list(fact_check.trace_facts(said, known)) == []


def test_letters_of_a_field_are_no_strangers() -> None:
    known = AllowedFacts({"company": FieldValue("Müller Großhandel", "rb2b")}, BASIS)
    [phrase] = fact_check.trace_facts(
        ModelText("A question", ("At Müller Großhandel it is slow.",), ()), known
    )
    assert phrase.text == "Müller Großhandel"
