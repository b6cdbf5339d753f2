"""Several workers draft, test and reword at once: no place, no token and no text is taken twice."""

from typing import Any

import pytest

from outreach.drafting import drafts
from outreach.drafting.language_model import rewrite, token_budget
from outreach.experiments import experiments, proposals
from outreach.models import (
    Assignment,
    EmailTemplate,
    Experiment,
    Message,
    MessageText,
    ModelDraft,
    ModelTokens,
)
from tests import factories
from tests.conftest import person
from tests.fakes.ghl import FakeGhl
from tests.fakes.language_model import FakeLanguageModel
from tests.races.conftest import at_once

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sender"),
]

WORKERS = 4


def test_no_more_emails_than_planned_join_a_test(ghl: FakeGhl) -> None:
    template = EmailTemplate.objects.get(key="tier_1.high_intent", active=True)
    proposed = proposals.build_proposal(template, "subject", "One task at {{ company }}")
    experiments.start_experiment(template, proposed.variant, "subject", 10, person("lena", "Lead"))
    for _ in range(16):
        factories.draft_email()
    assert sum(at_once(*[drafts.write_drafts] * WORKERS)) == 16
    assert Message.objects.filter(status="held").count() == 16 == MessageText.objects.count()
    assert Experiment.objects.get().assigned == 10 == Assignment.objects.count()


def test_each_draft_is_reworded_once(committed: None, model: FakeLanguageModel) -> None:
    for _ in range(6):
        factories.held_email()
    found = at_once(*[rewrite.ask_due_requests] * WORKERS)
    assert not [one for one in found if isinstance(one, Exception)], found
    while rewrite.ask_due_requests():
        pass
    assert len(model.requests()) == 6 == MessageText.objects.exclude(language_model="").count()
    assert MessageText.objects.count() == 12 and set(
        Message.objects.values_list("version", flat=True)
    ) == {2}
    assert not ModelDraft.objects.exclude(state="used").exists()
    assert ModelTokens.objects.get().used == 6 * 1700


def test_no_more_tokens_are_claimed_than_there_are(committed: None, settings: Any) -> None:
    settings.LLM_DAILY_TOKENS = 3500
    given = at_once(*[lambda: token_budget.claim_tokens(1000)] * 8)
    assert sum(one is not None for one in given) == 3 and ModelTokens.objects.get().used == 3000
