"""50/50 tests of templates.

Who gets which, what counts, how one is started, looked at and ended.
"""

import itertools
import json
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from leads.models import Kind
from outreach.choices import Phase
from outreach.control import phase
from outreach.drafting import ab_assignment, drafts, template_choice
from outreach.drafting.language_model import rewrite_requests
from outreach.email_templates import preview, seeding
from outreach.experiments import ab_statistics, experiments, proposals
from outreach.models import Assignment, EmailTemplate, Experiment, Message, ModelDraft
from outreach.review import review_actions
from tests import factories
from tests.fakes.language_model import FakeLanguageModel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "ghl")]

KEY = "tier_1.high_intent"
SUBJECT = "One task at {{ company }}"


def active(key: str = KEY) -> EmailTemplate:
    return EmailTemplate.objects.get(key=key, active=True)


def begun(by: User, size: int = 50, kind: str = "subject", text: str = SUBJECT) -> Experiment:
    proposed = proposals.build_proposal(active(), kind, text)
    return experiments.start_experiment(proposed.template, proposed.variant, kind, size, by)


def drafted(test: Experiment, count: int) -> list[Message]:
    """Emails to `count` people of whom half are on each side."""
    leads = [factories.LeadFactory() for _ in range(count)]
    keys = (UUID(int=n) for n in itertools.count(1))
    sides = lambda key: [ab_assignment.variant_of(str(key), lead.pk) for lead in leads]  # noqa: E731
    Experiment.objects.filter(pk=test.pk).update(
        public_id=next(k for k in keys if sides(k).count("a") * 2 == count)
    )
    test.refresh_from_db()
    return [factories.held_email(lead) for lead in leads]


def sent(message: Message, days: int = 4, **more: Any) -> Message:
    """Made so in the row: how emails leave is tested elsewhere."""
    at = timezone.now() - timedelta(days=days)
    Message.objects.filter(pk=message.pk).update(
        **{"status": "sent", "transport": "ghl", "sent_at": at, **more}
    )
    message.refresh_from_db()
    return message


def run(*args: str, **options: Any) -> tuple[str, int]:
    out, code = StringIO(), 0
    try:
        call_command("improve_reply_rate", *args, stdout=out, **options)
    except SystemExit as left:
        code = int(left.code or 0)
    return out.getvalue(), code


class TestAssigning:
    def test_each_email_gets_the_version_of_its_side_and_keeps_it(self, lead_user: User) -> None:
        test = begun(lead_user)
        for message in drafted(test, 12):
            given = ab_assignment.variant_of(str(test.public_id), message.lead_id)
            assert message.assignment.variant == given
            wanted = test.template_b if given == "b" else test.template_a
            assert message.template == wanted and message.status == "held"
            company = message.lead.company.name
            assert message.text.subject == wanted.subject.replace("{{ company }}", company).replace(
                "{{ role_topic }}", "Reps' admin hours"
            )
        test.refresh_from_db()
        assert test.assigned == 12 == test.assignments.count()
        assert sorted(test.assignments.values_list("variant", flat=True)) == ["a"] * 6 + ["b"] * 6

    def test_a_newer_score_keeps_the_version(self, lead_user: User) -> None:
        message = next(one for one in drafted(begun(lead_user), 2) if one.assignment.variant == "b")
        drafts.rewrite_draft(message, factories.AssessmentFactory(lead=message.lead, intent=71))
        message.refresh_from_db()
        assert (message.intent, message.template.active, message.version) == (71, False, 1)
        assert Assignment.objects.filter(message=message).count() == 1

    def test_the_same_person_gets_the_same_side_again(self, lead_user: User) -> None:
        begun(lead_user)
        first = factories.held_email()
        review_actions.withdraw_email(first, by=None)
        again = drafts.write_draft(factories.draft_email(first.lead))
        assert again.assignment.variant == first.assignment.variant

    def test_no_more_than_planned_are_given_a_side(self, lead_user: User) -> None:
        test = begun(lead_user, size=10)
        for _ in range(12):
            factories.held_email()
        test.refresh_from_db()
        assert (test.assigned, test.assignments.count()) == (10, 10)
        assert Message.objects.filter(assignment=None, template=test.template_a).count() == 2

    @pytest.mark.parametrize("kind", [Kind.TEST, Kind.EXAMPLE, Kind.TRAINING])
    def test_who_is_nobody_real_is_in_none(self, lead_user: User, kind: str) -> None:
        begun(lead_user)
        factories.held_email(factories.LeadFactory(kind=kind))
        assert not Assignment.objects.exists() and Experiment.objects.get().assigned == 0

    def test_in_the_sandbox_and_in_shadow_nobody_is(self, lead_user: User, settings: Any) -> None:
        begun(lead_user)
        settings.SANDBOXED = ["ghl"]
        factories.held_email()
        settings.SANDBOXED = []
        phase.change_phase(Phase.SHADOW, by=lead_user, reason="test")
        factories.held_email()
        assert not Assignment.objects.exists() and Experiment.objects.get().assigned == 0

    def test_other_templates_blocked_drafts_and_ended_tests_have_none(
        self, lead_user: User
    ) -> None:
        test = begun(lead_user)
        factories.held_email(tier="tier_2")
        drafts.write_draft(factories.draft_email(factories.LeadFactory(country="DE")))
        experiments.end_experiment(test, lead_user)
        factories.held_email()
        assert not Assignment.objects.exists()

    def test_a_template_that_was_changed_meanwhile_is_not_tested_on(self, lead_user: User) -> None:
        begun(lead_user)
        EmailTemplate.objects.filter(pk=active().pk).update(active=False)
        old = EmailTemplate.objects.filter(key=KEY).earliest("version")
        EmailTemplate.objects.create(
            key=KEY,
            version=9,
            tier=old.tier,
            angle=old.angle,
            name="New",
            subject=SUBJECT,
            body=old.body,
        )
        assert factories.held_email().template.version == 9 and not Assignment.objects.exists()

    def test_the_language_model_leaves_what_is_tested_alone(
        self, lead_user: User, model: FakeLanguageModel
    ) -> None:
        begun(lead_user)
        assert rewrite_requests.is_on()
        factories.held_email()
        assert not ModelDraft.objects.exists()

    def test_a_variant_is_never_in_use_by_itself(self, lead_user: User) -> None:
        test = begun(lead_user)
        assert (test.template_b.active, test.template_b.version, active().pk) == (
            False,
            2,
            test.template_a_id,
        )
        seeding.seed_after_migration()
        assert active() == test.template_a and test.template_b not in template_choice.first_emails()


