"""Signature, postal address and unsubscribe line of every email, and its HTML. Pure."""

import hashlib
import html
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Signature:
    name: str
    title: str
    company: str
    booking_url: str
    postal_address: str
    unsubscribe_url: str


UNSUBSCRIBE_WORDS = "Unsubscribe"
_PERSONAL_LINK = re.compile(r"(/u/|%2Fu%2F)[\w-]{16,}", re.IGNORECASE)


def build_footer(signature: Signature) -> str:
    """Build signature, postal address (15 USC 7704(a)(5)) and unsubscribe line as plain text."""
    who = ", ".join(part for part in (signature.title, signature.company) if part)
    lines = [
        signature.name,
        who,
        f"Book a time: {signature.booking_url}" if signature.booking_url else "",
    ]
    legal = [signature.postal_address, f"{UNSUBSCRIBE_WORDS}: {signature.unsubscribe_url}"]
    return (
        "\n".join(line for line in lines if line)
        + "\n\n"
        + "\n".join(line for line in legal if line)
    )


def hide_personal_links(text: str) -> str:
    """`text` as the team may see it: whoever reads the token of /u/… can stop that person."""
    return _PERSONAL_LINK.sub(r"\1…", text)


def text_hash(to_address: str, subject: str, body: str, footer_text: str) -> str:
    """Hash what an approval binds to: the recipient and every word."""
    return hashlib.sha256(
        "\x00".join((to_address, subject, body, footer_text)).encode()
    ).hexdigest()


def email_html(body: str, footer_text: str) -> str:
    """Return near-plain HTML of the email as sent: all escaped, our own links live."""
    signed, _, legal = footer_text.partition("\n\n")
    small = "font-size:12px;color:#5f6673"
    return (
        '<div style="font-family:Arial,Helvetica,sans-serif;'
        'font-size:15px;line-height:1.5;color:#161a22">'
        + "".join(
            f"<p>{_lines_html(paragraph)}</p>" for paragraph in re.split(r"\n\s*\n", body.strip())
        )
        + f"<p>{_lines_html(signed)}</p>"
        + f'<p style="{small}">{_lines_html(legal)}</p></div>'
    )


def _lines_html(text: str) -> str:
    escaped = html.escape(text.strip()).replace("\n", "<br>")
    labelled = re.sub(
        rf"{UNSUBSCRIBE_WORDS}: (https?://[^\s<]+)",
        rf'<a href="\1">{UNSUBSCRIBE_WORDS}</a>',
        escaped,
    )
    return re.sub(r"(?<![\"=])(https?://[^\s<\"]+)(?![^<]*</a>)", r'<a href="\1">\1</a>', labelled)
