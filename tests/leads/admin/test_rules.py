"""Scoring rules in the admin: drafts are edited, previewed and published."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads.models import Lead, ScoringRules
from leads.scoring import rule_versions
from leads.scoring_rules import DEFAULT_RULES
from tests.leads.scoring.test_backtest import everything
from tests.leads.scoring.test_rule_versions import HIGHER, row, visitor
from tests.leads.test_scoring_rules import PAGE, changed

pytestmark = pytest.mark.django_db
LIST = "/admin/leads/scoringrules/"


def typed(name: str, data: dict[str, Any] | None = None, was: int | None = None) -> dict[str, str]:
    """Form data for rules: pages as table rows, of which the first `was` are stored already."""
    data = data or changed()
    pages = data.pop("pages")
    sent = {"name": name, "rules": json.dumps(data), "pages-TOTAL_FORMS": str(len(pages) + 3)}
    sent["pages-INITIAL_FORMS"] = str(len(pages) if was is None else was)
    for n, page in enumerate(pages):
        sent |= {
            f"pages-{n}-{field}": str(value) for field, value in page.items() if field != "active"
        }
        sent |= {f"pages-{n}-active": "on"} if page.get("active", True) else {}
        sent.setdefault(f"pages-{n}-ORDER", str(10 * n))
    return sent | {f"pages-{n}-active": "on" for n in range(len(pages), len(pages) + 3)}


def act(client: Client, action: str, *rows: ScoringRules, **more: str) -> Any:
    return client.post(
        LIST, {"action": action, "_selected_action": [str(r.pk) for r in rows], **more}, follow=True
    )


def confirmed(client: Client, version: ScoringRules) -> dict[str, str]:
    page = act(client, "publish_rules", version).content.decode()
    found = re.search(r'name="confirmed" value="([0-9a-f]{64})"', page)
    return {"confirmed": found[1] if found else ""}


def test_a_lead_adds_edits_previews_publishes_and_copies(client: Client, lead_user: User) -> None:
    lead = visitor()
    client.force_login(lead_user)
    page = client.get(f"{LIST}add/").content.decode()
    assert "C-level or founder" in page and "2026.2" not in page
    client.post(f"{LIST}add/", typed("Fit counts"))
    draft = ScoringRules.objects.get()
    assert (draft.version, draft.state, draft.created_by, "version" in draft.rules) == (
        1,
        "draft",
        lead_user,
        False,
    )
    client.post(f"{LIST}{draft.pk}/change/", typed("Fit counts", changed(**HIGHER)))
    draft.refresh_from_db()
    assert draft.rules["fit_share"] == 1
    before = everything()
    for action in ("see_moves", "publish_rules"):
        shown = act(client, action, draft).content.decode()
        assert lead.name in shown and "1 would move up and 0 down" in shown
        assert ("Publish version 1" in shown) == (action == "publish_rules")
        assert "<code>/pricing</code>" in shown and "Pricing, 30" in shown
    assert everything() == before
    said = act(client, "publish_rules", draft, **confirmed(client, draft)).content.decode()
    assert "Version 1 is published" in said
    assert rule_versions.current_rules().version == "1"
    assert Lead.objects.exclude(needs_assessment_at=None).count() == 1
    act(client, "copy_as_draft", draft)
    made = ScoringRules.objects.get(version=2)
    assert (made.name, made.state, made.rules) == ("Copy of 1: Fit counts", "draft", draft.rules)


def test_errors_are_reported_by_field(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    data = typed("Bad", changed(pages_at_most=-1, tiers=[]))
    page = client.post(f"{LIST}add/", data).content.decode()
    assert (
        "pages_at_most: must be a whole number from 0 to 100." in page
        and "tiers: must be an object." in page
    )
    assert (
        "must be" in client.post(f"{LIST}add/", {**typed("Bad"), "rules": "[1]"}).content.decode()
    )
    assert client.post(f"{LIST}add/", {**typed("Bad"), "rules": "{"}).status_code == 200
    assert client.post(f"{LIST}add/", {**typed("Bad"), "rules": "[" * 100_000}).status_code == 200
    assert not ScoringRules.objects.exists()


def test_an_outdated_confirmation_is_refused(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    draft = row()
    shown = confirmed(client, draft)
    ScoringRules.objects.filter(pk=draft.pk).update(rules=changed(fit_share=0.5))
    assert "changed meanwhile" in act(client, "publish_rules", draft, **shown).content.decode()
    assert ScoringRules.objects.get().state == "draft"


def test_one_draft_at_a_time(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    drafts = [row(), row()]
    for action in ("publish_rules", "see_moves", "copy_as_draft"):
        assert "Choose one version" in act(client, action, *drafts).content.decode()
    rule_versions.publish_rules(drafts[0], lead_user)
    assert (
        "Only a draft can be published" in act(client, "publish_rules", drafts[0]).content.decode()
    )
    assert sorted(ScoringRules.objects.values_list("state", flat=True)) == ["draft", "published"]


def test_a_published_version_is_read_only(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    version = row()
    rule_versions.publish_rules(version, lead_user)
    change = f"{LIST}{version.pk}/change/"
    assert client.get(change).status_code == 200
    assert client.post(change, typed("X", changed(**HIGHER))).status_code == 403
    assert client.post(f"{LIST}{version.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ScoringRules.objects.get().rules["fit_share"] == 0.25


@pytest.mark.parametrize("who", ["viewer", "reviewer"])
def test_other_roles_cannot_add_edit_or_publish(
    who: str, request: pytest.FixtureRequest, client: Client, lead_user: User
) -> None:
    draft = row()
    client.force_login(lead_user)
    shown = confirmed(client, draft)
    client.force_login(request.getfixturevalue(who))
    before = everything()
    assert client.get(LIST).status_code == 200
    assert client.get(f"{LIST}{draft.pk}/change/").status_code == 200
    data = typed("X")
    assert client.post(f"{LIST}add/", data).status_code == 403
    assert client.post(f"{LIST}{draft.pk}/change/", data).status_code == 403
    act(client, "publish_rules", draft, **shown)
    act(client, "copy_as_draft", draft)
    assert everything() == before


def test_a_preview_changes_nothing(client: Client, lead_user: User) -> None:
    visitor()
    draft = row()
    client.force_login(lead_user)
    shown = confirmed(client, draft)
    before = everything()
    for action in ("publish_rules", "copy_as_draft", "see_moves"):
        client.get(LIST, {"action": action, "_selected_action": draft.pk, **shown})
    client.get(f"{LIST}{draft.pk}/change/")
    assert everything() == before


# Pages


BLOG = {"label": "Blog", "pattern": "/blog*", "points": 5}
DEMO = {"label": "Demo", "pattern": "/demo*", "points": 40}


def labels() -> list[str]:
    return [page["label"] for page in ScoringRules.objects.get().rules["pages"]]


@pytest.fixture
def add(client: Client, lead_user: User) -> Any:
    """Send the form for a new version, some of it changed; what the page says."""
    client.force_login(lead_user)

    def send(*pages: dict[str, Any], was: int = 0, **more: str) -> str:
        sent = {**typed("Ours", changed(pages=list(pages)), was), **more}
        return client.post(
            f"{LIST}add/", {k: v for k, v in sent.items() if v != "gone"}
        ).content.decode()

    return send


def test_a_new_version_begins_with_the_pages_in_force(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    page = client.get(f"{LIST}add/").content.decode()
    for trigger in DEFAULT_RULES.pages:
        assert f'value="{trigger.pattern}"' in page
    text = page[page.index('name="rules"') :]
    assert "&quot;pages&quot;" not in text[: text.index("</textarea>")]


def test_pages_are_stored_in_order_and_normalised(add: Any) -> None:
    add(
        {**PAGE, "ORDER": 30, "pattern": "/Pricing/"},
        {**BLOG, "ORDER": ""},
        {**DEMO, "ORDER": 2},
        was=2,
    )
    assert labels() == ["Demo", "Pricing", "Blog"]
    as_compared = {"pattern": "/pricing", "angle": "", "topic": "", "category": "", "active": True}
    assert ScoringRules.objects.get().rules["pages"][1] == {**PAGE, **as_compared}


def test_removed_and_empty_rows_are_ignored(add: Any) -> None:
    add(PAGE, BLOG, {**DEMO, "active": False}, was=3, **{"pages-0-DELETE": "on"})
    assert [
        (page["label"], page["active"]) for page in ScoringRules.objects.get().rules["pages"]
    ] == [("Blog", True), ("Demo", False)]


def test_a_row_equal_to_a_stored_one_is_kept(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    draft = row(pages=[PAGE, BLOG])
    client.post(f"{LIST}{draft.pk}/change/", typed("Ours", changed(pages=[PAGE, BLOG]), was=1))
    assert labels() == ["Pricing", "Blog"]


@pytest.mark.parametrize(
    ("cell", "value", "said"),
    [
        ("pattern", "pricing", "It must be a path that begins with / or *"),
        ("pattern", "", "It must be a text of 1 to 200 characters."),
        ("points", "500", "It must be a whole number from 0 to 100."),
        ("points", "", "It must be a whole number from 0 to 100."),
        ("points", "many", "Enter a whole number."),
        ("label", "", "It must be a text of 1 to 80 characters."),
        ("angle", "High intent", "It must be empty or small letters, digits and _"),
        ("topic", "a" * 81, "It must be a text of 0 to 80 characters."),
        ("ORDER", "first", "Enter a whole number."),
    ],
)
def test_row_errors_are_shown_at_their_cell(add: Any, cell: str, value: str, said: str) -> None:
    page = add(BLOG, PAGE, was=2, **{f"pages-1-{cell}": value})
    assert not ScoringRules.objects.exists()
    error = re.search(rf'id="id_pages-1-{cell}_error">([^<]*)', page)
    assert error is not None and error[1].startswith(said)
    assert "it says so at each" in page
    assert 'value="Blog"' in page and f'value="{value}"' in page or value == ""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"pages-TOTAL_FORMS": "gone"}, "ManagementForm data is missing"),
        ({"pages-TOTAL_FORMS": "150"}, "Please submit at most 100 forms."),
        ({"rules": json.dumps(changed())}, "pages: are the rows of the table"),
    ],
)
def test_an_unreadable_table_is_refused(add: Any, more: dict[str, str], said: str) -> None:
    assert said in add(PAGE, **more)
    assert not ScoringRules.objects.exists()


def test_a_published_versions_pages_are_shown_to_everybody(client: Client, viewer: User) -> None:
    version = row(pages=[{**PAGE, "topic": "<b>prices</b>"}])
    rule_versions.publish_rules(version, None)
    client.force_login(viewer)
    page = client.get(f"{LIST}{version.pk}/change/").content.decode()
    assert "<code>/pricing*</code>" in page and "&lt;b&gt;prices&lt;/b&gt;" in page
    assert "pages-0-label" not in page


def test_the_history_says_that_pages_were_changed(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    draft = row(pages=[PAGE])
    client.post(f"{LIST}{draft.pk}/change/", typed("Ours", changed(pages=[PAGE, BLOG]), was=1))
    assert "pages" in client.get(f"{LIST}{draft.pk}/history/").content.decode()


def test_shadowed_pages_are_named_before_publishing(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    draft = row(pages=[BLOG, {**PAGE, "pattern": "/blog/price*"}])
    assert (
        "“Pricing” (/blog/price*) never counts: “Blog” above it"
        in act(client, "see_moves", draft).content.decode()
    )
