"""Practice emails: what is wrong with each, and that nothing is wrong with the good ones."""

import random
from collections import Counter

import pytest

from approvals.models import Fault
from approvals.training import practice_texts
from approvals.training.practice_texts import FAULTS, RECIPIENTS, PracticeEmail
from outreach.content import placeholders

TO = RECIPIENTS[0]


def write(fault: Fault) -> PracticeEmail:
    return practice_texts.write_email(TO, fault, RECIPIENTS)


@pytest.mark.parametrize("count", [1, 2, 5, 12, 50])
def test_about_half_are_good_and_faults_take_turns(count: int) -> None:
    chosen = Counter(practice_texts.choose_faults(count, random.Random(count)))
    assert chosen.total() == count and chosen.pop(Fault.NONE, 0) == count // 2
    assert set(chosen) <= set(FAULTS)
    assert max(chosen.values()) - min(chosen.get(one, 0) for one in FAULTS) <= 1


def test_no_person_comes_twice_before_all_came() -> None:
    made = practice_texts.write_practice_emails(len(RECIPIENTS), random.Random(1))
    assert len({one.recipient.last for one in made}) == len(RECIPIENTS)


def test_a_good_email_has_no_fault() -> None:
    email = write(Fault.NONE)
    assert email.body.startswith(f"Hi {TO.first},") and TO.company in email.body
    assert not placeholders.find_placeholders(email.body) and email.has_legal_footer
    assert "$" not in email.body and "customer" not in str(email.phrases)
    assert all(fact["text"] in email.body and fact["source"] for fact in email.phrases)


def test_each_fault_can_be_seen() -> None:
    assert f"Hi {TO.first}," not in write(Fault.WRONG_NAME).body
    assert "{{ company }}" in write(Fault.PLACEHOLDER).body
    assert not write(Fault.MISSING_FOOTER).has_legal_footer
    assert any("customer since" in fact["source"] for fact in write(Fault.CUSTOMER).phrases)
    assert "AI consulting" in write(Fault.COMPETITOR).recipient.industry
    invented = write(Fault.INVENTED_FACT)
    assert "$40M round" in invented.body and "$40M" not in str(invented.phrases)


@pytest.mark.parametrize("fault", FAULTS)
def test_an_email_has_one_fault_alone(fault: Fault) -> None:
    """Every fact that is listed stands in the text."""
    email = write(fault)
    assert all(one["text"] in f"{email.subject} {email.body}" for one in email.phrases)
    assert (email.body != write(Fault.NONE).body) or fault in (Fault.MISSING_FOOTER, Fault.CUSTOMER)
