"""DMARC aggregate reports: imported once each, and what they say together of a domain."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Max, Min, Q, Sum

from leads import normal
from metrics.integrations import dmarc_xml, report_files
from metrics.integrations.dmarc_xml import AggregateReport
from metrics.integrations.host_names import HostNames
from metrics.models import DmarcReport, DmarcSource

SHOWN_SINCE = timedelta(days=30)
SHOWN_SOURCES = 30
NOT_NAMED = ""
UNREADABLE = (dmarc_xml.UnreadableReport, report_files.UnreadableFile)


@dataclass
class ImportOutcome:
    """What became of the files. `errors` are (file, sentence)."""

    files: int = 0
    new: int = 0
    known: int = 0
    messages: int = 0
    domains: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[str, str]] = field(default_factory=list)


def import_reports(
    paths: list[Path], *, with_names: bool = True, advance: Callable[[int], None] = lambda _: None
) -> ImportOutcome:
    """Import each report once by its organisation and id. A broken file stops no other."""
    outcome = ImportOutcome(files=len(paths))
    names = HostNames() if with_names else None
    for path in paths:
        try:
            for name, raw in report_files.unpack(path):
                _import_one(name, raw, names, outcome)
        except UNREADABLE as error:
            outcome.errors.append((path.name, str(error)))
        advance(1)
    return outcome


def _import_one(name: str, raw: bytes, names: HostNames | None, outcome: ImportOutcome) -> None:
    try:
        report = dmarc_xml.read_report(raw)
        is_new = store_report(report, names)
    except dmarc_xml.UnreadableReport as error:
        outcome.errors.append((name, str(error)))
        return
    except (DatabaseError, ValueError) as error:  # of this file alone, such as a zero byte
        outcome.errors.append((name, f"It cannot be stored: {type(error).__name__}."))
        return
    outcome.new += is_new
    outcome.known += not is_new
    outcome.messages += report.messages if is_new else 0
    outcome.domains[report.domain] += 1


def store_report(report: AggregateReport, names: HostNames | None = None) -> bool:
    """False where it was imported before."""
    found = {"organisation": report.organisation, "report_id": report.report_id}
    if DmarcReport.objects.filter(**found).exists():
        return False
    owners = {row.address: names.owner_of(row.address) for row in report.rows} if names else {}
    with transaction.atomic():
        row, is_new = DmarcReport.objects.get_or_create(
            **found,
            defaults={
                "domain": report.domain,
                "begins_at": report.begins_at,
                "ends_at": report.ends_at,
                "messages": report.messages,
                "policy": report.policy,
            },
        )
        if is_new:
            DmarcSource.objects.bulk_create(_sources(row, report, owners), batch_size=500)
    return is_new


def _sources(
    row: DmarcReport, report: AggregateReport, owners: dict[str, str]
) -> Iterator[DmarcSource]:
    ours = normal.registrable_domain(report.domain) or report.domain
    for one in report.rows:
        signer = normal.registrable_domain(one.signed_by) or ""
        yield DmarcSource(
            report=row,
            address=one.address,
            organisation=owners.get(one.address) or (signer if signer != ours else NOT_NAMED),
            messages=one.messages,
            dkim=one.dkim,
            spf=one.spf,
            disposition=one.disposition,
            header_from=one.header_from,
        )


# --- What they say together ---


@dataclass(frozen=True)
class SourceSummary:
    organisation: str  # "" where neither its name nor its signature tells
    messages: int
    aligned: int  # by DKIM or SPF: these pass DMARC
    addresses: tuple[str, ...]  # at most three
    more_addresses: int

    @property
    def sends_as_us(self) -> bool:
        """Nothing from there passes: it is not set up, or not ours."""
        return self.aligned == 0


@dataclass(frozen=True)
class ReportSummary:
    """The reports of a domain that end within 30 days. Shares are of messages, 0 to 1."""

    reports: int
    reporters: int
    begins_at: datetime | None
    ends_at: datetime | None
    messages: int = 0
    aligned: int = 0
    dkim: int = 0
    spf: int = 0
    sources: tuple[SourceSummary, ...] = ()
    more_sources: int = 0

    def share_of(self, count: int) -> float | None:
        return count / self.messages if self.messages else None


def summarize_reports(domain: str, now: datetime) -> ReportSummary:
    reports = DmarcReport.objects.filter(domain=domain, ends_at__gt=now - SHOWN_SINCE)
    span = reports.aggregate(begins=Min("begins_at"), ends=Max("ends_at"))
    rows = DmarcSource.objects.filter(report__in=reports)
    passes = Q(dkim=True) | Q(spf=True)
    total = rows.aggregate(
        all=Sum("messages"),
        aligned=Sum("messages", filter=passes),
        by_dkim=Sum("messages", filter=Q(dkim=True)),
        by_spf=Sum("messages", filter=Q(spf=True)),
    )
    sources = _by_organisation(rows, passes)
    return ReportSummary(
        reports=reports.count(),
        reporters=reports.order_by().values("organisation").distinct().count(),
        begins_at=span["begins"],
        ends_at=span["ends"],
        messages=total["all"] or 0,
        aligned=total["aligned"] or 0,
        dkim=total["by_dkim"] or 0,
        spf=total["by_spf"] or 0,
        sources=sources[:SHOWN_SOURCES],
        more_sources=max(0, len(sources) - SHOWN_SOURCES),
    )


def _by_organisation(rows: Any, passes: Q) -> tuple[SourceSummary, ...]:
    """The largest first. Addresses of nobody known stand alone."""
    by_address = rows.order_by().values("organisation", "address")
    counted = by_address.annotate(all=Sum("messages"), passed=Sum("messages", filter=passes))
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in counted.order_by("-all", "address"):
        alone = "" if one["organisation"] else one["address"]
        groups.setdefault((one["organisation"], alone), []).append(one)
    found = [
        SourceSummary(
            organisation=organisation,
            messages=sum(one["all"] for one in group),
            aligned=sum(one["passed"] or 0 for one in group),
            addresses=tuple(one["address"] for one in group[:3]),
            more_addresses=max(0, len(group) - 3),
        )
        for (organisation, _alone), group in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: -one.messages))