class TestStarting:
    def test_it_says_who_what_and_what_it_could_show(self, lead_user: User) -> None:
        test = begun(lead_user)
        assert (test.kind, test.size, test.started_by, test.ended_at, test.verdict) == (
            "subject", 50, lead_user, None, "",
        )  # fmt: skip
        assert test.plan["days"] == 2 and 0 < test.plan["power"] < 1

    @pytest.mark.parametrize("size", [0, 8, 51, 5002])
    def test_a_size_that_is_no_test_is_refused(self, lead_user: User, size: int) -> None:
        with pytest.raises(experiments.NotStarted, match="even number of emails"):
            begun(lead_user, size=size)
        assert (
            not Experiment.objects.exists()
            and not EmailTemplate.objects.filter(key=KEY, version=2).exists()
        )

    def test_one_test_of_a_template_at_a_time(self, lead_user: User) -> None:
        test = begun(lead_user)
        with pytest.raises(experiments.NotStarted, match="under way"):
            begun(lead_user, text="Where the week goes at {{ company }}")
        assert (
            Experiment.objects.get() == test and EmailTemplate.objects.filter(key=KEY).count() == 2
        )
        experiments.end_experiment(test, lead_user)
        assert begun(lead_user, text="Where the week goes at {{ company }}").template_b.version == 3

    def test_a_template_out_of_use_and_the_same_text_are_refused(self, lead_user: User) -> None:
        template = active()
        with pytest.raises(experiments.NotStarted, match="same text"):
            experiments.start_experiment(template, template, "subject", 50, lead_user)
        proposed = proposals.build_proposal(template, "subject", SUBJECT)
        EmailTemplate.objects.filter(pk=template.pk).update(active=False)
        with pytest.raises(experiments.NotStarted, match="not in use"):
            experiments.start_experiment(template, proposed.variant, "subject", 50, lead_user)
        assert not Experiment.objects.exists()

    @pytest.mark.sqlite_is_enough
    @pytest.mark.parametrize("kind", Experiment.Kind.values)
    def test_what_is_proposed_passes_the_checks_of_templates(self, kind: str) -> None:
        proposed = [one for key in template_choice.first_emails().values_list("key", flat=True)
                    for one in proposals.find_proposals(kind, key)]  # fmt: skip
        assert len(proposed) == template_choice.first_emails().count()
        for one in proposed:
            known = {(p.field, p.text) for p in preview.preview_template(one.template).problems}
            found = preview.preview_template(one.variant, is_variant=True)
            assert not found.errors and {(p.field, p.text) for p in found.problems} <= known
            assert one.after != one.before and (one.variant.subject == one.template.subject) == (
                kind != "subject"
            )

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("subject", "Act now at {{ company }}"),
            ("subject", "One task at {{ firm }}"),
            ("subject", "Re: your question"),
            ("call_to_action", "No question here."),
            ("call_to_action", "See https://evil.test for more?"),
        ],
    )
    def test_what_does_not_pass_is_none(self, kind: str, text: str) -> None:
        with pytest.raises(proposals.UnfitVariant):
            proposals.build_proposal(active(), kind, text)

    def test_call_to_action_replaces_every_wording_of_question(self) -> None:
        body = (
            "Hi {{ first_name }},\n\nIs it so? It is.\n\n[title ceo]\nThis?\n\n[title other]\nThat?"
        )
        assert proposals.call_to_action(body) == "[title ceo]\nThis?\n\n[title other]\nThat?"
        assert (
            proposals.with_call_to_action(body, " Now? ")
            == "Hi {{ first_name }},\n\nIs it so? It is.\n\nNow?"
        )
        assert proposals.call_to_action("Hello.\n\nOne?\n\nTwo?") == "Two?"
        assert proposals.call_to_action("No question.") == ""


