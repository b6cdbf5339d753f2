"""What the desk says about a shorter version of the text by the language model."""

from dataclasses import dataclass

from outreach.choices import Status
from outreach.drafting.language_model import rewrite_requests, shorten
from outreach.models import Message, ModelDraft


@dataclass(frozen=True)
class ShorterText:
    """`why_not`: why the model cannot be asked; `refused`: what became of the last request."""

    is_offered: bool = False
    is_waiting: bool = False
    why_not: str = ""
    refused: str = ""


def describe(message: Message) -> ShorterText:
    if message.status != Status.HELD or not rewrite_requests.is_set_up():
        return ShorterText()
    asked = shorten.newest_request(message)
    if asked is not None and asked.state == ModelDraft.State.DUE:
        return ShorterText(is_offered=True, is_waiting=True)
    return ShorterText(
        is_offered=True,
        why_not=shorten.why_not_shorter(message),
        refused=asked.why if asked else "",
    )
