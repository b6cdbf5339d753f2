"""The rules of the score as versions: read strictly, previewed, published one by one, and fixed from then on."""

import copy
import json
import re
import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from leads.models import Assessment, Company, Lead, PastEmployer, ScoringRules, Visit
from leads.scoring import assess, backtest, rule_versions
from leads.scoring.calculation import PageView, ScoringFacts, score_lead
from leads.scoring_rules import DEFAULT_RULES, InvalidRules, Rules, TitleRule
from tests.factories import LeadFactory, TeamMemberFactory, VisitFactory
from tests.leads.conftest import in_threads
from tests.leads.scoring.test_calculation import PEOPLE, TABLES

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
LIST = "/admin/leads/scoringrules/"


def changed(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(DEFAULT_RULES.as_dict()), **fields}


def row(**fields: Any) -> ScoringRules:
    return ScoringRules.objects.create(name="A try", rules=changed(**fields))


PAGE = {"label": "Pricing", "pattern": "/pricing*", "points": 30}


def titled(title: TitleRule) -> Rules:
    return Rules.parse(
        changed(titles=[{"points": 50, "label": title.label, "words": list(title.words)}])
    )


# The built-in ones


def test_the_built_in_rules_are_the_same_after_having_been_json() -> None:
    assert Rules.parse(json.loads(json.dumps(DEFAULT_RULES.as_dict()))) == DEFAULT_RULES


def test_every_built_in_page_can_count() -> None:
    assert DEFAULT_RULES.shadowed() == []


# How titles were read when the rules were code.
BEFORE = (
    (
        50,
        r"\b(chief|ceo|cro|coo|cto|cfo|cmo|cio|founder|co-founder|(?<!product )owner|"
        r"(?<!vice )(?<!vice-)president|(?<!business )partner(?! manager| marketing| success| sales))\b",
    ),
    (45, r"\b(vp|svp|evp|vice[ -]president)\b"),
    (38, r"\b(head|director|general manager|gm)\b"),
    (20, r"\b(manager|lead|principal)\b"),
    (8, r"\w"),
)
PIECES = st.sampled_from(
    [
        "ceo",
        "owner",
        "product",
        "partner",
        "manager",
        "vice",
        "president",
        "vp",
        "general",
        "head",
        "business",
        "sales",
    ]
    + [" ", " ", "-", "_", ",", "s", "by", "é", "1", ".", "Co-Founder", "success", "marketing"]
)


@given(st.lists(PIECES, max_size=9).map("".join) | st.text(max_size=30))
def test_a_title_has_the_points_that_it_had_as_code(title: str) -> None:
    before = next((points for points, pattern in BEFORE if re.search(pattern, title.lower())), 0)
    assert (
        score_lead(ScoringFacts(title=title, industry="", employees_from=None), NOW).icp == before
    )


# Reading


