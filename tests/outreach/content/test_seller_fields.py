"""The words of the seller: which proof an industry gets, and what may stand in an email."""

from dataclasses import replace

import pytest

from outreach.content.seller_fields import (
    Proof,
    default_seller,
    parse_proofs,
    proof_for,
    proofs_as_lines,
    seller_from_words,
    seller_values,
    sentence_problem,
    words_of_seller,
)

PROOFS = (
    Proof("logistics", "A broker cut month-end to four days."),
    Proof("", "Ten firms stayed a second year."),
)
SELLER = default_seller("Northwind Insurance")


@pytest.mark.parametrize(
    ("industry", "proofs", "result", "found"),
    [
        ("Logistics & Supply Chain", PROOFS, "", PROOFS[0].sentence),
        ("Banking", PROOFS, "", PROOFS[1].sentence),
        ("", PROOFS, "", PROOFS[1].sentence),
        ("Banking", PROOFS[:1], "Claims close in a day.", "Claims close in a day."),
        ("Banking", PROOFS[:1], "", ""),
        ("", PROOFS[:1], "", ""),
    ],
)
def test_the_proof_of_an_industry(
    industry: str, proofs: tuple[Proof, ...], result: str, found: str
) -> None:
    assert proof_for(replace(SELLER, proofs=proofs, result=result), industry) == found


def test_what_is_not_set_is_no_field() -> None:
    found = seller_values(SELLER, "cfo", "Banking")
    assert found["sender_company"].text == "Northwind Insurance"
    assert not {"seller_proof", "seller_customers", "booking_link"} & set(found)
    assert all(value.source == "the starting set" for value in found.values())


def test_own_booking_link_comes_before_the_sellers() -> None:
    seller = replace(SELLER, booking_url="https://book.example.com/team")
    assert seller_values(seller, "cfo", "")["booking_link"].text.endswith("/team")
    own = seller_values(seller, "cfo", "", "https://book.example.com/alex")
    assert own["booking_link"].text.endswith("/alex")


def test_unknown_role_reads_as_any() -> None:
    assert seller_values(SELLER, "astronaut", "") == seller_values(SELLER, "other", "")


def test_stored_words_come_back_as_they_were() -> None:
    seller = replace(SELLER, proofs=PROOFS, customers="brokers", version=3)
    assert seller_from_words(words_of_seller(seller), 3) == seller


def test_proofs_are_read_and_shown_by_line() -> None:
    assert parse_proofs(proofs_as_lines(PROOFS)) == PROOFS
    assert parse_proofs("\n  \nWe cut claims by half.\n") == (Proof("", "We cut claims by half."),)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("offer", "We insure freight.", ""),
        ("offer", "We insure freight", "period"),
        ("offer", "We insure freight?", "period"),
        ("offer", " ".join(["word"] * 19) + ".", "19 words"),
        ("offer", "We {{ do }} it.", "No fields"),
        ("offer", "See https://x.test now.", "no links"),
        ("pain", "One.\nTwo.", "One line"),
        ("question", "Which load worries you?", ""),
        ("question", "Which load? Which lane?", "one question mark"),
        ("question", "Tell me.", "one question mark"),
    ],
)
def test_what_may_stand_in_an_email(name: str, text: str, problem: str) -> None:
    found = sentence_problem(name, text)
    assert problem in found if problem else found == ""
