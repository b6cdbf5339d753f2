"""The email with a language model's words in place of the template's, checked in the same way."""

from dataclasses import dataclass, replace

from outreach.contact_history import previous_emails
from outreach.contact_history.recipients import Recipient
from outreach.content import check_results, merge_fields
from outreach.drafting import compose
from outreach.models import Message


class NoRewrite(Exception):
    """The model was not asked, or its answer is not used; the message is a sentence."""


@dataclass(frozen=True)
class ModelWords:
    """What a language model wrote in place of a template's text."""

    subject: str
    body: str
    phrases: tuple[merge_fields.Phrase, ...]
    model: str
    prompt_version: int


def reworded_email(
    written: compose.ComposedEmail, recipient: Recipient, message: Message, words: ModelWords
) -> compose.ComposedEmail:
    """Replace the words of `written` by those of a language model, and check them.

    Template, sender, score and footer stay.
    """
    lead, subject, body, phrases = recipient.lead, words.subject, words.body, words.phrases
    text = compose.TextToCheck(
        subject,
        body,
        written.footer,
        phrases,
        template=written.template.key if written.template else "",
        tier=written.assessment.tier,
    )
    before = previous_emails.load_history(recipient, message.pk)
    results = compose.check_email(lead, written.sender, text, before)
    passed = check_results.first_failure(results) is None
    facts = compose.policy_facts(
        lead,
        written.assessment,
        phrases,
        was_delivered=before.was_delivered,
        critical_reason=written.facts.critical_reason,
        passed=passed,
    )
    parts = {"subject": subject, "body": body, "phrases": [phrase.__dict__ for phrase in phrases]}
    whose = {"language_model": words.model, "prompt_version": words.prompt_version}
    return compose.ComposedEmail(
        **{
            **written.__dict__,
            **parts,
            **whose,
            "results": results,
            "facts": replace(facts, by_model=True),
        }
    )
