"""Which role a title says: the one whose problem an email speaks of."""

import pytest

from outreach.content.roles import ROLES, role_of


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("CEO", "ceo"),
        ("President & CEO", "ceo"),
        ("Managing Director", "ceo"),
        ("Founder & CEO", "founder"),
        ("Co-Founder", "founder"),
        ("Co-Founder & CTO", "cto"),
        ("Owner", "owner"),
        ("Owner/Operator", "owner"),
        ("Product Owner", "product"),
        ("CFO", "cfo"),
        ("VP Finance & Operations", "cfo"),
        ("Corporate Controller", "cfo"),
        ("CHRO", "chro"),
        ("Head of People", "chro"),
        ("VP People Operations", "chro"),
        ("HR Business Partner", "chro"),
        ("VP Customer Success", "customer_success"),
        ("Director, Client Services", "customer_success"),
        ("General Counsel", "legal"),
        ("Chief Legal Officer", "legal"),
        ("CMO", "cmo"),
        ("Product Marketing Manager", "cmo"),
        ("Chief Revenue Officer", "cro"),
        ("Senior Vice President, Sales", "cro"),
        ("VP of Sales Operations", "cro"),
        ("Chief Product Officer", "product"),
        ("VP Product", "product"),
        ("CIO", "cio"),
        ("IT Director", "cio"),
        ("CISO", "cio"),
        ("CTO", "cto"),
        ("VP Engineering", "cto"),
        ("COO", "coo"),
        ("Director of Supply Chain", "coo"),
        ("Plant Manager", "coo"),
        ("Vice President", "other"),
        ("Executive Assistant to the CEO", "other"),
        ("Former CFO", "other"),
        ("Geschäftsführerin", "ceo"),
        ("Nurse", "other"),
        ("", "other"),
    ],
)
def test_the_role_of_a_title(title: str, role: str) -> None:
    assert role_of(title) == role


@pytest.mark.parametrize(
    ("title", "employees", "role"),
    [
        ("CEO", 10, "owner"),
        ("Founder", 2, "owner"),
        ("CEO", 11, "ceo"),
        ("CEO", None, "ceo"),
        ("CFO", 5, "cfo"),
    ],
)
def test_who_leads_a_small_firm_is_its_owner(title: str, employees: int | None, role: str) -> None:
    assert role_of(title, employees) == role


def test_every_role_of_the_issue_is_there() -> None:
    assert {role.key for role in ROLES} == {
        "ceo", "cfo", "chro", "cio", "cmo", "coo", "cro", "cto", "customer_success", "founder",
        "legal", "other", "owner", "product",
    }  # fmt: skip
