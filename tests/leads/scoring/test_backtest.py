"""Which scores other rules would change, without changing anything."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from leads.models import Assessment, Company, Lead, PastEmployer, ScoringRules, Visit
from leads.scoring import backtest
from leads.scoring_rules import parse_rules
from tests.factories import TeamMemberFactory, VisitFactory
from tests.leads.scoring.test_rule_versions import HIGHER, row, visitor
from tests.leads.test_scoring_rules import PAGE, changed


def everything() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (Lead, Company, Visit, Assessment, ScoringRules)
    ]


@pytest.mark.django_db
class TestWhoWouldMove:
    def test_the_largest_change_comes_first(self) -> None:
        vp, clerk = visitor(), visitor(title="Clerk")
        visitor(title="", company=None, email="x@y.test", path="/x")
        before = everything()
        found = backtest.preview_rules(parse_rules(changed(**HIGHER)))
        assert everything() == before
        assert (found.scored, found.up, found.down, found.changed_tier) == (3, 2, 0, 0)
        assert [(m.lead, m.before.intent, m.after.intent, m.by) for m in found.moves] == [
            (str(vp.public_id), 54, 100, 46),
            (str(clerk.public_id), 44, 88, 44),
        ]
        assert (found.became_hot, found.no_longer_hot) == (
            1,
            0,
        )  # the VP is HOT by fit and size before

    def test_a_tier_change_counts_without_a_score_change(self) -> None:
        visitor()
        found = backtest.preview_rules(parse_rules(changed(tiers={"tier_1": 100, "tier_2": 60})))
        assert (found.up, found.down, found.changed_tier, found.no_longer_hot) == (0, 0, 1, 1)
        assert [(m.before.tier, m.after.tier) for m in found.moves] == [("tier_1", "tier_2")]

    def test_only_the_leads_seen_last_are_previewed(self) -> None:
        newest = visitor()
        visitor(days=5)
        VisitFactory(lead=newest, company=newest.company)
        found = backtest.preview_rules(parse_rules(changed(**HIGHER)), limit=1)
        assert [m.lead for m in found.moves] == [str(newest.public_id)]

    def test_a_failing_lead_does_not_hide_the_others(self) -> None:
        worked = {"name": "Acme", "domain": "", "from_year": "2010", "to_year": None}
        PastEmployer.objects.create(
            member=TeamMemberFactory(), company_name="Acme", from_year=2010, to_year=2012
        )
        visitor(past_employers=[worked])
        visitor()
        found = backtest.preview_rules(parse_rules(changed(**HIGHER)))
        assert (found.scored, found.failed) == (1, 1)

    def test_a_replay_counts_only_visits_until_then(self) -> None:
        lead = visitor(days=20)
        VisitFactory(lead=lead, path="/pricing", seen_at=timezone.now() - timedelta(days=45))
        VisitFactory(
            lead=None,
            company=lead.company,
            path="/pricing",
            seen_at=timezone.now() - timedelta(days=1),
        )
        visitor(days=31)
        found = backtest.replay_visits(parse_rules(changed(fit_share=0)))
        [move] = found.moves
        assert (found.scored, move.before.intent, move.after.intent) == (1, 30 + 5 + 24, 35)

    def test_a_replay_finds_leads_hot_at_earlier_visits(self) -> None:
        clerk = visitor("/demo", days=20, title="Clerk")
        VisitFactory(lead=clerk, path="/", seen_at=timezone.now() - timedelta(days=2))
        version = parse_rules(changed(fit_share=0.6))
        assert backtest.preview_rules(version).became_hot == 0
        found = backtest.replay_visits(version)
        [move] = found.hot
        assert (move.before.intent, move.after.intent, found.became_hot) == (40 + 14, 40 + 35, 1)

    def test_leads_that_become_hot_are_always_named(self) -> None:
        for _ in range(3):
            visitor(title="", company=None, email=None, no_address=True)
        edge = visitor("/demo", title="Clerk")
        version = parse_rules(
            changed(fit_share=0.52, pages=[{**PAGE, "points": 100}, *changed()["pages"]])
        )
        found = backtest.preview_rules(version)
        assert edge.name not in {move.name for move in found.moves[:3]}
        assert [move.name for move in found.hot] == [edge.name]

    def test_changed_pages_come_first(self) -> None:
        for path in ("/pricing", "/pricing", "/enterprise", "/about", "/about", "/about"):
            visitor(path)
        found = backtest.compare_pages(
            parse_rules(changed(pages=[*changed()["pages"], {**PAGE, "pattern": "/enterprise"}]))
        )
        assert found == [
            backtest.PageComparison("/enterprise", 1, "nothing", "Pricing, 30"),
            backtest.PageComparison("/about", 3, "nothing", "nothing"),
            backtest.PageComparison("/pricing", 2, "Pricing, 30", "Pricing, 30"),
        ]


def backtested(*args: str) -> str:
    out = StringIO()
    call_command("backtest_score", *args, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
class TestBacktestScore:
    def test_prints_changes_under_a_draft_and_stores_nothing(self) -> None:
        lead = visitor()
        draft = row(**HIGHER)
        before = everything()
        said = backtested("--rules", str(draft.version))
        assert "Moved up" in said and lead.name in said and "+46" in said
        found = json.loads(backtested("--rules", str(draft.version), "--json"))
        assert (found["rules"], found["scored"], found["up"], found["became_hot"]) == ("1", 1, 1, 0)
        assert [(m["lead"], m["by"]) for m in found["moves"]] == [(str(lead.public_id), 46)]
        assert found["hot"] == []
        assert everything() == before

    def test_shows_the_20_largest_changes_of_a_file(self, tmp_path: Path) -> None:
        for _ in range(21):
            visitor()
        file = tmp_path / "rules.json"
        file.write_text(json.dumps(changed(**HIGHER)))
        found = json.loads(backtested("--file", str(file), "--json", "--days", "7"))
        assert (found["up"], len(found["moves"])) == (21, 20)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (json.dumps(changed(decay=5)), "decay: must be a list"),
            ("{", "it is no JSON"),
            ("[" * 100_000, "it is no JSON"),
            ("\xff", "it is no JSON"),
            (None, "No such file"),
        ],
    )
    def test_a_bad_file_is_refused(self, tmp_path: Path, text: str | None, said: str) -> None:
        file = tmp_path / "rules.json"
        if text is not None:
            file.write_bytes(text.encode("latin-1"))
        with pytest.raises(CommandError, match=said) as error:
            backtested("--file", str(file))
        assert error.value.returncode == 1

    def test_an_unknown_version_is_refused(self) -> None:
        with pytest.raises(CommandError, match="there is no version 9"):
            backtested("--rules", "9")
