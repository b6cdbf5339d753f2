"""What GoHighLevel shows: what counts, what is news to who approved, and the sentence."""

from datetime import UTC, datetime, timedelta

import pytest

from outreach.contact_history import ghl_findings
from outreach.contact_history.ghl_findings import Findings, FoundDeal

NOW = datetime(2026, 10, 10, 15, 0, tzinfo=UTC)
THIRD = datetime(2026, 10, 3, 15, 0, tzinfo=UTC)
PILOT, RENEWAL, THIRD_DEAL = (
    FoundDeal("opp_1", "Northline pilot"),
    FoundDeal("opp_2", "Renewal"),
    FoundDeal("opp_3", "Third"),
)
NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Findings(), ""),
        (Findings(outbound_at=THIRD), "GoHighLevel shows an email to them on Oct 3, 2026."),
        (Findings(inbound_at=THIRD), "GoHighLevel shows a message from them on Oct 3, 2026."),
        (Findings(deals=(PILOT,)), "GoHighLevel shows an open deal: Northline pilot."),
        (
            Findings(THIRD, THIRD, (PILOT,)),
            "GoHighLevel shows a message from them on Oct 3, 2026, an email to them on Oct 3, 2026 "
            "and an open deal: Northline pilot.",
        ),
        (
            Findings(deals=(PILOT, RENEWAL)),
            "GoHighLevel shows open deals: Northline pilot, Renewal.",
        ),
        (
            Findings(deals=(PILOT, RENEWAL, THIRD_DEAL)),
            "GoHighLevel shows open deals: Northline pilot, Renewal and 1 more.",
        ),
        (Findings(deals=(FoundDeal("o", ""),)), "GoHighLevel shows an open deal: without a name."),
        (
            Findings(deals=(FoundDeal("o", "A\n <b>\tB" + "x" * 99),)),
            "GoHighLevel shows an open deal: A <b> B" + "x" * 53 + ".",
        ),
        # The team's day, which is another one than in UTC.
        (
            Findings(outbound_at=datetime(2026, 10, 3, 2, 0, tzinfo=UTC)),
            "GoHighLevel shows an email to them on Oct 2, 2026.",
        ),
    ],
)
def test_what_is_found_is_said_in_one_sentence(found: Findings, said: str) -> None:
    assert ghl_findings.describe_findings(found, NEW_YORK) == said
    assert bool(found) == bool(said)


@pytest.mark.parametrize(("ago", "counts"), [(179, True), (180, True), (181, False)])
def test_an_email_to_them_counts_for_180_days(ago: int, counts: bool) -> None:
    at = NOW - timedelta(days=ago)
    assert ghl_findings.without_old_emails(Findings(outbound_at=at), NOW) == Findings(
        outbound_at=at if counts else None
    )


def test_inbound_messages_and_open_deals_never_expire() -> None:
    found = Findings(inbound_at=NOW - timedelta(days=2000), deals=(PILOT,))
    assert ghl_findings.without_old_emails(found, NOW) == found


@pytest.mark.parametrize(
    ("before", "now", "news"),
    [
        (Findings(), Findings(THIRD, THIRD, (PILOT,)), Findings(THIRD, THIRD, (PILOT,))),
        (Findings(THIRD, THIRD, (PILOT,)), Findings(THIRD, THIRD, (PILOT,)), Findings()),
        (Findings(THIRD, THIRD, (PILOT,)), Findings(), Findings()),
        (Findings(outbound_at=THIRD), Findings(outbound_at=NOW), Findings(outbound_at=NOW)),
        (Findings(inbound_at=NOW), Findings(inbound_at=THIRD), Findings()),
        (Findings(outbound_at=NOW), Findings(inbound_at=THIRD), Findings(inbound_at=THIRD)),
        (Findings(deals=(PILOT,)), Findings(deals=(PILOT, RENEWAL)), Findings(deals=(RENEWAL,))),
    ],
)
def test_only_what_nobody_saw_is_news(before: Findings, now: Findings, news: Findings) -> None:
    assert ghl_findings.newer_than_seen(now, before.as_seen()) == news


def test_where_nobody_saw_anything_all_of_it_is_news() -> None:
    found = Findings(THIRD, THIRD, (PILOT,))
    assert ghl_findings.newer_than_seen(found, {}) == found


def test_what_is_known_by_another_way_is_no_news_either() -> None:
    known = ghl_findings.with_known_facts(Findings(THIRD, None, (PILOT,)), NOW, ["opp_1", "opp_2"])
    assert known == Findings(THIRD, NOW, (PILOT, FoundDeal("opp_2", "")))
    assert ghl_findings.with_known_facts(Findings(inbound_at=NOW), THIRD, []) == Findings(
        inbound_at=NOW
    )
    assert ghl_findings.with_known_facts(Findings(), None, []) == Findings()