def without(name: str) -> dict[str, Any]:
    data = changed()
    del data[name]
    return data


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ([], "rules"),
        (None, "rules"),
        ("text", "rules"),
        (without("decay"), "decay"),
        (changed(extra=1), "extra"),
        (changed(version=5), "version"),
        (changed(version="v" * 21), "version"),
        (changed(pages_at_most=-1), "pages_at_most"),
        (changed(pages_at_most=101), "pages_at_most"),
        (changed(pages_at_most=True), "pages_at_most"),
        (changed(pages_at_most="50"), "pages_at_most"),
        (changed(pages_at_most=50.0), "pages_at_most"),
        (changed(fit_share=1.01), "fit_share"),
        (changed(fit_share=float("nan")), "fit_share"),
        (changed(colleague_share="half"), "colleague_share"),
        (changed(look_back_days=0), "look_back_days"),
        (changed(look_back_days=10), "decay"),
        (changed(decay={}), "decay"),
        (changed(decay=[{"days": 7, "share": 1}, {"days": 1, "share": 0.5}]), "decay"),
        (changed(decay=[{"days": 1, "share": 0.5}, {"days": 7, "share": 1}]), "decay"),
        (changed(decay=[{"days": 1}]), "decay[0].share"),
        (changed(repeats=[{"visits": 2, "points": 5}, {"visits": 3, "points": 10}]), "repeats"),
        (changed(repeats=[{"visits": 2, "points": -5}]), "repeats[0].points"),
        (changed(repeats=[3]), "repeats[0]"),
        (changed(warm_points={"known": 1}), "warm_points.overlap"),
        (
            changed(warm_points={**DEFAULT_RULES.as_dict()["warm_points"], "friend": 5}),
            "warm_points.friend",
        ),
        (changed(titles=[{"points": 500, "label": "A", "words": ["a"]}]), "titles[0].points"),
        (changed(titles=[{"points": 5, "label": " ", "words": ["a"]}]), "titles[0].label"),
        (changed(titles=[{"points": 5, "label": "A", "words": "ceo"}]), "titles[0].words"),
        (changed(titles=[{"points": 5, "label": "A", "words": ["a"] * 201}]), "titles[0].words"),
        (
            changed(titles=[{"points": 5, "label": "A", "words": ["a", "b" * 61]}]),
            "titles[0].words[1]",
        ),
        (changed(titles=[{"points": 5, "label": "A", "words": [""]}]), "titles[0].words[0]"),
        (changed(titles=[{"points": 5, "label": "A", "words": [5]}]), "titles[0].words[0]"),
        (changed(titles=[{"points": 5, "label": "A", "words": ["a\0"]}]), "titles[0].words[0]"),
        (changed(titles=[{"points": 5, "label": "A", "words": []}] * 2), "titles[0].words"),
        (changed(titles=[{"points": 5, "label": "A", "words": ["a"]}] * 21), "titles"),
        (changed(good_industries=["x"] * 201), "good_industries"),
        (changed(good_industries=["ok", None]), "good_industries[1]"),
        (changed(industry_points={"good": 20}), "industry_points.other"),
        (changed(sizes=[]), "sizes"),
        (changed(sizes=[{"from": 10, "points": 5, "label": "A"}]), "sizes"),
        (
            changed(
                sizes=[
                    {"from": 0, "points": 5, "label": "A"},
                    {"from": 9, "points": 5, "label": "B"},
                ]
            ),
            "sizes",
        ),
        (changed(visit_hours=73), "visit_hours"),
        (changed(pages={}), "pages"),
        (changed(pages=[PAGE] * 101), "pages"),
        (changed(pages=[{"label": "A", "points": 5}]), "pages[0].pattern"),
        *[
            (changed(pages=[PAGE, {**PAGE, name: value}]), f"pages[1].{name}")
            for name, values in {
                "label": ["", " ", 5, None, "a" * 81, "a\0"],
                "pattern": [
                    "",
                    "a*",
                    "https://x.example/a",
                    "/a//b",
                    "/a?b=c",
                    "/a#b",
                    "/a b",
                    "/" * 201,
                    7,
                ],
                "points": [-1, 101, True, "5", 5.0, None],
                "angle": [None, "High intent", "A", "é", "_", "a" * 41],
                "topic": [None, "a" * 81, "a\n"],
                "category": [None, "a" * 41],
                "active": [None, 1, "yes"],
                "regex": [".*"],
            }.items()
            for value in values
        ],
        (changed(tiers={"tier_1": 60, "tier_2": 60}), "tiers"),
        (changed(tiers=[80, 60]), "tiers"),
    ],
)
def test_what_is_wrong_is_refused_by_the_name_of_its_field(data: Any, named: str) -> None:
    with pytest.raises(ValueError) as error:
        Rules.parse(data)
    assert isinstance(error.value, InvalidRules)
    assert named in [name for name, _ in error.value.errors]
    assert f"{named}: " in str(error.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidRules) as error:
        Rules.parse(changed(pages_at_most=-1, fit_share=2, good_industries=7))
    assert {name for name, _ in error.value.errors} == {
        "pages_at_most",
        "fit_share",
        "good_industries",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(DEFAULT_RULES.as_dict())), JSON)
def test_whatever_a_field_holds_it_is_read_or_refused(name: str, value: Any) -> None:
    try:
        made = Rules.parse(changed(**{name: value}))
    except InvalidRules as error:
        assert error.errors
    else:
        assert Rules.parse(made.as_dict()) == made


# Words are text


