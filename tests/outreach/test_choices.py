"""Codes with words: every reason for a move of an email is one of MoveCode, and reads like a
sentence.
"""

import pytest

from leads.integrations import ghl_refusals
from leads.models import Suppression
from outreach import choices
from outreach.choices import MoveCode
from outreach.lifecycle import moves
from outreach.models import Move
from tests import factories


@pytest.mark.parametrize("code", MoveCode)
def test_every_move_code_has_words_of_its_own(code: MoveCode) -> None:
    generated = code.name.replace("_", " ").title()

    assert code.label != generated or " " not in generated
    assert [other for other in MoveCode if other.label == code.label] == [code]
    assert choices.move_words(code.value) == code.label


def test_whatever_suppresses_a_person_is_a_move_code() -> None:
    assert {reason.value for reason in Suppression.Reason} <= set(MoveCode.values)


def test_whatever_ghl_refuses_is_a_move_code() -> None:
    codes = {code for _words, code in ghl_refusals.PERMANENT_REFUSALS}

    assert codes | {ghl_refusals.CONTACT_GONE, ghl_refusals.OTHER_REFUSAL} <= set(MoveCode.values)


@pytest.mark.django_db
def test_a_move_without_a_known_code_is_refused() -> None:
    message = factories.held_email()
    before = Move.objects.count()

    with pytest.raises(ValueError, match="nobody knows this"):
        moves.move_message(message, "withdrawn", "nobody knows this")

    message.refresh_from_db()
    assert (message.status, Move.objects.count()) == ("held", before)


def test_a_code_of_an_older_version_is_shown_as_it_stands() -> None:
    assert choices.move_words("was_once") == "Was once"
