"""Texts of vendors are read as they were meant: letters, encodings and lists."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.field_values import texts
from leads.normal import storable_text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\u202egnp.exe", "gnp.exe"),
        ("\u2066Dana\u2069 \u061cx\u200e\u200f", "Dana x"),
        ("a\x00\x07\x1b[31m", "a[31m"),
        ("two\u2028lines\r\nand\tmore", "two lines and more"),
        ("שלום עליכם", "שלום עליכם"),
        ("👩‍💻", "👩‍💻"),
    ],
)
def test_unseen_letters_are_not_stored(text: str, kept: str) -> None:
    assert storable_text(text) == kept


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Smith &amp; Daughters", "Smith & Daughters"),
        ("JosÃ© MuÃ±oz", "José Muñoz"),
        ("MÃ¼ller", "Müller"),
        ("Sean Oâ€™Neil", "Sean O’Neil"),
        ("Da\u200bna", "Dana"),
        ("  two\n words ", "two words"),
        ("Ângela Âlves", "Ângela Âlves"),
        ("São Paulo", "São Paulo"),
        ("Ã§ \u4e2d", "Ã§ \u4e2d"),
    ],
)
def test_a_text_is_repaired_to_what_was_meant(text: str, meant: str) -> None:
    assert texts.repaired_text(text) == meant


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("['Software', 'Internet']", "Software & Internet"),
        ('["Software"]', "Software"),
        ("['Software', 'Internet', 'Media']", "Software & Internet"),
        (" ['Software'] ", "Software"),
        ("[None, ' ', 'Software']", "Software"),
        ("[]", ""),
        ("[1, 2]", ""),
        ("[Software", "[Software"),
        ("Software]", "Software]"),
        ("'Software', 'Internet'", "'Software', 'Internet'"),
        ("[Software]", "[Software]"),
        ("(1)", "(1)"),
        ("[1], [2]", "[1], [2]"),
        ("B2B SaaS", "B2B SaaS"),
    ],
)
def test_a_list_in_a_text_becomes_a_phrase(text: str, phrase: str) -> None:
    assert texts.phrase_of_list(text) == phrase


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("𝐃𝐚𝐧𝐚 𝓞𝓴𝓪𝓯𝓸𝓻", "Dana Okafor"),
        ("Ｄａｎａ", "Dana"),
        ("ℂℍ𝔸ℝℒ𝔼𝕊", "CHARLES"),
        ("\u2100", "a/c"),
        ("ʰ", "ʰ"),
        ("ⓓⓐⓝⓐ", "dana"),
        ("José Müller", "José Müller"),
        ("São Tomé ½", "São Tomé ½"),
        ("ﬁ", "ﬁ"),
        ("이수민 中", "이수민 中"),
        ("", ""),
    ],
)
def test_only_letters_in_disguise_become_plain(text: str, plain: str) -> None:
    assert texts.plain_letters(text) == plain


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('["Acme", {"name": "Beta"}, 7]', ["Acme", {"name": "Beta"}, 7]),
        ("['Acme', None]", ["Acme", None]),
        ("[]", []),
        ("[Acme]", None),
        ("[1], [2]", None),
        ('{"name": "Acme"}', None),
        ("[" * 50_000 + "]" * 50_000, None),
        ("[1" + " " * (100_000 - 3) + "]", [1]),
        ("[1" + " " * (100_001 - 3) + "]", None),
    ],
)
def test_only_a_whole_list_has_values(text: str, values: list[Any] | None) -> None:
    assert texts.listed_values(text) == values


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_is_repaired_to_one_line(text: str) -> None:
    found = texts.repaired_text(text)
    assert found == found.strip() and len(found.splitlines()) <= 1
    assert len(texts.plain_letters(text)) >= len(text)