@pytest.mark.parametrize(
    ("word", "title", "fits"),
    [
        ("(a+)+$", "The (A+)+$ man", True),
        ("(a+)+$", "aaaa", False),
        (".*", "ceo", False),
        (".*", "the .* of it", True),
        ("vp", "VP, sales", True),
        ("vp", "vpn", False),
        ("vp", "vp_", False),
        ("vp", "vpn vp", True),
        ("İ", "ceo İ", True),
    ],
)
def test_a_word_is_found_as_it_stands_and_as_a_whole(word: str, title: str, fits: bool) -> None:
    version = titled(TitleRule(50, "A", (word,)))
    assert score_lead(
        ScoringFacts(title=title, industry="", employees_from=None), NOW, version
    ).icp == (50 if fits else 0)


def test_no_word_can_take_the_worker_down() -> None:
    words = tuple(["(a+)+$", "(a|a)*b", "a" * 60] + ["a" * 30 + " a"] * 197)
    version = titled(TitleRule(50, "A", words))
    began = time.process_time()  # not the clock: another process may have the machine
    assert (
        score_lead(
            ScoringFacts(title="a" * 5000 + "!", industry="a" * 5000, employees_from=None),
            NOW,
            version,
        ).icp
        == 10
    )
    assert time.process_time() - began < 2


def test_a_word_inside_an_exception_does_not_count_and_beside_it_does() -> None:
    data = changed(
        titles=[{"points": 50, "label": "A", "words": ["owner"], "but_not": ["product owner"]}]
    )
    found = [
        score_lead(
            ScoringFacts(title=title, industry="", employees_from=None), NOW, Rules.parse(data)
        ).icp
        for title in ("Product Owner", "Product Owner and Owner", "Owner")
    ]
    assert found == [0, 50, 50]


# Other numbers


@given(PEOPLE, TABLES)
def test_the_points_add_up_under_other_rules_too(person: ScoringFacts, table: Rules) -> None:
    version = Rules.parse(
        changed(
            pages=table.as_dict()["pages"],
            pages_at_most=100,
            fit_share=1,
            titles=[{"points": 100, "label": "Any", "words": []}],
            industry_points={"good": 90, "other": 0},
            repeats=[],
            visit_hours=0,
            decay=[{"days": 20, "share": 0.9}],
        )
    )
    found = score_lead(person, NOW, version)
    assert sum(reason.points for reason in found.reasons) == found.intent <= 100
    assert sum(reason.points for reason in found.icp_reasons) == found.icp <= 100
    assert all(reason.points for reason in (*found.reasons, *found.icp_reasons))


def test_every_number_takes_effect() -> None:
    version = Rules.parse(
        changed(
            version="mine",
            pages=[{"label": "X", "pattern": "/x", "points": 40}],
            pages_at_most=35,
            look_back_days=60,
            decay=[{"days": 60, "share": 1}],
            repeats=[{"visits": 1, "points": 7}],
            warm_points={
                "known": 9,
                "overlap": 0,
                "employer": 0,
                "employer_now": 0,
                "known_there": 0,
                "known_before": 0,
            },
            fit_share=0.5,
            good_industries=["fishing"],
            tiers={"tier_1": 100, "tier_2": 20},
        )
    )
    person = ScoringFacts(
        "",
        "Deep sea fishing",
        None,
        (PageView("/x", NOW - timedelta(days=59)),),
        "known",
        "Alex knows you.",
    )
    found = score_lead(person, NOW, version)
    assert [(r.code, r.points, r.text) for r in found.reasons] == [
        ("page", 40, "X"),
        ("pages_most", -5, "Pages count 35 at most"),
        ("repeat", 7, "1 visit in 60 days"),
        ("warm", 9, "Alex knows you."),
        ("fit", 10, "Fit 20 of 100"),
    ]
    assert (found.tier, version.version) == ("tier_2", "mine")


# Versions


def visitor(path: str = "/pricing", days: float = 0, **fields: Any) -> Lead:
    at = timezone.now() - timedelta(days=days)
    lead = LeadFactory(last_seen_at=at, **fields)
    VisitFactory(lead=lead, path=path, seen_at=at)
    return lead


HIGHER = {"fit_share": 1}  # lifts every VP of the factories to HOT by the score alone


