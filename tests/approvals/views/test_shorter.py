"""A shorter text on the desk: asked of the language model, checked, and never longer or other."""

import html
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from approvals.decisions import claims
from outreach.drafting.language_model import prompt, rewrite, rewrite_requests, token_budget
from outreach.models import Message, ModelDraft
from outreach.review import review_actions
from tests import factories
from tests.fakes.language_model import COMPLETIONS, FakeLanguageModel, shorter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
Answer = Callable[[dict[str, Any]], Any]


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


@pytest.fixture
def message(model: FakeLanguageModel) -> Message:
    made = factories.held_email(topic="what we build")
    ModelDraft.objects.all().delete()  # the request that every draft makes
    model.answer = shorter
    return made


def url(message: Message, what: str = "shorter") -> str:
    return f"/sales/queue/{message.public_id}/{what}"


def ask(desk: Client, message: Message, version: Any = 1) -> Any:
    return desk.post(url(message), {"version": version})


def page_of(desk: Client, message: Message) -> str:
    page = desk.get(f"/sales/queue/{message.public_id}").content.decode()
    return html.unescape(" ".join(page.split()))


def as_it_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def unchanged(message: Message, why: str) -> None:
    found, row = as_it_is(message), ModelDraft.objects.get()
    assert (found.status, found.version, found.texts.count()) == ("held", 1, 1)
    assert (row.state, found.guards) == ("fell_back", message.guards)
    assert why in row.why, row.why


def test_it_becomes_the_next_version_and_is_read_anew(
    desk: Client, message: Message, reviewer: User, model: FakeLanguageModel
) -> None:
    claims.record_reading(message, reviewer)
    before = message.text
    assert ask(desk, message).status_code == 303
    assert "writing a shorter text" in page_of(desk, message)
    assert rewrite.ask_due_requests() == 1
    found = as_it_is(message)
    text = found.text
    assert (found.status, found.version, found.template) == ("held", 2, message.template)
    assert (text.subject, text.footer) == (before.subject, before.footer)
    assert len(text.body.split()) < len(before.body.split())
    assert text.body.startswith("Hi Dana,\n\n") and found.texts.get(version=1) == before
    assert {one["field"] for one in text.phrases} == {"first_name", "company"}
    assert all(row["passed"] for row in found.guards)
    assert "a language model wrote it" in found.verdicts["assisted"]["reasons"]
    assert not claims.has_read(found, reviewer, 2)
    row = ModelDraft.objects.get()
    assert (row.purpose, row.asked_by, row.state) == ("shorter", reviewer, "used")
    sentence = rewrite_requests.authorship_sentence(found, text)
    assert sentence == f"Shortened by test-model, prompt version {prompt.SHORTER_PROMPT_VERSION}."


def test_an_approval_of_the_longer_text_is_refused(
    desk: Client, message: Message, clock: Any
) -> None:
    shown = desk.get(f"/sales/queue/{message.public_id}").context["shown"]
    ask(desk, message)
    rewrite.ask_due_requests()
    clock.shift(60)
    answer = desk.post(url(message, "approve"), {"version": 1, "shown": shown})
    assert answer.status_code == 409 and as_it_is(message).status == "held"


def test_only_the_text_and_its_own_facts_are_sent(
    desk: Client, message: Message, model: FakeLanguageModel
) -> None:
    ask(desk, message)
    rewrite.ask_due_requests()
    [question], [request] = model.questions(), model.requests(COMPLETIONS)
    text = message.text
    assert question["email"]["body"] == text.body.partition("\n\n")[2]
    assert question["facts"] == {"company": message.lead.company.name}
    sent = request.body.decode().replace(message.lead.company.name, "")
    for private in ("Dana", message.lead.last_name, message.lead.email, "/u/", "Alex Moreno"):
        assert private not in sent
    kept = str(list(ModelDraft.objects.values()))
    assert text.body[20:60] not in kept and shorter(question)["paragraphs"][0]["text"] not in kept


def said(text: str, number: int = 0) -> Answer:
    """The shorter answer with one more sentence."""

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        made = shorter(question)
        made["paragraphs"][number]["text"] += f" {text}"
        return made

    return answer


def longer(question: dict[str, Any]) -> dict[str, Any]:
    made = shorter(question)
    made["paragraphs"][0]["text"] += " We would say more of the same to you" * 9 + "."
    return made


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said("We did this for Contoso."), "“Contoso” stands in nothing"),
        (said("It takes 30 days."), "The number 30"),
        (said("Our clients love it."), "says what no field holds"),
        (said("You run a bank."), "stands in nothing"),
        (said("See evil.test now."), "looks like a link"),
        (said("Call 614 555 0142."), "telephone"),
        (said("Is it slow?"), "2 questions"),
        (said("It is urgent."), "sounds like spam"),
        (longer, "not shorter"),
        (lambda q: {**shorter(q), "paragraphs": shorter(q)["paragraphs"][-1:]}, "words; 25 to"),
        (lambda q: "Sure! Here it is.", "no JSON"),
        (lambda q: "", "cut off"),
    ],
)
def test_an_answer_that_adds_or_is_no_shorter_leaves_the_text(
    desk: Client, message: Message, model: FakeLanguageModel, answer: Answer, why: str
) -> None:
    model.answer = answer
    ask(desk, message)
    rewrite.ask_due_requests()
    unchanged(message, why)
    assert "The text stays as it is." in page_of(desk, message)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (lambda on: on.status(429), "too many requests"),
        (lambda on: on.status(500), "it answered 500"),
        (lambda on: on.never(), "did not answer in time"),
    ],
)
def test_an_endpoint_that_fails_leaves_the_text_and_may_be_asked_again(
    desk: Client, message: Message, model: FakeLanguageModel, settings: Any, trouble: Any, why: str
) -> None:
    settings.LLM_TIMEOUT_SECONDS = 1
    trouble(model.on(COMPLETIONS))
    ask(desk, message)
    rewrite.ask_due_requests()
    unchanged(message, why)
    model.clear_behaviours()
    settings.LLM_TIMEOUT_SECONDS = 5
    assert ask(desk, message).status_code == 303
    rewrite.ask_due_requests()
    assert as_it_is(message).version == 2 and ModelDraft.objects.get().state == "used"


