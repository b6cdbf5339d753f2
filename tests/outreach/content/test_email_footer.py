"""Footer, the hash an approval binds to, and the HTML that leaves.

No text of a visitor can become markup.
"""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.content import email_footer

SIGNATURE = email_footer.Signature(
    name="Alex Moreno",
    title="Partner",
    company="ChiefAIOfficer",
    booking_url="https://book.ours.example.com/alex",
    postal_address="1 Example Street, Columbus, OH 43004",
    unsubscribe_url="https://ours.example.com/u/tok_en-1",
)


class Read(HTMLParser):
    """What a mail program makes of the HTML."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[tuple[str, str]] = set()
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_footer_has_signature_address_and_unsubscribe_line() -> None:
    assert email_footer.build_footer(SIGNATURE) == (
        "Alex Moreno\nPartner, ChiefAIOfficer\nBook a time: https://book.ours.example.com/alex\n\n"
        "1 Example Street, Columbus, OH 43004\nUnsubscribe: https://ours.example.com/u/tok_en-1"
    )


def test_what_is_not_known_leaves_no_empty_line() -> None:
    assert email_footer.build_footer(replace(SIGNATURE, title="", company="", booking_url="")) == (
        "Alex Moreno\n\n1 Example Street, Columbus, OH 43004\nUnsubscribe: "
        "https://ours.example.com/u/tok_en-1"
    )


def test_the_hash_binds_to_the_recipient_and_every_word() -> None:
    parts = ("dana@northline.test", "Subject", "Body", "Footer")
    hashes = {email_footer.text_hash(*parts)}
    for n in range(4):
        changed = list(parts)
        changed[n] += "."
        hashes.add(email_footer.text_hash(*changed))
    assert len(hashes) == 5
    assert all(len(one) == 64 for one in hashes)
    assert email_footer.text_hash(*parts) in hashes


def test_the_hash_knows_where_one_part_ends() -> None:
    assert email_footer.text_hash("a", "bc", "d", "e") != email_footer.text_hash(
        "a", "b", "cd", "e"
    )


def test_paragraphs_lines_and_links_of_the_email_that_leaves() -> None:
    html = email_footer.email_html(
        "Hi Dana,\n\nOne\nTwo: https://ours.example.com/a?b=1&c=2",
        email_footer.build_footer(SIGNATURE),
    )
    assert "<p>Hi Dana,</p><p>One<br>Two: " in html
    read = Read(html)
    assert read.tags == ["div", "p", "p", "br", "a", "p", "br", "br", "a", "p", "br", "a"]
    assert read.links == [
        "https://ours.example.com/a?b=1&c=2",
        "https://book.ours.example.com/alex",
        "https://ours.example.com/u/tok_en-1",
    ]
    assert read.words.endswith("1 Example Street, Columbus, OH 43004Unsubscribe")


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        '"><b>bold</b>',
        "' onmouseover='alert(1)",
        "</p></div><h1>Hello</h1>",
        "&lt;b&gt; &#60;b&#62;",
        'https://acme.test/"onclick="alert(1)',
        "https://acme.test/<b>x</b>",
        "javascript:alert(1)",
        'Unsubscribe: https://acme.test/"><b>x',
        "<!-- x -->",
        "<a href='https://acme.test'>https://acme.test</a>",
    ],
)
def test_a_visitors_text_cannot_become_markup(payload: str) -> None:
    read = Read(email_footer.email_html(f"Hi {payload}", email_footer.build_footer(SIGNATURE)))
    assert set(read.tags) <= {"div", "p", "br", "a"}
    assert read.attributes <= {("div", "style"), ("p", "style"), ("a", "href")}
    assert all(link.startswith(("https://", "http://")) for link in read.links)
    assert read.links[-1] == SIGNATURE.unsubscribe_url


nasty = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [
            "<",
            ">",
            '"',
            "'",
            "&",
            "https://a.test/",
            "Unsubscribe: ",
            "http://",
            "\n",
            "\n\n",
            "a",
            " ",
            "=",
            "</a>",
        ]
    ),
    max_size=15,
).map("".join)


@given(body=nasty)
@settings(max_examples=400, deadline=None)
def test_no_text_at_all_becomes_markup(body: str) -> None:
    read = Read(email_footer.email_html(body, email_footer.build_footer(SIGNATURE)))
    assert set(read.tags) <= {"div", "p", "br", "a"}
    assert read.attributes <= {("div", "style"), ("p", "style"), ("a", "href")}
    assert all(link.startswith(("https://", "http://")) for link in read.links)
    assert read.links[-1] == SIGNATURE.unsubscribe_url


@given(
    body=st.text(
        alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=80
    )
)
@settings(max_examples=200, deadline=None)
def test_every_word_that_was_approved_can_be_read(body: str) -> None:
    """Spacing aside, what the recipient reads is the text and nothing else."""
    read = Read(email_footer.email_html(body, ""))
    assert "".join(read.words.split()) == "".join(body.split())


def test_the_token_of_a_personal_link_is_hidden() -> None:
    link = "https://caio.example.com/u/0123456789abcdef"
    assert email_footer.hide_personal_links(f"Stop: {link} now") == (
        "Stop: https://caio.example.com/u/… now"
    )
    assert (
        email_footer.hide_personal_links("Nothing to hide /u/short") == "Nothing to hide /u/short"
    )
