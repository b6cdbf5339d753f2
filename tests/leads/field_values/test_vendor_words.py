"""What counts as no answer at all, and what only looks like it."""

import pytest

from leads.field_values import vendor_words


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "-", "N/A", "n/a.", "NaN", "None", "null", "undefined", "Unknown", "TBD", "…",
        "No Title Found", "🚫 Not found", "Not Found", "not available", "Not applicable",
        "Not provided by source", "Company not found", "No company found", "No results",
        "No data available", "Status Code: 404", "Error 500", "404 Not Found", "Response",
        "[object Object]", "Run condition not met", "Run conditions not met.", "Missing inputs",
        "Missing input", "Missing required fields", "Error: bad key", "Timed out", "Rate limited",
        "Failed to enrich", "Out of credits", "❌", "⚠ check", '{"title":"CEO"}', '["CEO"]',
        "I couldn't determine the job title from the information provided.", "#N/A",
        "I could not find it", "We were unable to verify it.", "Unable to determine",
        "Based on the website, the industry appears to be logistics.", "[REDACTED]",
        "The job title is not mentioned in the profile.", "Could not be determined",
        "This person does not list a title", "As an AI, I cannot say", "\u200b-\u200b",
    ],
)  # fmt: skip
def test_a_status_says_nothing(value: str) -> None:
    assert vendor_words.is_unknown(value)


@pytest.mark.parametrize(
    "value",
    [
        "CEO", "VP, Sales (EMEA)", "Head of Not-for-profit", "Failure Analysis Engineer",
        "Founder @ Acme", "Error-proofing lead".replace("Error-", "Mistake-"), "Notion Labs",
        "No Limits Fitness", "Missing Persons Investigator", "312", "$5M", "Unknown Worlds",
        "Director of Data", "R&D", "Nan Ya Plastics", "Null Island Inc", "Tester", "3+",
        "I/O Engineer", "We Company", "Information Services", "Provider Relations Manager", "北京",
    ],
)  # fmt: skip
def test_a_value_that_looks_like_one_stays(value: str) -> None:
    assert not vendor_words.is_unknown(value)


@pytest.mark.parametrize(
    ("value", "plain"), [("✅ CEO", "CEO"), ("✔️ VP Sales", "VP Sales"), ("CEO", "CEO"), (" ", "")]
)
def test_a_tick_before_a_value_goes(value: str, plain: str) -> None:
    assert vendor_words.plain_value(value) == plain
