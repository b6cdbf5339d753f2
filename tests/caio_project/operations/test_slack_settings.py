"""What the settings of Slack may be, and what the diagnosis says of it."""

from typing import Any

import pytest

from caio_project import checks
from caio_project.operations import diagnosis
from leads.integrations import alarms

SECRET = "slack-secret-0123456789abcdef"


@pytest.mark.parametrize(
    ("settings_given", "named"),
    [
        ({"SLACK_SIGNING_SECRET": SECRET}, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": "x", "SLACK_SIGNING_SECRET": "short"}, "SLACK_SIGNING_SECRET"),
        ({"SLACK_BASE_URL": "http://slack.test/api/"}, "SLACK_BASE_URL"),
        ({"SLACK_BASE_URL": "http://["}, "SLACK_BASE_URL"),
        ({"DIGEST_AT": ["09:00", "9 am"]}, "DIGEST_AT"),
        ({"DIGEST_AT": ["09:00:30"]}, "DIGEST_AT"),
        ({"DAILY_DIGEST_AT": "noon"}, "DAILY_DIGEST_AT"),
        ({"WEEKLY_DIGEST_AT": "24:30"}, "WEEKLY_DIGEST_AT"),
        ({"WEEKLY_DIGEST_ON": "sunday"}, "WEEKLY_DIGEST_ON"),
    ],
)
def test_contradictions_are_refused_by_name(
    settings: Any, settings_given: dict[str, Any], named: str
) -> None:
    for name, value in settings_given.items():
        setattr(settings, name, value)
    assert {error.id for error in checks.check_configuration()} == {f"caio.{named}"}


def test_what_belongs_together_is_accepted(settings: Any) -> None:
    settings.SLACK_BOT_TOKEN, settings.SLACK_SIGNING_SECRET = "xoxb-x", SECRET
    settings.SLACK_BASE_URL, settings.DIGEST_AT = "http://127.0.0.1:9/api/", []
    assert checks.check_configuration() == []


def slack_stage() -> diagnosis.StageFinding:
    return next(one for one in diagnosis.diagnose_stages() if one.name == "Slack")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "secret", "email", "said"),
    [
        ("", "", "", "not connected: nobody is notified. Set SLACK_BOT_TOKEN, or EMAIL_URL"),
        ("", "", "smtp://x", "not connected: notices go by email"),
        ("xoxb", "", "", "notices only (without SLACK_SIGNING_SECRET nobody can decide there)"),
        ("xoxb", SECRET, "", "notices and decisions, in #sales-bot"),
    ],
)
def test_the_diagnosis_says_what_slack_is_used_for(
    settings: Any, token: str, secret: str, email: str, said: str
) -> None:
    settings.SLACK_BOT_TOKEN, settings.SLACK_SIGNING_SECRET = token, secret
    settings.EMAIL_URL = email
    found = slack_stage()
    assert found.ok and found.text.startswith(said)
    assert found.state == ("works" if token else "not set up")


@pytest.mark.django_db
def test_the_diagnosis_says_what_to_mend(settings: Any) -> None:
    alarms.raise_alarm("slack", "Slack: The app is not in #sales-bot.")
    found = slack_stage()
    assert (found.ok, found.text) == (False, "Slack: The app is not in #sales-bot.")
