"""Aggregate reports of both schemas, and whatever else arrives at such an address. Pure."""

from datetime import UTC, datetime

import pytest

from metrics.integrations.dmarc_xml import SourceRow, UnreadableReport, read_report
from tests.metrics.integrations.dmarc_files import RFC_9990, report, row


@pytest.mark.parametrize(
    ("schema", "policy"), [("", {"p": "reject"}), (RFC_9990, {"p": "reject", "testing": "y"})]
)
def test_both_schemas_are_read(schema: str, policy: dict[str, str]) -> None:
    rows = row(signed="Bulk.Example.net", disposition="quarantine", dkim="fail"), row("2001:DB8::7")
    found = read_report(report(*rows, schema=schema))
    assert (found.organisation, found.report_id, found.domain, found.policy) == (
        "receiver.test",
        "r-1",
        "ours.example.com",
        policy,
    )
    assert found.begins_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert found.messages == 20
    assert found.rows == (
        SourceRow(
            "192.0.2.7", 10, False, True, "quarantine", "ours.example.com", "bulk.example.net"
        ),
        SourceRow("2001:db8::7", 10, True, True, "none", "ours.example.com", ""),
    )


def test_a_prefix_of_the_namespace_is_read_too() -> None:
    raw = report(schema=RFC_9990.replace("xmlns", "xmlns:d"))
    raw = raw.replace(b"<feedback", b"<d:feedback").replace(b"</feedback", b"</d:feedback")
    assert read_report(raw).messages == 10


def test_a_report_without_rows_is_a_report() -> None:
    assert read_report(report("<!-- none -->")).messages == 0


BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><feedback>&b;</feedback>"""
OUTSIDE = b"""<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback>&x;</feedback>"""


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "It is not XML: "),
        (b"PK", "It is not XML: "),
        (report()[:300], "It is not XML: "),
        (report().replace(b"UTF-8", b"x-nothing"), "It is not XML: "),
        (b"<html></html>", "It is no aggregate report: it begins with <html>."),
        (BOMB, "It has a document type or entities, which no report needs."),
        (OUTSIDE, "It has a document type or entities, which no report needs."),
        (b"<a>" * 50 + b"</a>" * 50, "It is nested too deep."),
        (b"<feedback></feedback>", "report_metadata: it is missing."),
        (report(org=""), "org_name: it is missing."),
        (report(id="x" * 301), "report_id: it is longer than 300 characters."),
        (report(domain=""), "domain: it is missing."),
        (report(begin="soon"), "begin: 'soon' is no number that can be."),
        (report(end="9" * 15), "end: '999999999999999' is no number that can be."),
        (report(row(), row(ip="300.1.1.1")), "record 2, source_ip: '300.1.1.1' is no address."),
        (report(row(count=-1)), "record 1, count: '-1' is no number that can be."),
        (report(row(count="²")), "record 1, count: '²' is no number that can be."),
        (report(row(), "<record/>"), "record 2, row: it is missing."),
        (report(*["<record/>"] * 100_001), "record: there are more than 100,000."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_anything_else_is_refused_by_the_field(raw: bytes, says: str) -> None:
    with pytest.raises(UnreadableReport) as refused:
        read_report(raw)
    assert str(refused.value).startswith(says)


def test_a_signature_that_failed_names_no_sender() -> None:
    raw = report(row(signed="Bulk.Example.net")).replace(b"<result>pass", b"<result>fail")

    assert read_report(raw).rows[0].signed_by == ""