class TestCounting:
    def test_people_who_answered_by_side_edits_included(self, lead_user: User) -> None:
        test = begun(lead_user, size=12)
        messages = drafted(test, 12)
        by_side = {side: [m for m in messages if m.assignment.variant == side] for side in "ab"}
        edited = by_side["b"][0]
        review_actions.edit_text(
            edited, 1, subject="Mine", body=f"About {edited.lead.company.name}.", by=lead_user
        )
        for message in messages:
            message.refresh_from_db()
            sent(message)
        factories.create_feedback(by_side["b"][0])
        factories.create_feedback(by_side["a"][0]).__class__.objects.filter(
            message=by_side["a"][0]
        ).update(sorted_as="stop")
        found = experiments.experiment_result(test)
        assert found.a == ab_statistics.SideCounts(
            len(by_side["a"]), len(by_side["a"]), len(by_side["a"]), 0, 0
        )
        assert found.b == ab_statistics.SideCounts(
            len(by_side["b"]), len(by_side["b"]), len(by_side["b"]), 1, 1
        )
        assert (found.is_complete, found.verdict) == (True, "inconclusive")

    @pytest.mark.parametrize(
        "more",
        [
            {"transport": "sandbox"},
            {"status": "failed"},
            {"kind": "training", "transport": "sandbox"},
        ],
    )
    def test_what_did_not_reach_somebody_real_counts_for_nothing(
        self, lead_user: User, more: Any
    ) -> None:
        test = begun(lead_user)
        message = sent(factories.held_email(), **more)
        factories.create_feedback(message)
        found = experiments.experiment_result(test)
        assert (found.a.left + found.b.left, found.a.ripe + found.b.ripe) == (0, 0)
        assert proposals.replies_by_subject() == []

    def test_what_left_two_days_ago_is_not_counted_yet(self, lead_user: User) -> None:
        test = begun(lead_user, size=10)
        for _ in range(10):
            sent(factories.held_email(), days=2)
        found = experiments.experiment_result(test)
        assert (found.a.left + found.b.left, found.a.ripe + found.b.ripe, found.verdict) == (
            10,
            0,
            "",
        )

    def test_an_end_before_its_time_is_inconclusive_and_stays(self, lead_user: User) -> None:
        test = begun(lead_user)
        waits = factories.held_email()
        ended = experiments.end_experiment(test, lead_user)
        assert (
            ended.verdict,
            ended.ended_by,
            ended.result["a"]["assigned"] + ended.result["b"]["assigned"],
        ) == ("inconclusive", lead_user, 1)
        before = Experiment.objects.values().get()
        with pytest.raises(experiments.AlreadyEnded):
            experiments.end_experiment(test, lead_user)
        assert Experiment.objects.values().get() == before
        waits.refresh_from_db()
        assert waits.status == "held"


