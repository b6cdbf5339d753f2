"""Commands in every page for people run as they are written, or are listed here with why not."""

import argparse
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings as project_settings
from django.core.management import call_command, get_commands, load_command_class

from leads.models import InboundEvent
from tests.caio_project.test_command_help import OURS
from tests.caio_project.test_env_example import explained
from tests.conftest import TOKEN

ROOT = Path(project_settings.BASE_DIR)
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "tests/README.md",
         *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))  # fmt: skip
DJANGOS = ("migrate", "collectstatic", "createsuperuser", "check", "makemigrations", "spectacular")
CALLED = re.compile(r"(?:manage\.py|caio-manage) (\w+(?: .*)?)$")  # the second: on Linux
PLACEHOLDER = re.compile(r"…|<\w+>|[A-Z][A-Z_0-9]*|YOUR-[A-Z-]+")

# Run on the database of the tests: they read, or say what they would do.
READ_ONLY = {
    "validate_phase --target assisted": (0, 1, 2),
    "verify_evaluations": (0,),
    "diagnose_pipeline": (0, 1),
    "measure_reply_sorting": (0, 1, 2),
    "purge_old_data --dry-run": (0,),
    "replay_events --parked --dry-run": (0,),
    "send_digest --weekly --dry-run": (0,),
}
# First words of lines that are not run here, and why.
NOT_RUN = {
    "apt-get": "changes the machine",
    "adduser": "changes the machine",
    "install": "changes the machine",
    "su": "makes a database of the machine",
    "git": "needs the reader's repository",
    "python3": "makes an environment; .ci/prepare does the same in every run",
    "pip": "installs packages; .ci/prepare does the same in every run",
    "sed": "changes /etc",
    "set": "reads /etc/caio.env",
    "ln": "changes /srv",
    "cp": "changes /etc",
    "RELEASE": "names a folder of the reader's",
    "systemctl": "needs systemd",
    "nginx": "needs the site in /etc; the site itself is tested in test_nginx",
    "15": "a line of crontab; its command is parsed as others",
    "bash": ".ci/run runs these tests",
}
# Blocks that are no commands: of which page, and what they are.
OTHER_LANGUAGES = {
    "docs/slack.md": "Slack's manifest in YAML",
    "docs/watching.md": "Prometheus' configuration in YAML, beside commands",
}


@dataclass(frozen=True)
class Written:
    page: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}: {self.text}"


def block_lines(page: str) -> Iterator[str]:
    """Lines of indented and fenced blocks, continued ones joined."""
    fence, before, is_block, joined = "", "", False, ""
    for line in (ROOT / page).read_text().splitlines():
        if line.strip().startswith("```"):
            fence = "" if fence else line.strip()
            continue
        is_block = line.startswith("    ") and bool(line.strip()) and (is_block or not before)
        before = line.strip() if not is_block else ""
        if not (is_block or fence) or "mermaid" in fence:
            continue
        joined += line.removesuffix("\\")
        if not line.endswith("\\") and not is_open(joined):
            yield joined.strip()
            joined = ""


def is_open(text: str) -> bool:
    """Whether a quotation of the shell goes on in the next line."""
    try:
        shlex.split(text)
    except ValueError:
        return text.lstrip().startswith("curl")
    return False


def inline_spans(page: str) -> Iterator[str]:
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(), flags=re.M | re.S)
    for span in re.findall(r"`([^`]+)`", text):
        yield " ".join(span.replace("\\|", "|").split())


def management_commands() -> list[Written]:
    """What is called, and spans that begin with a command of ours and have arguments."""
    found = set()
    for page in PAGES:
        for text in (*block_lines(page), *inline_spans(page)):
            called = CALLED.search(text.rstrip(")") if text.startswith("(") else text)
            words = (called[1] if called else text).split(" ")
            if called or (words[0] in OURS and len(words) > 1):
                found.add(Written(page, " ".join(words)))
    return sorted(found, key=str)


COMMANDS = management_commands()


