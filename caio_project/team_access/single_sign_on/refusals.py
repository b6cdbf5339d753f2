"""Why somebody did not get in by single sign-on: a code for the log, words for the page."""

from enum import StrEnum
from http import HTTPStatus


class Refusal(StrEnum):
    STATE = "state"
    TOO_MANY = "too_many"
    CANCELLED = "cancelled"
    PROVIDER_DOWN = "provider_down"
    PROVIDER_WRONG = "provider_wrong"
    PROVIDER_REFUSED = "provider_refused"
    TOKEN = "token"
    EMAIL = "email_not_verified"
    UNKNOWN = "no_account"
    SEVERAL = "several_accounts"
    LINKED_ELSEWHERE = "linked_to_another"
    INACTIVE = "deactivated"
    NO_GROUP = "no_group"


class SignInRefused(Exception):
    """A refusal by its code; `detail` is for the log and holds nothing personal."""

    def __init__(self, code: Refusal, detail: str = ""):
        super().__init__(code)
        self.code, self.detail = code, detail


# By code: what happened, what to do. {name} is the provider's.
WORDS = {
    Refusal.STATE: (
        "This sign-in was started elsewhere, was used already, or took more than 10 minutes.",
        "Start again.",
    ),
    Refusal.TOO_MANY: ("Too many tries from your network.", "Wait a minute, then start again."),
    Refusal.CANCELLED: ("You did not finish signing in at {name}.", "Start again."),
    Refusal.PROVIDER_DOWN: (
        "{name} does not answer.",
        "Try again in a few minutes. If it stays like this, tell an administrator.",
    ),
    Refusal.PROVIDER_WRONG: (
        "{name} did not answer as it should.",
        "Tell an administrator: the log says what was wrong.",
    ),
    Refusal.PROVIDER_REFUSED: (
        "{name} did not confirm this sign-in.",
        "Start again. If it stays like this, tell an administrator.",
    ),
    Refusal.TOKEN: (
        "What {name} answered does not prove who you are.",
        "Start again. If it stays like this, tell an administrator.",
    ),
    Refusal.EMAIL: (
        "{name} does not say that your email address is verified.",
        "Ask whoever runs {name} to verify it.",
    ),
    Refusal.UNKNOWN: ("You have no account here.", "Ask a Lead to have one made."),
    Refusal.SEVERAL: (
        "More than one account here has your email address.",
        "Ask an administrator to correct that.",
    ),
    Refusal.LINKED_ELSEWHERE: (
        "The account of your email address belongs to another person at {name}.",
        "Ask an administrator: `unlink_single_sign_on` gives it to you.",
    ),
    Refusal.INACTIVE: ("Your account here is deactivated.", "Ask an administrator."),
    Refusal.NO_GROUP: (
        "You are in no group at {name} that may use CAIO.",
        "Ask whoever runs {name} to add you to one.",
    ),
}
STATUS = {
    Refusal.STATE: HTTPStatus.BAD_REQUEST,
    Refusal.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Refusal.CANCELLED: HTTPStatus.BAD_REQUEST,
    Refusal.PROVIDER_DOWN: HTTPStatus.SERVICE_UNAVAILABLE,
    Refusal.PROVIDER_WRONG: HTTPStatus.BAD_GATEWAY,
    Refusal.PROVIDER_REFUSED: HTTPStatus.BAD_GATEWAY,
}


def status_of(code: Refusal) -> int:
    return STATUS.get(code, HTTPStatus.FORBIDDEN)


def words_of(code: Refusal, name: str) -> tuple[str, str]:
    what, then = WORDS[code]
    return _capitalised(what.format(name=name)), then.format(name=name)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