@pytest.mark.django_db
class TestVersions:
    def test_without_any_the_built_in_ones_hold(self) -> None:
        row()
        assert rule_versions.current_rules() is DEFAULT_RULES

    def test_publishing_retires_the_one_before_and_holds_at_once(self, lead_user: User) -> None:
        first, second = row(), row(**HIGHER)
        rule_versions.publish_rules(first, lead_user)
        assert rule_versions.current_rules().version == "1"
        done = rule_versions.publish_rules(second, lead_user)
        assert (done.state, done.published_by, done.published_at is not None) == (
            "published",
            lead_user,
            True,
        )
        assert list(ScoringRules.objects.order_by("version").values_list("state", flat=True)) == [
            "retired",
            "published",
        ]
        assert (rule_versions.current_rules().version, rule_versions.current_rules().fit_share) == (
            "2",
            1.0,
        )

    def test_publishing_scores_leads_seen_lately_anew_by_the_new_rules(
        self, lead_user: User
    ) -> None:
        leads, old = [visitor() for _ in range(5)], visitor(days=31)
        later = timezone.now() + timedelta(hours=1)
        Lead.objects.filter(pk=leads[0].pk).update(needs_assessment_at=later)
        rule_versions.publish_rules(row(**HIGHER), lead_user)
        old.refresh_from_db()
        leads[0].refresh_from_db()
        assert (old.needs_assessment_at, leads[0].needs_assessment_at) == (None, later)
        assert ScoringRules.objects.get().marked_to is None
        assert assess.assess_due() == 4
        assert set(Assessment.objects.values_list("rules_version", "intent")) == {("1", 100)}

    def test_a_publisher_who_was_killed_is_gone_on_for_by_the_next_sweep(
        self, lead_user: User
    ) -> None:
        leads = [visitor() for _ in range(5)]
        rule_versions.publish_rules(row(), lead_user)
        Lead.objects.update(needs_assessment_at=None)
        ScoringRules.objects.update(marked_to=leads[1].pk)
        assert rule_versions.mark_for_rescoring(batch=2) == 3
        assert set(Lead.objects.exclude(needs_assessment_at=None)) == set(leads[2:])
        assert ScoringRules.objects.get().marked_to is None
        ScoringRules.objects.update(marked_to=0)
        assert assess.assess_due() == 5

    def test_what_is_wrong_is_not_published(self, lead_user: User) -> None:
        bad = row(pages_at_most=-1)
        with pytest.raises(InvalidRules, match="pages_at_most"):
            rule_versions.publish_rules(bad, lead_user)
        assert list(ScoringRules.objects.values_list("state", flat=True)) == ["draft"]

    def test_only_a_draft_as_it_was_read_is_published(self, lead_user: User) -> None:
        one, other = row(), row()
        rule_versions.publish_rules(one, lead_user)
        with pytest.raises(rule_versions.PublishRefused, match="is published, not a draft"):
            rule_versions.publish_rules(one, lead_user)
        ScoringRules.objects.filter(pk=other.pk).update(rules=changed(fit_share=0.5))
        with pytest.raises(rule_versions.PublishRefused, match="changed meanwhile"):
            rule_versions.publish_rules(other, lead_user)
        assert rule_versions.current_rules().version == "1"

    def test_what_was_published_never_changes(self, lead_user: User) -> None:
        stale, second = row(), row()
        rule_versions.publish_rules(ScoringRules.objects.get(pk=stale.pk), lead_user)
        for version in (stale, ScoringRules.objects.get(pk=stale.pk)):
            version.rules = changed(fit_share=1)
            with pytest.raises(PermissionDenied):
                version.save()
            with pytest.raises(PermissionDenied):
                version.delete()
        rule_versions.publish_rules(second, lead_user)
        with pytest.raises(PermissionDenied):
            ScoringRules.objects.get(pk=stale.pk).save()
        with pytest.raises(PermissionDenied):
            ScoringRules.objects.create(name="Around", rules=changed(), state="published")
        assert ScoringRules.objects.get(pk=stale.pk).rules["fit_share"] == 0.25

    def test_the_database_holds_one_published_version(self) -> None:
        first, second = row(), row()
        ScoringRules.objects.filter(pk=first.pk).update(state="published")
        with pytest.raises(IntegrityError):
            ScoringRules.objects.filter(pk=second.pk).update(state="published")

    def test_a_draft_may_be_deleted_and_its_number_is_not_given_again(self) -> None:
        row().delete()
        assert row().version == 2


