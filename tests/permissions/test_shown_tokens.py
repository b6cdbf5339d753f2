"""Nobody of the team is shown the link by which a recipient stops us."""

from urllib.parse import urljoin

import pytest
from django.contrib.auth.models import User
from django.test import Client

from outreach.content.email_footer import hide_personal_links
from tests import paths
from tests.permissions import world as worlds

pytestmark = pytest.mark.django_db


def test_no_page_shows_a_recipients_link(client: Client) -> None:
    """To who may see everything, and wherever a page leads on. What each role sees is looked
    through for it in test_urls.py and test_admin_and_commands.py.
    """
    world = worlds.make_world()
    client.force_login(User.objects.create_superuser("boss", "", "a-long-password"))
    looked_at = 0
    waiting = [worlds.path_in(world, route) for route, _ in paths.every_route()]
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        if path.startswith(("/accounts/logout", "/admin/logout", "/webhooks")):
            continue
        response = client.get(path)
        looked_at += b"Whitfield" in response.content
        assert not worlds.shows_a_link(world, response), path
        if response.has_header("Location"):
            leads_to = urljoin(path, response.headers["Location"])
            waiting += {leads_to} - seen
            seen.add(leads_to)
    assert looked_at > 10


@pytest.mark.parametrize("path", ["approve", "reject"])
def test_no_answer_of_the_api_shows_it(client: Client, reviewer: User, path: str) -> None:
    world = worlds.make_world()
    client.force_login(reviewer)
    client.post(f"/sales/queue/{world.held.public_id}/read", {"version": "1"})
    reason = "The pain does not match what a VP does."
    body = {"version": 1, "tag": "weak_subject", "reason": reason}
    response = client.post(
        f"/api/emails/{world.held.public_id}/{path}", body, content_type="application/json"
    )
    assert world.held.unsubscribe_token not in response.content.decode()


def test_the_admins_page_of_decisions_does_not_show_it(client: Client, reviewer: User) -> None:
    world = worlds.make_world()
    client.force_login(reviewer)
    body = {"action": "approve_emails", "_selected_action": [world.held.pk]}
    page = client.post("/admin/approvals/approval/", body).content.decode()
    assert "Unsubscribe: http://localhost/u/…" in page
    assert world.held.unsubscribe_token not in page


def test_the_recipient_still_gets_it() -> None:
    world = worlds.make_world()
    assert world.held.text is not None
    assert f"/u/{world.held.unsubscribe_token}" in world.held.text.footer


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a.test/u/abcdefghijklmnop", "https://a.test/u/…"),
        ("https://a.test/u/abc-def_ghijklmnop.", "https://a.test/u/…."),
        (
            "<a href='http://a.test/u/abcdefghijklmnopqrst'>x</a>",
            "<a href='http://a.test/u/…'>x</a>",
        ),
        ("https://click.test/?to=https%3A%2F%2Fa.test%2Fu%2Fabcdefghijklmnop", None),
        ("HTTPS://A.TEST/U/ABCDEFGHIJKLMNOP", "HTTPS://A.TEST/U/…"),
        ("two /u/abcdefghijklmnop and /u/ponmlkjihgfedcba", "two /u/… and /u/…"),
        ("a page of theirs: https://b.test/u/anna", "a page of theirs: https://b.test/u/anna"),
        ("", ""),
    ],
)
def test_every_form_of_the_link_is_hidden(text: str, shown: str | None) -> None:
    expected = "https://click.test/?to=https%3A%2F%2Fa.test%2Fu%2F…" if shown is None else shown
    assert hide_personal_links(text) == expected