def test_nobody_is_asked_beyond_the_days_tokens(
    desk: Client, message: Message, model: FakeLanguageModel, settings: Any
) -> None:
    settings.LLM_DAILY_TOKENS = 10
    ask(desk, message)
    rewrite.ask_due_requests()
    unchanged(message, "tokens of the day are used up")
    assert model.requests() == [] and token_budget.is_used_up()
    assert "No shorter text: Today's tokens are used up." in page_of(desk, message)
    answer = ask(desk, message)
    assert answer.status_code == 422 and "tokens are used up" in answer.content.decode()


@pytest.mark.usefixtures("committed")
def test_who_edits_it_meanwhile_is_first(
    desk: Client, message: Message, reviewer: User, model: FakeLanguageModel
) -> None:
    def answer(question: dict[str, Any]) -> dict[str, Any]:
        """In the fake's thread, while the worker waits for it."""
        body = f"About {message.lead.company.name}."
        review_actions.edit_text(as_it_is(message), 1, subject="Mine", body=body, by=reviewer)
        connection.close()
        return shorter(question)

    model.answer = answer
    ask(desk, message)
    rewrite.ask_due_requests()
    found = as_it_is(message)
    assert (found.version, found.text.subject, found.text.language_model) == (2, "Mine", "")
    assert ModelDraft.objects.get().why == rewrite.DECIDED_MEANWHILE


def test_without_a_model_there_is_no_button(
    desk: Client, message: Message, settings: Any, model: FakeLanguageModel
) -> None:
    assert ">Shorter</button>" in page_of(desk, message)
    settings.LLM_MODEL = ""
    assert "Shorter" not in page_of(desk, message)
    answer = ask(desk, message)
    assert answer.status_code == 422 and "turned off" in answer.content.decode()
    assert not ModelDraft.objects.exists() and model.requests() == []


def edited(message: Message, user: User) -> None:
    body = message.text.body + " One more sentence about our work."
    review_actions.edit_text(message, 1, subject=message.text.subject, body=body, by=user)


def with_times(message: Message, user: User) -> None:
    Message.objects.filter(pk=message.pk).update(offer_ends_at=message.expires_at)


def with_a_visit(message: Message, user: User) -> None:
    phrase = {"text": "three times", "field": "visit_count", "source": "rb2b"}
    message.texts.update(phrases=[*message.text.phrases, phrase])


def short(message: Message, user: User) -> None:
    message.texts.update(body="Hi Dana,\n\nIs it slow?")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (edited, "a person has written in it"),
        (with_times, "It offers times"),
        (with_a_visit, "contains personal details"),
        (short, "It is short already: 5 words"),
    ],
)
def test_a_text_that_is_not_sent_says_why(
    desk: Client, message: Message, reviewer: User, model: FakeLanguageModel, change: Any, why: str
) -> None:
    change(message, reviewer)
    found = as_it_is(message)
    assert why in page_of(desk, found)
    answer = ask(desk, found, found.version)
    assert answer.status_code == 422 and why in answer.content.decode()
    assert not ModelDraft.objects.exists() and model.requests() == []


@pytest.mark.parametrize(("version", "status"), [("9", 409), ("", 422), ("x", 422)])
def test_a_stale_or_broken_form_asks_nobody(
    desk: Client, message: Message, version: str, status: int
) -> None:
    assert ask(desk, message, version).status_code == status
    assert not ModelDraft.objects.exists()


def test_a_colleagues_claim_is_respected(desk: Client, message: Message, lead_user: User) -> None:
    claims.claim_message(message, lead_user)
    assert ask(desk, message).status_code == 409 and not ModelDraft.objects.exists()


def test_a_decided_email_is_not_shortened(desk: Client, message: Message, reviewer: User) -> None:
    review_actions.reject_email(message, 1, by=reviewer, tag="other", reason="Not this one now.")
    assert ask(desk, message).status_code == 409 and not ModelDraft.objects.exists()


def test_a_second_press_asks_once(desk: Client, message: Message, model: FakeLanguageModel) -> None:
    ask(desk, message)
    ask(desk, message)
    rewrite.ask_due_requests()
    assert rewrite.ask_due_requests() == 0 and len(model.requests()) == 1


def test_the_waiting_page_is_told_when_the_text_is_there(desk: Client, message: Message) -> None:
    ask(desk, message)
    waiting = desk.get(url(message), {"version": 1}, headers={"HX-Request": "true"})
    assert "writing a shorter text" in waiting.content.decode() and "HX-Redirect" not in waiting
    rewrite.ask_due_requests()
    there = desk.get(url(message), {"version": 1}, headers={"HX-Request": "true"})
    assert there["HX-Redirect"] == f"/sales/queue/{message.public_id}"
    assert desk.get(url(message), {"version": 1}).status_code in (302, 303)
