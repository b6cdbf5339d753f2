"""Numbers of employees, times, addresses and past employers, as vendors and spreadsheets write
them.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.field_values import addresses, employee_counts, times, work_history
from leads.field_values.times import DayOrder
from leads.field_values.work_history import PastJob


@pytest.mark.parametrize(
    ("text", "lower"),
    [
        ("312", 312),
        ("312.0", 312),
        ("0", 0),
        ("51-200", 51),
        ("11 to 50", 11),
        ("between 51 and 200", 51),
        ("about 40 people", 40),
        ("~300", 300),
        ("> 500", 500),
        ("500 or more", 500),
        ("1,001-5,000", 1001),
        ("5,000+", 5000),
        ("5000+", 5000),
        ("10,001+ employees", 10001),
        ("1K-5K employees", 1000),
        ("10K+", 10000),
        ("1.2K", 1200),
        ("1,2k", 1200),
        ("2.5 thousand", 2500),
        ("1.5 million", 1_500_000),
        ("2 mio", 2_000_000),
        ("3MM", 3_000_000),
        ("3m", 3_000_000),
        ("2 tsd", 2000),
        ("5 mil", 5000),
        ("1-5K", 1),
        ("1.001-5.000", 1001),
        ("10.000+", 10000),
        ("1.200", 1200),
        ("1.234.567", 1234567),
        ("1\u2009001-5\u2009000", 1001),
        ("1\u202f001\u20135\u202f000", 1001),
        ("1 001-5 000", 1001),
        ("1'001-5'000", 1001),
        ("1,5", 1),
        ("Nov-50", 11),
        ("02-Oct", 2),
        ("10-Feb", 2),
        ("2-Okt", 2),
        ("Jan-10", 1),
        ("2026-01-10", 1),
        ("2026-10-02", 2),
        ("2026-01-10 00:00:00", 1),
        ("1950-11-01", 11),
        ("11/1/1950", 11),
        ("1/10/2026", 1),
        ("10.02.2026", 2),
        ("[11, 50]", 11),
        ('{"min": 11, "max": 50}', 11),
        ("Self-employed", 1),
        ("Myself Only", 1),
        ("under 50", 0),
        ("<50", 0),
        ("up to 100", 0),
        ("fewer than 500", 0),
        ("weniger als 50", 0),
        ("$48M", None),
        ("48 Mio. EUR", None),
        ("€2.5 million", None),
        ("12 %", None),
        ("-1", None),
        ("unknown", None),
        ("", None),
        ("9" * 12, None),
        ("9" * 400, None),
        ("99,999,999", 99_999_999),
        ("100,000,000", None),
        ("9" * 7 + "M", None),
        ("Monday 5", 5),
    ],
)
def test_a_number_of_employees_counts_by_its_lower_end(text: str, lower: int | None) -> None:
    assert employee_counts.lower_end(text) == lower


NOON = datetime(2026, 11, 24, 15, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-24T15:04:00Z", NOON),
        ("2026-11-24 15:04:00 UTC", NOON),
        ("2026-11-24 15:04 GMT", NOON),
        ("2026-11-24T15:04:00.00+00.00", NOON),
        ("2026-11-24T17:04:00 +0200", NOON),
        ("2026-11-24 3:04 PM", NOON),
        ("11/24/2026 15:04", NOON),
        ("11/24/2026 3:04 PM", NOON),
        ("11/24/26 3:04pm", NOON),
        ("24/11/2026 15:04", NOON),
        ("24.11.2026 15:04", NOON),
        ("24.11.2026, 15:04:00", NOON),
        ("2026/11/24 15:04", NOON),
        ("Nov 24, 2026 3:04 PM", NOON),
        ("November 24, 2026 at 3:04 PM", NOON),
        ("24 Nov 2026 15:04", NOON),
        ("Tue, 24 Nov 2026 15:04:00 GMT", NOON),
        ("1795532640", NOON),
        ("1795532640000", NOON),
        ("1795532640000000", NOON),
        ("46350.5", datetime(2026, 11, 24, 12, tzinfo=UTC)),
        ("46350", datetime(2026, 11, 24, tzinfo=UTC)),
        ("46350.62", datetime(2026, 11, 24, 14, 52, 48, tzinfo=UTC)),
        ("46350.625", datetime(2026, 11, 24, 15, tzinfo=UTC)),
        ("20261124", datetime(2026, 11, 24, tzinfo=UTC)),
        ("24-Nov-26", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2-Nov-26", datetime(2026, 11, 2, tzinfo=UTC)),
        ("24-Nov-2026 15:04", NOON),
        ("24-Nov-26 3:04 PM", NOON),
        ("24-November-2026 15:04 UTC", NOON),
        ("24 Nov 26 15:04", NOON),
        ("24-Nov", None),
        ("31-Nov-26", None),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("11/24/2026", datetime(2026, 11, 24, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("3", None),
        ("99999999999999", None),
        ("2026-13-45T99:99:99", None),
        ("13/13/2026", None),
        ("11/24/2026 27:99", None),
        ("11/24/0026", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("1970-01-01T00:00:00Z", None),
        ("12345", None),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        ("1999-12-31T23:59:59Z", None),
        ("2099-12-31T23:59:59Z", datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2100-01-01T00:00:00Z", None),
        ("946684800", datetime(2000, 1, 1, tzinfo=UTC)),
        ("946684799", None),
        ("36526", datetime(2000, 1, 1, tzinfo=UTC)),
        ("36525", None),
    ],
)
def test_a_moment_is_read_in_any_form(text: str, at: datetime | None) -> None:
    assert times.read_time(text) == at


@pytest.mark.parametrize(
    ("text", "day_first", "month_first"),
    [
        ("11/08/2026 09:00", "2026-08-11", "2026-11-08"),
        ("11-08-26", "2026-08-11", "2026-11-08"),
        ("13/08/2026", "2026-08-13", None),
        ("8/13/2026 3:04 PM", None, "2026-08-13"),
        ("08/08/2026", "2026-08-08", "2026-08-08"),
        ("11.08.2026", "2026-08-11", "2026-08-11"),
        ("2026-08-11T09:00:00Z", "2026-08-11", "2026-08-11"),
        ("2-Nov-26", "2026-11-02", "2026-11-02"),
        ("46350.5", "2026-11-24", "2026-11-24"),
        ("31/02/2026", None, None),
        ("11/08/2026 27:99", None, None),
        ("soon", None, None),
    ],
)
def test_a_date_is_read_in_the_order_that_is_given(
    text: str, day_first: str | None, month_first: str | None
) -> None:
    said = {DayOrder.DAY_FIRST: day_first, DayOrder.MONTH_FIRST: month_first}
    for order, day in said.items():
        at = times.read_time(text, order)
        assert (at.date().isoformat() if at else None) == day
    matters = day_first != month_first
    assert times.possible_orders(text) == {one for one, day in said.items() if day and matters}


@pytest.mark.parametrize(
    ("cell", "address", "others", "masked"),
    [
        ("dana@acme.com", "dana@acme.com", (), False),
        ("Dana+rb2b@Acme.COM", "dana+rb2b@acme.com", (), False),
        ("o'neil@acme.com", "o'neil@acme.com", (), False),
        ("dana@acme.com; d@acme.com", "dana@acme.com", ("d@acme.com",), False),
        ("dana@acme.com, d@acme.com", "dana@acme.com", ("d@acme.com",), False),
        (
            "dana@acme.com / d@acme.com | e@acme.com",
            "dana@acme.com",
            ("d@acme.com", "e@acme.com"),
            False,
        ),
        ("dana@acme.com dana@acme.com", "dana@acme.com", (), False),
        ("Dana Okafor <dana@acme.com>", "dana@acme.com", (), False),
        ("mailto:Dana@acme.com", "dana@acme.com", (), False),
        ("Email: dana@acme.com.", "dana@acme.com", (), False),
        ("dana@acme.com (work)", "dana@acme.com", (), False),
        ("['dana@acme.com']", "dana@acme.com", (), False),
        ('[{"email": "dana@acme.com"}]', "dana@acme.com", (), False),
        ("d***@acme.com, dana@acme.com", "dana@acme.com", (), False),
        ("d***@acme.com", "", (), True),
        ("d•••@acme.com", "", (), True),
        ("d...@acme.com", "", (), True),
        ("xxxxx@acme.com", "", (), True),
        ("dana@****.com", "", (), True),
        ("[email protected]", "", (), True),
        ("[email&#160;protected]", "", (), True),
        ("not an address", "", (), False),
        ("dana@", "", (), False),
        ("", "", (), False),
    ],
)
def test_a_cell_gives_its_first_whole_address(
    cell: str, address: str, others: tuple[str, ...], masked: bool
) -> None:
    assert addresses.read_address(cell) == addresses.AddressCell(address, others, masked)


@pytest.mark.parametrize(
    ("value", "jobs"),
    [
        (["Acme", "Beta"], [PastJob("Acme"), PastJob("Beta")]),
        ('["Acme", "Beta"]', [PastJob("Acme"), PastJob("Beta")]),
        ("Acme, Inc.; Beta", [PastJob("Acme, Inc"), PastJob("Beta")]),
        ("VP Sales at Acme (2015 - 2019)", [PastJob("Acme", "", 2015, 2019)]),
        ("CRO @ Beta (Jan 2015 – Present)", []),
        ([{"company": "Acme", "start": "2015-03-01", "end": "2019"}],
         [PastJob("Acme", "", 2015, 2019)]),
        ([{"company": {"name": "Acme", "domain": "acme.com"}, "title": "VP"}],
         [PastJob("Acme", "acme.com")]),
        ([{"Company Name": "Acme", "Website": "https://www.acme.com"}],
         [PastJob("Acme", "acme.com")]),
        ([{"Company": "Acme", "company": "", "Start": "2015", "start": None}],
         [PastJob("Acme", "", 2015)]),
        ([{"name": "", "company": {"name": "Acme"}}], [PastJob("Acme")]),
        ([{"name": "Acme", "from_year": 2015, "to_year": 2019}], [PastJob("Acme", "", 2015, 2019)]),
        ([{"name": "Acme", "starts_at": {"year": 2015}}], [PastJob("Acme", "", 2015)]),
        ([{"name": "Acme", "dates": "Mar 2015 - Feb 2019"}], [PastJob("Acme", "", 2015, 2019)]),
        ([{"name": "Acme", "is_current": True}, {"name": "Beta", "end": "Present"}], []),
        ([{"name": "Acme", "website": "https://facebook.com/acme"}], [PastJob("Acme")]),
        ({"name": "Acme"}, [PastJob("Acme")]),
        (["", None, 7, {}, {"title": "VP"}, "none"], []),
        (7, []),
        (None, []),
        ("[[[", [PastJob("[[[")]),
    ],
)  # fmt: skip
def test_past_employers_are_read_in_any_shape(value: Any, jobs: list[PastJob]) -> None:
    assert list(work_history.read_work_history(value)) == jobs


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    assert (employee_counts.lower_end(text) or 0) >= 0
    at = times.read_time(text)
    assert at is None or at.tzinfo is UTC
    assert times.possible_orders(text) <= set(DayOrder)
    assert isinstance(addresses.read_address(text).address, str)
    work_history.read_work_history(text)
