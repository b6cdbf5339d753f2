"""Everybody known at one company: score, visits, emails, and who is in contact with us."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from approvals.desk import company_slot, outside_links
from approvals.views.pages import render_page
from leads.models import Company, Lead, Visit
from leads.scoring import calculation
from outreach.choices import Status, Transport
from outreach.contact_history import recipients
from outreach.models import Message, Reply

PAGE_SIZE = 50
MOST_IN_CONTACT = 5


@dataclass(frozen=True)
class PersonLine:
    """One person of the company."""

    lead: Lead
    visits: int
    emails: int  # that were sent
    is_hot: bool
    newest_email: Message | None
    answered_at: datetime | None

    @property
    def is_on_hold(self) -> bool:
        return self.newest_email is not None and recipients.is_on_hold(self.newest_email)


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_safe
def company_page(request: HttpRequest, pk: int) -> HttpResponse:
    company = get_object_or_404(Company, pk=pk)
    found = Paginator(people_of(company), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "company": company,
        "links": outside_links.company_links(company),
        "page": found,
        "people": _person_lines(list(found.object_list), company),
        "in_contact": people_in_contact(company),
        "first": company_slot.first_at_company(company.pk),
        "unknown_visits": Visit.objects.filter(company=company, lead=None).count(),
    }
    return render_page(request, "caio_project/lead_pages/company.html", context)


def people_of(company: Company) -> QuerySet[Lead]:
    visits = Visit.objects.filter(lead=OuterRef("pk")).order_by()
    emails = _sent_emails().filter(lead=OuterRef("pk")).order_by()
    newest = Message.objects.filter(lead=OuterRef("pk")).order_by("-pk")
    return (
        Lead.objects.filter(company=company)
        .annotate(
            visit_count=_count_of(visits),
            email_count=_count_of(emails),
            newest_email=Subquery(newest.values("pk")[:1]),
            answered_at=_newest_reply(),
        )
        .order_by(F("score").desc(nulls_last=True), "-last_seen_at", "pk")
    )


def people_in_contact(company: Company) -> list[Any]:
    sent = _sent_emails().filter(lead=OuterRef("pk")).order_by("-sent_at")
    people = Lead.objects.filter(company=company).annotate(
        emailed_at=Subquery(sent.values("sent_at")[:1]), answered_at=_newest_reply()
    )
    known = people.filter(Q(emailed_at__isnull=False) | Q(answered_at__isnull=False))
    order = (F("answered_at").desc(nulls_last=True), F("emailed_at").desc(nulls_last=True))
    return list(known.order_by(*order)[:MOST_IN_CONTACT])


def _sent_emails() -> QuerySet[Message]:
    return Message.objects.filter(status=Status.SENT).exclude(transport=Transport.SANDBOX)


def _newest_reply() -> Subquery:
    replies = Reply.objects.by_people().filter(lead=OuterRef("pk")).order_by("-received_at")
    return Subquery(replies.values("received_at")[:1])


def _count_of(rows: QuerySet[Any]) -> Subquery:
    counted = rows.values("lead").annotate(n=Count("pk")).values("n")
    return Subquery(counted, output_field=IntegerField())


def _person_lines(leads: list[Any], company: Company) -> list[PersonLine]:
    emails = Message.objects.in_bulk([one.newest_email for one in leads if one.newest_email])
    return [
        PersonLine(
            lead=lead,
            visits=lead.visit_count or 0,
            emails=lead.email_count or 0,
            is_hot=calculation.is_hot(lead.score or 0, lead.tier, company.employees_from),
            newest_email=emails.get(lead.newest_email),
            answered_at=lead.answered_at,
        )
        for lead in leads
    ]