@pytest.mark.parametrize("published_before", [False, True])
def test_of_two_who_publish_at_once_one_is_published_and_the_other_retired(
    committed: None, published_before: bool
) -> None:
    if published_before:
        rule_versions.publish_rules(row(), None)
    drafts = [row(), row()]
    in_threads([lambda d=draft: rule_versions.publish_rules(d, None) for draft in drafts])  # type: ignore[misc]
    states = sorted(
        ScoringRules.objects.filter(pk__in=[d.pk for d in drafts]).values_list("state", flat=True)
    )
    assert states == ["published", "retired"]
    assert ScoringRules.objects.filter(state="published").count() == 1


# Who would move


def everything() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (Lead, Company, Visit, Assessment, ScoringRules)
    ]


@pytest.mark.django_db
class TestWhoWouldMove:
    def test_the_largest_move_comes_first_and_nothing_changes(self) -> None:
        vp, clerk = visitor(), visitor(title="Clerk")
        visitor(title="", company=None, email="x@y.test", path="/x")
        before = everything()
        found = backtest.preview_rules(Rules.parse(changed(**HIGHER)))
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

    def test_who_changes_tier_moves_though_the_score_stays(self) -> None:
        visitor()
        found = backtest.preview_rules(Rules.parse(changed(tiers={"tier_1": 100, "tier_2": 60})))
        assert (found.up, found.down, found.changed_tier, found.no_longer_hot) == (0, 0, 1, 1)
        assert [(m.before.tier, m.after.tier) for m in found.moves] == [("tier_1", "tier_2")]

    def test_only_the_leads_seen_last_are_previewed(self) -> None:
        newest = visitor()
        visitor(days=5)
        VisitFactory(lead=newest, company=newest.company)
        found = backtest.preview_rules(Rules.parse(changed(**HIGHER)), limit=1)
        assert [m.lead for m in found.moves] == [str(newest.public_id)]

    def test_a_lead_that_cannot_be_scored_does_not_hide_the_others(self) -> None:
        worked = {"name": "Acme", "domain": "", "from_year": "2010", "to_year": None}
        PastEmployer.objects.create(
            member=TeamMemberFactory(), company_name="Acme", from_year=2010, to_year=2012
        )
        visitor(past_employers=[worked])
        visitor()
        found = backtest.preview_rules(Rules.parse(changed(**HIGHER)))
        assert (found.scored, found.failed) == (1, 1)

    def test_a_replay_scores_each_lead_by_what_it_had_seen_until_then(self) -> None:
        lead = visitor(days=20)
        VisitFactory(lead=lead, path="/pricing", seen_at=timezone.now() - timedelta(days=45))
        VisitFactory(
            lead=None,
            company=lead.company,
            path="/pricing",
            seen_at=timezone.now() - timedelta(days=1),
        )
        visitor(days=31)
        found = backtest.replay_visits(Rules.parse(changed(fit_share=0)))
        [move] = found.moves
        assert (found.scored, move.before.intent, move.after.intent) == (1, 30 + 5 + 24, 35)

    def test_a_replay_finds_who_would_have_been_hot_at_an_earlier_visit(self) -> None:
        clerk = visitor("/demo", days=20, title="Clerk")
        VisitFactory(lead=clerk, path="/", seen_at=timezone.now() - timedelta(days=2))
        version = Rules.parse(changed(fit_share=0.6))
        assert backtest.preview_rules(version).became_hot == 0
        found = backtest.replay_visits(version)
        [move] = found.hot
        assert (move.before.intent, move.after.intent, found.became_hot) == (40 + 14, 40 + 35, 1)

    def test_who_becomes_hot_is_named_however_small_the_move(self) -> None:
        for _ in range(3):
            visitor(title="", company=None, email=None, no_address=True)
        edge = visitor("/demo", title="Clerk")
        version = Rules.parse(
            changed(fit_share=0.52, pages=[{**PAGE, "points": 100}, *changed()["pages"]])
        )
        found = backtest.preview_rules(version)
        assert edge.name not in {move.name for move in found.moves[:3]}
        assert [move.name for move in found.hot] == [edge.name]

    def test_pages_that_would_count_for_something_else_come_first(self) -> None:
        for path in ("/pricing", "/pricing", "/enterprise", "/about", "/about", "/about"):
            visitor(path)
        found = backtest.compare_pages(
            Rules.parse(changed(pages=[*changed()["pages"], {**PAGE, "pattern": "/enterprise"}]))
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
    def test_prints_who_would_move_under_a_draft_and_changes_nothing(self) -> None:
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

    def test_shows_the_20_largest_moves_of_a_file(self, tmp_path: Path) -> None:
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