class TestCommand:
    def test_it_analyses_and_proposes_and_starts_nothing(self) -> None:
        for n in range(3):
            message = sent(factories.held_email())
            if n == 0:
                factories.create_feedback(message)
        out, code = run()
        assert code == 0 and "1 of 3" in out and "33.3% (6.1% to 79.2%)" in out
        assert (
            "Nothing was started" in out
            and "would be seen" in out
            and not Experiment.objects.exists()
        )

    def test_exit_code_says_no_answers_to_count(self) -> None:
        out, code = run()
        assert code == 2 and "No first email has left" in out and "B: " in out

    def test_it_starts_what_it_shows_for_a_lead(self, lead_user: User) -> None:
        out, code = run("--apply", "--as", "lena", "--template", KEY, "--json")
        test, said = Experiment.objects.get(), json.loads(out)
        assert (code, test.kind, test.size, test.template_key) == (0, "call_to_action", 50, KEY)
        assert said["started"] == str(test.public_id) and said["proposals"][0]["plan"]["days"] == 2
        assert test.template_b.body.endswith(said["proposals"][0]["b"])

    def test_a_text_of_ones_own_is_held_to_the_same(self, lead_user: User) -> None:
        for text, why in (
            ("Act now at {{ company }}", "sounds like spam"),
            ("Re: {{ company }}", "pretends"),
        ):
            with pytest.raises(CommandError, match=why):
                run(
                    "--apply",
                    "--as",
                    "lena",
                    "--template",
                    KEY,
                    "--kind",
                    "subject",
                    "--text",
                    text,
                )
        assert not Experiment.objects.exists()
        run("--apply", "--as", "lena", "--template", KEY, "--kind", "subject", "--text", SUBJECT)
        assert Experiment.objects.get().template_b.subject == SUBJECT

    @pytest.mark.parametrize(
        ("args", "why"),
        [
            (["--apply"], "needs --as USER"),
            (["--apply", "--as", "nobody"], "no active user"),
            (["--apply", "--as", "rita"], "does not have outreach.run_experiment"),
            (["--apply", "--as", "lena", "--emails", "9"], "even number of emails"),
            (["--template", "nothing"], "no template"),
            (["--text", "x"], "needs --template"),
        ],
    )
    def test_what_is_refused_changes_nothing(
        self, lead_user: User, reviewer: User, args: list[str], why: str
    ) -> None:
        before = EmailTemplate.objects.count()
        with pytest.raises(CommandError, match=why):
            run(*args)
        assert (Experiment.objects.count(), EmailTemplate.objects.count()) == (0, before)


class TestPages:
    def test_the_page_shows_both_texts_and_a_lead_ends_it(
        self, client: Client, lead_user: User
    ) -> None:
        client.force_login(lead_user)
        assert "No test yet" in client.get("/sales/experiments").content.decode()
        test = begun(lead_user)
        page = client.get("/sales/experiments").content.decode()
        assert (
            "Nobody is added" not in page
            and SUBJECT in page
            and test.template_a.subject in page
            and "End this test" in page
        )
        answer = client.post(f"/sales/experiments/{test.public_id}/end")
        test.refresh_from_db()
        assert (answer.status_code, test.ended_by, test.verdict) == (303, lead_user, "inconclusive")
        page = client.get("/sales/experiments").content.decode()
        assert (
            "inconclusive" in page
            and "It was ended before its time." in page
            and "End this test" not in page
        )

    def test_the_page_says_why_nobody_joins(
        self, client: Client, viewer: User, lead_user: User, settings: Any
    ) -> None:
        client.force_login(viewer)
        test = begun(lead_user)
        settings.SANDBOXED = ["ghl"]
        assert (
            "while GoHighLevel is in the sandbox"
            in client.get("/sales/experiments").content.decode()
        )
        settings.SANDBOXED = []
        EmailTemplate.objects.filter(pk=test.template_a_id).update(active=False)
        assert "the template was changed since" in client.get("/sales/experiments").content.decode()

    @pytest.mark.parametrize("role", ["viewer", "reviewer"])
    def test_nobody_else_ends_it_and_nobody_by_looking(
        self, client: Client, lead_user: User, role: str, request: pytest.FixtureRequest
    ) -> None:
        test = begun(lead_user)
        client.force_login(request.getfixturevalue(role))
        assert "End this test" not in client.get("/sales/experiments").content.decode()
        assert client.post(f"/sales/experiments/{test.public_id}/end").status_code == 403
        client.force_login(lead_user)
        assert client.get(f"/sales/experiments/{test.public_id}/end").status_code == 405
        assert Experiment.objects.get().ended_at is None

    def test_the_api_lists_and_details(self, client: Client, lead_user: User) -> None:
        client.force_login(lead_user)
        test = begun(lead_user)
        [row] = client.get("/api/experiments").json()["results"]
        assert (row["id"], row["kind"], row["verdict"]) == (str(test.public_id), "subject", "")
        assert client.get("/api/experiments?state=ended").json()["results"] == []
        assert client.get("/api/experiments?state=odd").status_code == 400
        found = client.get(f"/api/experiments/{test.public_id}").json()
        assert (found["b"]["subject"], found["result"]["a"]["assigned"]) == (SUBJECT, 0)
        experiments.end_experiment(test, lead_user)
        found = client.get(f"/api/experiments/{test.public_id}").json()
        assert (found["experiment"]["verdict"], found["result"]["is_complete"]) == (
            "inconclusive",
            False,
        )

    def test_the_api_asks_for_its_scope(self, client: Client, lead_user: User) -> None:
        test = begun(lead_user)
        for path in ("/api/experiments", f"/api/experiments/{test.public_id}"):
            assert client.get(path).status_code in (401, 403)
