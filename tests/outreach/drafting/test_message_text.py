"""Who may write an email's text, hash, band and rank.

One module, so that no two writers disagree.
"""

import ast
from pathlib import Path

import pytest

from outreach.choices import Band
from outreach.drafting import message_text

ROOT = Path(__file__).parents[3]
APPS = ("leads", "outreach", "approvals", "metrics", "caio_project")
WRITER = Path("outreach/drafting/message_text.py")
COLUMNS = {"rank", "band"}
HASH_HOME = Path("outreach/content/email_footer.py")
WRITES = {"create", "update", "update_or_create", "get_or_create", "bulk_create", "move_message"}
WRITES |= {"claim_row", "hold_for_review", "SendStopped"}
OTHER_TABLES = ("EscalationLadder.objects.",)  # with a band of their own


def _breaches(source: str) -> list[str]:
    """What in `source` writes a text, its hash, or the columns of the priority."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr == "text_hash":
            found.append(node.attr)
        if isinstance(node, ast.ImportFrom):
            found += [name.name for name in node.names if name.name == "text_hash"]
        if isinstance(node, ast.Dict):
            found += [ast.unparse(key) for key in node.keys if key and ast.unparse(key) == "'rank'"]
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called.startswith("MessageText.objects.") and called.rpartition(".")[2] in WRITES:
            found.append(called)
        if called.rpartition(".")[2] in WRITES and not called.startswith(OTHER_TABLES):
            found += [f"{called}({k.arg})" for k in node.keywords if k.arg in COLUMNS]
    return found


def _modules() -> list[Path]:
    files = [path.relative_to(ROOT) for app in APPS for path in (ROOT / app).rglob("*.py")]
    return [path for path in files if path not in (WRITER, HASH_HOME)]


def test_one_module_writes_texts_and_priorities() -> None:
    breaches = {str(path): _breaches((ROOT / path).read_text()) for path in _modules()}

    assert {path: found for path, found in breaches.items() if found} == {}


@pytest.mark.parametrize(
    "source",
    [
        "MessageText.objects.create(message=m)",
        "email_footer.text_hash(a, b, c, d)",
        "rows.update(rank=1)",
        "Message.objects.create(lead=lead, band='hot')",
        "changes = {'rank': 0}",
    ],
)
def test_a_second_writer_is_found(source: str) -> None:
    assert _breaches(source) != []


@pytest.mark.parametrize("band", list(Band))
def test_a_reason_makes_every_band_most_urgent(band: Band) -> None:
    columns = message_text.priority_columns(band, "They have answered.")

    assert columns == {"band": band, "critical_reason": "They have answered.", "rank": 0}


def test_a_long_reason_is_cut_to_its_column() -> None:
    assert len(message_text.reason_columns(Band.LOW, "x" * 300)["critical_reason"]) == 200


@pytest.mark.parametrize(("band", "rank"), [("hot", 0), ("warm", 1), ("low", 2)])
def test_without_a_reason_the_band_ranks(band: str, rank: int) -> None:
    assert message_text.reason_columns(band, "") == {"critical_reason": "", "rank": rank}
