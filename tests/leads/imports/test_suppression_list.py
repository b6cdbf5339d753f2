"""Lists as people and mailing tools keep them: spellings, encodings, and refusals by name."""

from pathlib import Path
from typing import Any

import pytest

from leads.imports import suppression_list
from leads.models import Suppression
from leads.suppression import suppression
from leads.suppression.suppression import find_stop
from tests.field_cases import FOLDER
from tests.leads.imports.import_helpers import command, file

pytestmark = pytest.mark.django_db


def stopped(*addresses: str) -> list[str]:
    return [stop.reason if (stop := find_stop(address)) else "" for address in addresses]


@pytest.mark.parametrize(
    ("name", "stops", "free", "said"),
    [
        ("supp_at", ["jane@widget-a.test", "x@mail.widget-a.test"], ["jane@widget-b.test"], ""),
        ("supp_star", ["jane@widget-b.test"], ["jane@widget-a.test"], ""),
        ("supp_sub", ["a@mail.widget-e.test", "a@widget-e.test"], [], "the whole domain"),
        ("supp_gh", ["a@acme.github.io"], ["a@other.github.io"], "github.io belongs to many"),
        ("supp_mailchimp", ["jane@widget-o.test"], ["jim@widget-o.test"], ""),
        ("supp_plus", ["jane+news@widget-n.test", "jane@widget-n.test"], ["j@widget-n.test"], ""),
        ("supp_utf16", ["jane@widget-p.test"], ["jim@widget-p.test"], ""),
    ],
)
def test_the_lists_of_the_field_stop_whom_they_mean(
    name: str, stops: list[str], free: list[str], said: str
) -> None:
    out, err = command("import_suppressions", FOLDER / f"{name}.csv")
    assert err == "" and said in out
    assert all(stopped(*stops)) and not any(stopped(*free))


@pytest.mark.parametrize(
    "text",
    [
        "Email Address,First Name\njane@w.test,Jane\n",
        "First Name;E-Mail\nJane;jane@w.test\n",
        "Company\tCompany Domain Name\nW\tw.test\n",
        "company,website\nW,https://www.w.test/\n",
        "sep=;\r\nemail;name\r\njane@w.test;Jane\r\n",
        "sep=\t\nemail\tname\njane@w.test\tJane\n",
        "Our customers\nas of today, all of them\n\nemail|name\njane@w.test|Jane\n",
        "email,name\n\"jane@w.test; jim@w.test\",both\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_customer_list_of_any_form_is_taken(tmp_path: Path, text: str, encoding: str) -> None:
    path = file(tmp_path, text.encode(encoding))
    out, err = command("import_suppressions", path, "--reason", "customer")
    assert err == "" and " new" in out
    assert stopped("jane@w.test", "jane@v.test") == ["customer", ""]


def test_a_customer_is_stopped_whole_and_an_unsubscribed_one_alone(tmp_path: Path) -> None:
    path = file(tmp_path, "email,website\njane@w.test,https://widget.test\n")
    command("import_suppressions", path, "--reason", "unsubscribed")
    assert stopped("jane@w.test", "jim@w.test", "jim@widget.test") == ["unsubscribed", "", ""]
    command("import_suppressions", path, "--reason", "customer")
    assert stopped("jim@widget.test") == ["customer"]


@pytest.mark.parametrize(
    ("header", "cell", "reason"),
    [
        ("UNSUB_TIME", "2026-11-01 10:00:00", "unsubscribed"),
        ("CLEAN_TIME", "2026-11-01 10:00:00", "bounced"),
        ("Reason", "Opt-out", "unsubscribed"),
        ("reason", "hard bounce", "bounced"),
        ("REASON", "Client", "customer"),
        ("reason", "do not contact", "manual"),
    ],
)
def test_a_reason_is_read_as_tools_write_it(
    tmp_path: Path, header: str, cell: str, reason: str
) -> None:
    assert (
        command("import_suppressions", file(tmp_path, f"Email,{header}\na@w.test,{cell}\n"))[1]
        == ""
    )
    assert stopped("a@w.test") == [reason]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("email\na@w.test\n", "has no column reason. Add it, or give one for all rows"),
        ("email,UNSUB_TIME\na@w.test,\n", "line 2: reason: it is empty"),
        ("value,reason\n*.acme.com,customer\n", "line 2: value: “*.acme.com” is a pattern"),
        ("value,reason\ncom,customer\n", "line 2: value: “com” is an ending of many"),
        ("value,reason\nabc,customer\n", "line 2: value: “abc”"),
        ("domain,reason\nhttps://fb.com/acme,customer\n", "line 2: domain: “https://"),
        ("email,reason\nj***@w.test,customer\n", "line 2: email: “j***@w.test” is a masked"),
        ("value,reason\n" + "a1" * 32 + ",customer\n", "is a hash"),
        ("value,reason\nok.test,customer\n\"b.test, *.acme.com\",customer\n", "line 3: value"),
    ],
)  # fmt: skip
def test_what_cannot_match_is_refused_and_nothing_is_stored(
    tmp_path: Path, text: str, said: str
) -> None:
    out, err = command("import_suppressions", file(tmp_path, text))
    assert out == "" or "stops" in out
    assert said in err
    assert not Suppression.objects.exists()


