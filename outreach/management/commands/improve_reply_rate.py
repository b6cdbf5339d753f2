import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from caio_project.lib.commands import ReportingCommand
from outreach.experiments import experiments, proposals
from outreach.models import EmailTemplate, Experiment

TOO_FEW = 2


class Command(ReportingCommand):
    help = (
        "Say which subjects are answered how often, and propose a variant to test; with "
        "--apply start the test. Exit "
        "code: 0 said or started, 1 refused, 2 said, but nobody's answers can be counted yet."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--kind", choices=Experiment.Kind.values, default=Experiment.Kind.CALL_TO_ACTION
        )
        parser.add_argument(
            "--template",
            default="",
            metavar="KEY",
            help="Of which template; the most used by default.",
        )
        parser.add_argument(
            "--text",
            default="",
            help="Your own subject or closing question in place of a proposal.",
        )
        parser.add_argument(
            "--emails", type=int, default=50, help="Of the test, both sides together (default 50)."
        )
        parser.add_argument(
            "--apply", action="store_true", help="Start the first test that is shown."
        )
        parser.add_argument(
            "--as", dest="as_user", default="", metavar="USER", help="Who answers for the test."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        by = self._person(options) if options["apply"] else None
        answered, proposed = proposals.replies_by_subject(), self._proposed(options)
        plans = [experiments.current_plan(one.template, options["emails"]) for one in proposed]
        started = self._start(proposed, options, by) if by else None
        if options["json"]:
            self.as_json(_as_document(answered, proposed, plans, started))
        else:
            self._say(answered, proposed, plans, started)
        if not started and not any(one.people for one in answered):
            sys.exit(TOO_FEW)

    def _person(self, options: dict[str, Any]) -> Any:
        user = get_user_model().objects.filter(username=options["as_user"], is_active=True).first()
        if user is None:
            raise CommandError(
                f"--apply needs --as USER; there is no active user {options['as_user']!r}."
            )
        if not user.has_perm("outreach.run_experiment"):
            raise CommandError(
                f"--as: {user.get_username()} does not have outreach.run_experiment."
            )
        return user

    def _proposed(self, options: dict[str, Any]) -> list[proposals.Proposal]:
        """Raises CommandError for a template that is not in use, and for a text that cannot be a
        variant.
        """
        key = options["template"]
        if key and not EmailTemplate.objects.filter(key=key, active=True).exists():
            raise CommandError(f"--template: there is no template {key!r} in use.")
        found = proposals.find_proposals(options["kind"], key)
        if not options["text"]:
            return found
        if not key:
            raise CommandError("--text needs --template: say which email it is for.")
        try:
            template = EmailTemplate.objects.get(key=key, active=True)
            return [proposals.build_proposal(template, options["kind"], options["text"])]
        except proposals.UnfitVariant as error:
            raise CommandError(f"--text: {error} Nothing was started.") from error

    def _start(
        self, proposed: list[proposals.Proposal], options: dict[str, Any], by: Any
    ) -> Experiment:
        if not proposed:
            raise CommandError(
                "There is nothing to test: each template has a test, or no variant passes the "
                "checks."
            )
        first = proposed[0]
        try:
            return experiments.start_experiment(
                first.template, first.variant, first.kind, options["emails"], by
            )
        except experiments.NotStarted as error:
            raise CommandError(f"{error} Nothing was started.") from error

    def _say(self, answered: Any, proposed: Any, plans: Any, started: Experiment | None) -> None:
        rows = [
            (one.template, one.subject, f"{one.answered} of {one.people}", _rate_text(one))
            for one in answered
        ]
        if rows:
            self.table(
                "Answers by subject, 60 days",
                ("Template", "Subject", "Answered", "Rate (95 %)"),
                rows,
            )
        else:
            self.stdout.write("No first email has left to somebody real in 60 days.")
        for one, plan in zip(proposed, plans, strict=True):
            if not started or one is proposed[0]:
                self.stdout.write(f"\n{one.template}: {Experiment.Kind(one.kind).label.lower()}")
                self.stdout.write(f"  A: {one.before}\n  B: {one.after}\n  {plan.sentence}")
        if started:
            self.stdout.write(
                f"\nStarted: {started.public_id}, over the next {started.size} emails of "
                f"{started.template_a}."
            )
        elif proposed:
            self.stdout.write("\nNothing was started: add --apply --as USER to start the first.")


def _rate_text(one: proposals.SubjectReplies) -> str:
    if one.rate is None or one.interval is None:
        return "none counted yet"
    return f"{one.rate:.1%} ({one.interval[0]:.1%} to {one.interval[1]:.1%})"


def _as_document(
    answered: Any, proposed: Any, plans: Any, started: Experiment | None
) -> dict[str, Any]:
    return {
        "subjects": [
            {**one.__dict__, "rate": one.rate, "interval": one.interval} for one in answered
        ],
        "proposals": [
            {
                "template": str(one.template),
                "kind": one.kind,
                "a": one.before,
                "b": one.after,
                "plan": plan.__dict__,
            }
            for one, plan in zip(proposed, plans, strict=True)
        ],
        "started": str(started.public_id) if started else None,
    }
