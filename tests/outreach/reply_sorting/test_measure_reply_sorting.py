"""The command that says how well replies are sorted."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from outreach.models import Reply, ReplyText
from tests import factories

STOP = {
    "label": "stop",
    "language": "en",
    "subject": "Re: AI",
    "body": "Please remove me from your list.",
}
MISSED = {
    "label": "positive",
    "language": "en",
    "subject": "Re: AI",
    "body": "Not interested in this.",
}


def run(*args: str) -> str:
    out = StringIO()
    call_command("measure_reply_sorting", *args, stdout=out)
    return out.getvalue()


def document(*args: str) -> dict[str, Any]:
    return json.loads(run(*args, "--json"))


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = tmp_path / "replies.jsonl"
    path.write_text("\n".join(map(json.dumps, [STOP, MISSED])))
    return str(path)


def corrected(body: str, to: str) -> Reply:
    reply = Reply.objects.create(
        ghl_message_id=body,
        lead=factories.LeadFactory(),
        received_at=timezone.now(),
        source="poll",
        sorted_as="question",
        corrected_to=to,
    )
    ReplyText.objects.create(reply=reply, subject="Re: AI", body=body, said=body)
    return reply


def test_a_file_is_measured(path: str) -> None:
    found = document(path)
    assert (found["replies"], found["right"], found["sure"], found["sure_right"]) == (2, 1, 2, 1)
    assert found["confusion"]["positive"]["negative"] == 1
    assert found["kinds"][0] == {
        "kind": "positive",
        "labelled": 1,
        "sorted_as": 0,
        "right": 0,
        "precision": None,
        "recall": 0.0,
    }
    assert "wrong" not in found


def test_tables_say_the_same(path: str) -> None:
    printed = run(path)
    assert "2 replies, 1 sorted rightly; sure of 2, 1 of them rightly" in printed
    assert "no data" in printed
    assert "Not interested" not in printed


def test_what_is_wrong_is_shown_when_asked_for(path: str) -> None:
    assert "Not interested in this." in run(path, "--wrong")
    assert document(path, "--wrong")["wrong"][0]["words"] == ["Not interested"]


def test_without_a_file_the_corrections_are_measured(db: None) -> None:
    corrected("Please remove me from your list.", "stop")
    corrected("Somebody looked and left it.", "")
    corrected("Erased meanwhile.", "negative").text.delete()
    found = document()
    assert (found["replies"], found["right"]) == (1, 1)
    assert run("--lines").splitlines() == [
        json.dumps(
            {
                "label": "stop",
                "language": "",
                "subject": "Re: AI",
                "body": "Please remove me from your list.",
            }
        )
    ]


def test_lines_can_be_read_again(db: None, tmp_path: Path) -> None:
    corrected("Remove me.\nÜber alles.", "stop")
    again = tmp_path / "again.jsonl"
    again.write_text(run("--lines"))
    assert document(str(again))["replies"] == 1


def test_nothing_to_measure_is_said(db: None) -> None:
    assert document()["replies"] == 0
    assert "0 replies" in run()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        run(str(tmp_path / "none.jsonl"))
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"label": "maybe"}')
    with pytest.raises(CommandError, match=r"bad.jsonl: line 1: language must be a text\."):
        run(str(bad))
