"""What DNS findings say, and the exact records to publish. Pure."""

import pytest

from metrics.health.dns_words import WORDS, change_tags, describe_finding, merge_spf
from metrics.integrations.dns_findings import FindingCode

DOMAIN = "mail.ours.example.com"
ARGUMENTS = {
    "text": "v=DMARC1; p=reject; pct=50; t=y",
    "texts": ["v=spf1 -all"],
    "location": DOMAIN,
    "selector": "k1",
    "lookups": 11,
    "bits": 512,
    "detail": "so and so",
    "tags": ["pct"],
}


@pytest.mark.parametrize("code", FindingCode)
def test_every_code_has_its_words(code: FindingCode) -> None:
    found = describe_finding({"code": code.value, **ARGUMENTS}, DOMAIN)
    assert found.code in WORDS
    assert found.says.endswith((".", "so and so"))
    assert "{" not in found.says + found.do


@pytest.mark.parametrize(
    ("code", "more", "name", "value"),
    [
        (
            "spf_several",
            {"texts": ["v=spf1 a -all", "v=spf1 include:x.test a ~all"]},
            DOMAIN,
            "v=spf1 a include:x.test ~all",
        ),
        ("spf_everybody", {"text": "v=spf1 a +all"}, DOMAIN, "v=spf1 a ~all"),
        ("dmarc_missing", {}, f"_dmarc.{DOMAIN}", f"v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}"),
        (
            "dmarc_testing",
            {"text": "v=DMARC1;p=reject;t=y;"},
            f"_dmarc.{DOMAIN}",
            "v=DMARC1; p=reject",
        ),
        (
            "dmarc_not_enforced",
            {"text": "v=DMARC1; p=none", "location": DOMAIN},
            f"_dmarc.{DOMAIN}",
            "v=DMARC1; p=quarantine",
        ),
        (  # inherited: what holds for a subdomain is sp
            "dmarc_not_enforced",
            {"text": "v=DMARC1; p=none", "location": "example.com"},
            "_dmarc.example.com",
            "v=DMARC1; p=none; sp=quarantine",
        ),
        (
            "dmarc_old_tags",
            {"text": "v=DMARC1; p=reject; pct=50; ri=60", "tags": ["pct", "ri"]},
            f"_dmarc.{DOMAIN}",
            "v=DMARC1; p=reject",
        ),
        (
            "dmarc_no_reports",
            {"text": "v=DMARC1; p=reject", "location": DOMAIN},
            f"_dmarc.{DOMAIN}",
            f"v=DMARC1; p=reject; rua=mailto:dmarc@{DOMAIN}",
        ),
    ],
)
def test_the_record_to_publish_is_exact(
    code: str, more: dict[str, object], name: str, value: str
) -> None:
    found = describe_finding({"code": code, **ARGUMENTS, **more}, DOMAIN).record
    assert found is not None
    assert (found.name, found.value, found.is_exact) == (name, value, True)


def test_what_only_ghl_knows_is_not_called_exact() -> None:
    found = describe_finding({"code": "dkim_missing", "selector": "k1"}, DOMAIN).record
    assert found is not None
    assert (found.name, found.is_exact) == (f"k1._domainkey.{DOMAIN}", False)
    assert describe_finding({"code": "spf_missing"}, DOMAIN).record.is_exact is False  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("code", "state"),
    [("spf_missing", "fail"), ("dkim_no_selectors", "not_known"), ("dmarc_testing", "alert")],
)
def test_unknown_is_neither_failing_nor_green(code: str, state: str) -> None:
    assert describe_finding({"code": code, **ARGUMENTS}, DOMAIN).state == state


def test_merging_keeps_an_ending_that_all_share() -> None:
    assert merge_spf(["v=spf1 a -all", "v=spf1 mx -all"]) == "v=spf1 a mx -all"
    assert merge_spf(["v=spf1 a", "v=spf1 mx"]) == "v=spf1 a mx ~all"
    assert change_tags("v=DMARC1; p=none", {"t": "", "p": "reject"}) == "v=DMARC1; p=reject"