def test_rows_that_name_nobody_are_counted(tmp_path: Path) -> None:
    path = file(tmp_path, "email,name\na@w.test,A\n,B\n")
    out, _ = command("import_suppressions", path, "--reason", "customer")
    assert out == "2 suppressions read: 1 new, 0 known before. 1 name nobody.\n"


def test_each_spelling_of_an_erased_mailbox_is_marked() -> None:
    mark = suppression.erased_hash("ana@acme.example.com")
    Suppression.objects.create(scope="address_hash", value=mark, reason="erased", source="test")
    spelled = ["ana+one@acme.example.com", "ana@acme.example.com", "ana+two@acme.example.com"]
    others = ["", "eli@acme.example.com"]
    assert suppression.marked_among([*spelled, *others]) == set(spelled)

    text = "value,reason\n" + "".join(f"{one},manual\n" for one in [*spelled, *others[1:]])
    report = suppression_list.import_suppressions(text.encode(), "import")
    assert report.new == 1
    stored = Suppression.objects.filter(scope="address", reason="manual")
    assert list(stored.values_list("value", flat=True)) == others[1:]


def test_many_rows_are_stored_in_batches_of_one_transaction(
    django_assert_max_num_queries: Any,
) -> None:
    text = "value,reason\n" + "".join(f"p{n}@acme.example.com,manual\n" for n in range(1200))
    for new in (1200, 0):
        with django_assert_max_num_queries(40):
            assert suppression_list.import_suppressions(text.encode(), "import").new == new


@pytest.mark.parametrize(
    "head",
    [
        "Email,Name,Email,Reason",
        "Email Address,Name,email_address,Reason",
        "Work Email,Name,Work email,Reason",
        "Email,Name,E-Mail,Reason",
    ],
)
@pytest.mark.parametrize(
    ("cells", "stops"),
    [
        ("jane@w.test,Jane,,", ["unsubscribed", ""]),
        (",Jane,jane@w.test,", ["unsubscribed", ""]),
        ("jane@w.test,Jane,jim@w.test,", ["unsubscribed", "unsubscribed"]),
        ("jane@w.test,Jane,Jane@W.test,", ["unsubscribed", ""]),
    ],
)
def test_every_column_of_one_name_counts(head: str, cells: str, stops: list[str]) -> None:
    text = f"{head}\n{cells}unsubscribed\n"
    report = suppression_list.import_suppressions(text.encode(), "import")
    assert (report.new, report.known, report.nobody) == (len([*filter(None, stops)]), 0, 0)
    assert stopped("jane@w.test", "jim@w.test") == stops


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("email,reason,Reason\na@w.test,,bounced\n", ["bounced"]),
        ("email,reason,Reason\na@w.test,bounced,\n", ["bounced"]),
        ("email,reason,Reason\na@w.test,bounced,unsubscribed\n", ["bounced", "unsubscribed"]),
        ("email,UNSUB_TIME,CLEAN_TIME\na@w.test,2026-11-01,2026-11-01\n",
         ["bounced", "unsubscribed"]),
    ],
)  # fmt: skip
def test_every_reason_of_a_row_counts(text: str, reasons: list[str]) -> None:
    assert suppression_list.import_suppressions(text.encode(), "import").errors == []
    assert sorted(Suppression.objects.values_list("reason", flat=True)) == reasons


def test_of_two_expiries_the_later_counts() -> None:
    rows = "a@w.test,manual,2027-01-31,2027-06-30\nb@w.test,manual,,2027-02-01\n"
    text = f"email,reason,expires,Expires\n{rows}"
    suppression_list.import_suppressions(text.encode(), "import")
    ends = {row.value: row.expires_at for row in Suppression.objects.all()}
    days = {value: end.date().isoformat() for value, end in ends.items() if end}
    assert days == {"a@w.test": "2027-06-30", "b@w.test": "2027-02-01"}


@pytest.mark.parametrize(
    ("row", "notes"),
    [
        ("Jane,,unsubscribed,", [(2, suppression_list.NAMES_NOBODY)]),
        ("Jane,,,2026-11-01", [(2, suppression_list.NAMES_NOBODY)]),
        ("Jane,,,", []),
    ],
)
def test_a_reason_for_nobody_is_noted_by_line(row: str, notes: list[tuple[int, str]]) -> None:
    text = f"name,email,reason,UNSUB_TIME\n{row}\n"
    report = suppression_list.import_suppressions(text.encode(), "import", "customer")
    assert (report.nobody, report.notes, report.errors) == (1, notes, [])
    assert not Suppression.objects.exists()
