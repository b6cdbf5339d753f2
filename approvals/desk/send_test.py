"""A test of an email, sent to the person who reviews it. It is no send: nothing is counted."""

import smtplib
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from outreach.content import email_footer
from outreach.models import Message

NO_EMAIL_SERVER = "Not sent: EMAIL_URL is not set, so this server sends no email of its own."
NO_ADDRESS = "Not sent: your account has no email address. Ask a Lead to add one."
NO_TEXT = "Not sent: the email has no text yet."


class TestNotSent(Exception):
    """Why no test was sent, as a sentence."""

    __test__ = False  # for pytest


def send_test(message: Message, user: Any) -> str:
    """Send the text as it stands to `user`; returns the address. Raises TestNotSent.

    By Django's own email, never through GoHighLevel. The recipient's unsubscribe link is left out.
    """
    text = message.text
    if not settings.EMAIL_URL:
        raise TestNotSent(NO_EMAIL_SERVER)
    if not user.email:
        raise TestNotSent(NO_ADDRESS)
    if text is None or not text.body:
        raise TestNotSent(NO_TEXT)
    footer = email_footer.hide_personal_links(text.footer)
    email = EmailMultiAlternatives(
        f"[Test] {text.subject}"[:200], f"{text.body}\n\n{footer}", None, [user.email]
    )
    email.attach_alternative(email_footer.email_html(text.body, footer), "text/html")
    try:
        email.send()
    except (smtplib.SMTPException, OSError) as error:
        raise TestNotSent(f"Not sent: the email server answered {error}."[:200]) from error
    return str(user.email)
