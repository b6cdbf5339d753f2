"""What every command promises: exit codes in its help, JSON where it is asked for, a wrong file."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command, get_commands, load_command_class

from leads.models import InboundEvent
from outreach.control import phase
from outreach.models import Control, Message, Segment
from tests import factories

OUR_APPS = ("caio_project", "caio_project.privacy", "leads", "outreach", "approvals", "metrics")
OURS = sorted(name for name, app in get_commands().items() if app in OUR_APPS)


@pytest.mark.parametrize("name", OURS)
def test_help_says_what_exit_codes_mean(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    said = " ".join(command.create_parser("manage.py", name).format_help().split())
    assert re.search(r"[Ee]xit code:? [01]", said), said[-300:]


def test_every_command_of_ours_is_looked_at() -> None:
    assert len(OURS) >= 26 and {"halt_sending", "run", "validate_phase"} <= set(OURS)


def run_json(name: str, *args: str) -> Any:
    out = StringIO()
    call_command(name, *args, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.django_db
def test_halting_and_resuming_print_json(lead_user: User) -> None:
    args = ("--as", lead_user.username, "--reason", "wrong footer")
    first = run_json("halt_sending", *args)
    assert (first["halted"], first["was_halted"], first["reason"]) == (True, False, "wrong footer")
    again = run_json("halt_sending", "--as", lead_user.username, "--reason", "another reason")
    assert (again["was_halted"], again["reason"]) == (True, "wrong footer")
    assert run_json("resume_sending", *args) == {"halted": False}
    assert not phase.is_halted(Control.objects.get())


@pytest.mark.django_db
def test_changes_of_the_phase_print_json(lead_user: User) -> None:
    args = ("--as", lead_user.username, "--reason", "for a test of this")
    assert run_json("demote_phase", *args)["phase"] == "shadow"


WRONG_FILES = {
    "empty": "",
    "head alone": "email,linkedin_url,list email,value\n",
    "blank lines": "\n\n\n",
}


@pytest.mark.django_db
@pytest.mark.parametrize("content", WRONG_FILES.values(), ids=WRONG_FILES.keys())
@pytest.mark.parametrize(
    "command", ["import_visitors", "import_history", "queue_segment", "measure_reply_sorting"]
)
def test_a_wrong_file_is_refused_by_name(
    tmp_path: Path, lead_user: User, command: str, content: str
) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text(content)
    factories.LeadFactory()
    args = {
        "queue_segment": ("--input", str(file), "--as", lead_user.username, "--confirm", "0")
    }.get(command, (str(file),))
    out = StringIO()
    with pytest.raises(CommandError, match=r"wrong\.csv"):
        call_command(command, *args, stdout=out, stderr=out)
    assert "0 of 0" not in out.getvalue()
    assert not Message.objects.exists() and not Segment.objects.exists()
    assert not InboundEvent.objects.exists()


@pytest.mark.django_db
def test_a_list_without_addresses_says_which_columns_it_needs(
    tmp_path: Path, lead_user: User
) -> None:
    file = tmp_path / "deals.csv"
    file.write_text("deal,value\nBig one,90\nSmall one,9\n")
    with pytest.raises(CommandError, match=r"deals\.csv: .*no column email or linkedin_url"):
        call_command("queue_segment", "--input", str(file), "--as", lead_user.username)
    assert not Segment.objects.exists()


@pytest.mark.parametrize("url", ["caio.example.com", "ftp://caio.example.com", "/sales"])
def test_check_of_a_deployment_wants_an_address(url: str) -> None:
    with pytest.raises(CommandError, match="Nothing was asked"):
        call_command("verify_deployment", url)
