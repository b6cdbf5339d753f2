"""Pages and API of incidents: the list, the story, and what people do there."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from caio_project.lib.models import ApiKey
from leads.integrations import alarms
from metrics.incidents import incidents, sweep
from metrics.models import Incident, IncidentMove, IncidentNote

pytestmark = pytest.mark.django_db
PAGE = "/sales/incidents"


@pytest.fixture(autouse=True)
def storm(clock: Any) -> Incident:
    for key in ("ghl:token", "ghl:refusing", "rb2b:silent"):
        alarms.raise_alarm(key, key)
    sweep.watch_incidents()
    return Incident.objects.get(cause="ghl_access")


def address(row: Incident, what: str = "") -> str:
    return f"{PAGE}/{row.public_id}{what}"


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_list_and_the_overview_count_what_stands_for_itself(
    client: Client, viewer: User
) -> None:
    client.force_login(viewer)
    assert "2 incidents open" in text_of(client.get(PAGE))
    assert "part of “GoHighLevel refuses us”" in text_of(client.get(f"{PAGE}?state=open"))
    overview = text_of(client.get("/sales"))
    assert "GoHighLevel refuses us" in overview and "Sends are failing" not in overview
    assert "Nothing here yet." in text_of(client.get(f"{PAGE}?state=closed"))
    assert client.get(f"{PAGE}?state=x&cause=y&cursor=z").status_code == 200


def test_the_story_has_its_times_and_parts(
    storm: Incident, client: Client, viewer: User, clock: Any
) -> None:
    alarms.clear_alarm("ghl:refusing")
    clock.shift(300)
    sweep.watch_incidents()
    alarms.clear_alarm("ghl:token")
    clock.shift(300)
    sweep.watch_incidents()
    client.force_login(viewer)
    page = text_of(client.get(address(storm)))
    assert "Sends are failing is part of this" in page
    assert "after 5 min</span> <b>Sends are failing is over" in page
    assert "<b>Closed by itself</b> <span>GoHighLevel answered us again. It lasted 10 min." in page
    assert "A Reviewer acknowledges" not in page and "<form" in page  # that of signing out


def test_a_reviewer_acknowledges_with_a_note_that_can_be_erased(
    storm: Incident, client: Client, reviewer: User
) -> None:
    client.force_login(reviewer)
    answer = client.post(address(storm, "/acknowledge"), {"text": "I ask <b>Priya</b>."})
    assert (answer.status_code, answer["Location"]) == (303, address(storm))
    page = text_of(client.get(address(storm)))
    assert "Acknowledged" in page and "I ask &lt;b&gt;Priya&lt;/b&gt;." in page
    assert "Priya" not in str(list(IncidentMove.objects.values()))
    IncidentNote.objects.all().delete()
    assert "Priya" not in text_of(client.get(address(storm)))


def test_a_lead_clears_with_a_reason(storm: Incident, client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    refused = client.post(address(storm, "/clear"), {"text": "no"})
    assert refused.status_code == 422 and "Say why" in text_of(refused)
    assert Incident.objects.get(pk=storm.pk).is_open
    client.post(address(storm, "/clear"), {"text": "The token was changed on purpose."})
    assert Incident.objects.filter(closed_as="cleared").count() == 2
    again = client.post(address(storm, "/clear"), {"text": "The token was changed on purpose."})
    assert again.status_code == 422 and "closed already" in text_of(again)


@pytest.mark.parametrize("what", ["/acknowledge", "/note", "/clear"])
def test_who_may_not_changes_nothing(
    what: str, storm: Incident, client: Client, viewer: User
) -> None:
    client.force_login(viewer)
    answer = client.post(address(storm, what), {"text": "This is long enough for a reason."})
    assert answer.status_code == 403
    storm.refresh_from_db()
    assert storm.is_open and storm.acknowledged_at is None
    assert not IncidentNote.objects.exists()


def test_a_note_needs_words(storm: Incident, client: Client, reviewer: User) -> None:
    client.force_login(reviewer)
    assert client.post(address(storm, "/note"), {"text": "  "}).status_code == 422
    assert client.post(address(storm, "/note"), {"text": "x" * 1001}).status_code == 422
    assert not IncidentNote.objects.exists()
    assert client.post(address(storm, "/note"), {"text": "Seen."}).status_code == 303


# --- API


def headers(*scopes: str, user: User | None = None) -> dict[str, str]:
    _, key = ApiKey.objects.create_key(name="pager", scopes=list(scopes), user=user)
    return {"Authorization": f"Bearer {key}"}


def test_the_api_lists_with_filters_and_tells_one(storm: Incident, client: Client) -> None:
    may_read = headers("metrics:read")
    found = client.get("/api/incidents?state=open", headers=may_read).json()
    assert {one["cause"] for one in found["results"]} == {
        "sends_failing", "ghl_access", "silent_source",
    }  # fmt: skip
    one = client.get("/api/incidents?cause=sends_failing", headers=may_read).json()["results"][0]
    assert one["part_of"] == str(storm.public_id) and one["evidence"]["alarms"] == ["ghl:refusing"]
    whole = client.get(f"/api/incidents/{storm.public_id}", headers=may_read).json()
    assert whole["parts"] == [one["id"]] and [m["kind"] for m in whole["story"]] == ["opened"]
    for query in ("state=x", "cause=x", "cursor=x"):
        wrong = client.get(f"/api/incidents?{query}", headers=may_read)
        assert wrong.status_code == 400 and query[:-2] in wrong.json()["detail"]


def test_a_key_that_may_halt_acknowledges_by_its_name(storm: Incident, client: Client) -> None:
    path = f"/api/incidents/{storm.public_id}/acknowledge"
    assert client.post(path, headers=headers("metrics:read")).status_code == 403
    assert not IncidentMove.objects.filter(kind="acknowledged").exists()
    answer = client.post(
        path, {"note": "On it."}, "application/json", headers=headers("outreach:halt")
    )
    assert answer.status_code == 200 and answer.json()["acknowledged_at"]
    assert IncidentMove.objects.get(kind="acknowledged").by_name == "pager"
    assert "On it." not in answer.content.decode()


def test_what_is_closed_cannot_be_acknowledged(
    storm: Incident, client: Client, lead_user: User
) -> None:
    incidents.clear_incident(storm, lead_user, "The token was changed on purpose.")
    path = f"/api/incidents/{storm.public_id}/acknowledge"
    answer = client.post(path, {}, "application/json", headers=headers("outreach:halt"))
    assert answer.status_code == 409 and "closed already" in answer.json()["detail"]
    assert not IncidentMove.objects.filter(kind="acknowledged").exists()