def variants(text: str) -> list[str]:
    """Without and with what is optional, and each of the alternatives."""
    name = text.split(" ")[0]
    tails = [tail if n == 0 else f"{name} {tail}" for n, tail in enumerate(text.split(" | "))]
    found = []
    for tail in tails:
        for one in (re.sub(r"\[[^\]]*\]", "", tail), re.sub(r"[\[\]]", "", tail)):
            found += expanded(one)
    return found


def expanded(text: str) -> list[str]:
    choices = re.search(r"\S+\|\S+", text)
    if choices is None:
        return [text]
    each = [text.replace(choices[0], part, 1) for part in choices[0].split("|")]
    return [one for found in each for one in expanded(found)]


def filled(parser: argparse.ArgumentParser, words: list[str]) -> list[str]:
    """Placeholders replaced by what the parser takes there."""
    by_option = {name: action for action in parser._actions for name in action.option_strings}
    found: list[str] = []
    for word in words:
        option, is_joined, value = word.partition("=")
        if not PLACEHOLDER.fullmatch(value if is_joined else word):
            found.append(word)
            continue
        action = by_option.get(option if is_joined else (found[-1] if found else ""))
        choices = list(action.choices) if action and action.choices else []
        new = str(choices[0]) if choices else "1"
        found.append(f"{option}={new}" if is_joined else new)
    return found


@pytest.mark.parametrize("written", COMMANDS, ids=str)
def test_a_command_is_one_and_takes_these_arguments(written: Written) -> None:
    for text in variants(written.text):
        name, *words = shlex.split(text)
        assert name in OURS or name in DJANGOS, f"{written}: there is no command {name}"
        parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
        parser.exit_on_error = False
        try:
            parser.parse_args(filled(parser, words))
        except (SystemExit, Exception) as error:
            pytest.fail(f"{written}: {error}")


def test_there_are_commands_to_look_at() -> None:
    assert len(COMMANDS) > 60
    assert any("create_api_key" in one.text for one in COMMANDS)


@pytest.mark.parametrize("text", READ_ONLY, ids=str)
def test_what_only_reads_runs_as_written(text: str, db: None) -> None:
    assert any(text in variant for one in COMMANDS for variant in variants(one.text)) or any(
        text in span for page in PAGES for span in inline_spans(page)
    ), f"no page has {text}: run what is written"
    code: Any = 0
    try:
        call_command(*shlex.split(text), stdout=StringIO())
    except SystemExit as ended:
        code = ended.code
    assert (code or 0) in READ_ONLY[text]


@pytest.mark.parametrize("page", PAGES)
def test_targets_of_make_exist(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    there = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    lines = " ; ".join([*block_lines(page), *inline_spans(page)])

    assert set(re.findall(r"(?<![\w-])make ([a-z-]+)", lines)) - there == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_line_of_a_block_is_run_or_listed_with_why_not(page: str) -> None:
    unknown = []
    for line in block_lines(page):
        first = line.split(" ")[0].split("=")[0].removeprefix(".venv/bin/")
        is_setting = re.match(r"[A-Z_0-9]+=", line)
        if is_setting and first in explained():
            continue
        if CALLED.search(line) or first in ("make", "curl") or first in NOT_RUN:
            continue
        if page not in OTHER_LANGUAGES:
            unknown.append(line)

    assert unknown == []


def test_the_visitor_of_the_readme_arrives(committed: None, live_server: Any) -> None:
    (line,) = [one for one in block_lines("README.md") if one.startswith("curl")]
    words = shlex.split(line)
    address = next(word for word in words if word.startswith("http"))
    address = address.replace("http://127.0.0.1:8000", live_server.url).replace("YOUR_TOKEN", TOKEN)

    answer = requests.post(
        address,
        data=words[words.index("-d") + 1].encode(),
        headers={"Content-Type": "application/json"},
        timeout=60,
    )

    assert (answer.status_code, answer.json()["status"]) == (200, "stored")
    assert InboundEvent.objects.get().source == "rb2b"
