"""The report on paper: one page A4, whatever there is to say."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext

from metrics.gates import gate_evaluation
from metrics.models import Incident
from outreach.choices import Phase
from outreach.control import phase
from tests.conftest import person

pytestmark = [pytest.mark.browser]
A4 = (595, 842)  # points


def pages_of(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of each page, in points."""
    boxes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)\s*\]", pdf)
    assert len(boxes) == len(re.findall(rb"/Type\s*/Page\b", pdf))
    return [(round(float(width)), round(float(height))) for width, height in boxes]


def fill(target: Phase) -> None:
    lead = person("lena", "Lead")
    if target == Phase.AUTONOMOUS:
        phase.change_phase(Phase.ASSISTED, by=lead, reason="Every gate passed.", override=True)
    gate_evaluation.record_daily_evaluation()
    for number in range(12):
        Incident.objects.create(
            cause="silent_source", subject=f"source-{number}", opened_at=timezone.now()
        )


@pytest.mark.parametrize("target", [Phase.ASSISTED, Phase.AUTONOMOUS])
def test_the_report_is_one_page_a4(context: BrowserContext, target: Phase, tmp_path: Path) -> None:
    fill(target)
    page = context.new_page()
    page.goto("/sales/report")
    page.locator(".report h1").wait_for()
    pdf = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert pages_of(pdf) == [A4]
    page.emulate_media(media="print")
    assert page.locator(".sign").is_visible()
    for hidden in ("form", ".bar", ".banner", ".foot"):
        assert not page.locator(hidden).first.is_visible(), hidden


def test_a_pdf_of_two_pages_would_be_noticed(browser: Browser, tmp_path: Any) -> None:
    page = browser.new_page()
    page.set_content("<p style='break-after:page'>a</p><p>b</p>")
    assert len(pages_of(page.pdf())) == 2
    page.close()
