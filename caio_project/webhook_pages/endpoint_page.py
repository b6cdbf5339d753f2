"""Webhook endpoints on pages, for a Lead: add, change, watch, test, disable, replay."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from approvals.views.pages import SeeOther
from caio_project.lib.models import WebhookDelivery, WebhookEndpoint
from caio_project.lib.webhooks_out import endpoints
from caio_project.lib.webhooks_out.endpoints import EndpointRefused, EndpointWish
from caio_project.lib.webhooks_out.event_types import SUBSCRIBABLE, DeliveryState, EventType
from caio_project.webhook_pages.endpoint_api import act_on, find_endpoint, user_manager

SHOWN_DELIVERIES = 50
DONE = {
    "disable": "Disabled. Nothing more is sent to it.",
    "enable": "Enabled. Replay what it missed.",
    "test": "A test event is on its way. Its result appears below in a few seconds.",
    "replay": "It is sent again, under the same event id.",
    "replay_failed": "{} failed deliveries are sent again.",
}


class EndpointForm(forms.Form):
    url = forms.CharField(max_length=500, label="Address", help_text="Begins with https://.")
    description = forms.CharField(max_length=100, required=False)
    events = forms.MultipleChoiceField(
        choices=[(one.value, one.label) for one in EventType if one in SUBSCRIBABLE],
        widget=forms.CheckboxSelectMultiple,
    )
    with_person = forms.BooleanField(
        required=False, label="Send name, title, company and email of the person along"
    )

    def wish(self) -> EndpointWish:
        said = self.cleaned_data
        return EndpointWish(**{**said, "events": tuple(said["events"])})


@login_required
@never_cache
@permission_required(endpoints.MANAGE, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint_list(request: HttpRequest) -> HttpResponse:
    form, secret = EndpointForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _, secret = endpoints.add_endpoint(form.wish(), user_manager(request.user))
            form = EndpointForm()
        except EndpointRefused as refused:
            form.add_error(refused.field or None, refused.text)
    rows = WebhookEndpoint.objects.order_by("-is_active", "-pk")
    shown = {"rows": rows, "form": form, "secret": secret}
    return render(request, "caio_project/webhook_pages/endpoints.html", shown)


@login_required
@never_cache
@permission_required(endpoints.MANAGE, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    endpoint = find_endpoint(public_id)
    form, secret = EndpointForm(initial=vars(endpoint)), ""
    if request.method == "POST":
        act = request.POST.get("act", "")
        if act == "change":
            form = EndpointForm(request.POST)
            if _is_changed(request, endpoint, form):
                return _back(endpoint)
        elif act == "rotate":
            secret = endpoints.exchange_secret(endpoint, user_manager(request.user))
            endpoint.refresh_from_db()
        else:
            _do(request, endpoint, act)
            return _back(endpoint)
    shown = {
        "endpoint": endpoint,
        "form": form,
        "secret": secret,
        "deliveries": endpoint.deliveries.select_related("event")
        .prefetch_related("tries")
        .order_by("-pk")[:SHOWN_DELIVERIES],
        "changes": endpoint.changes.all()[:20],
    }
    return render(request, "caio_project/webhook_pages/endpoint.html", shown)


def _is_changed(request: HttpRequest, endpoint: WebhookEndpoint, form: EndpointForm) -> bool:
    if not form.is_valid():
        return False
    try:
        endpoints.change_endpoint(endpoint, form.wish(), user_manager(request.user))
    except EndpointRefused as refused:
        form.add_error(refused.field or None, refused.text)
        return False
    messages.success(request, "Saved.")
    return True


def _do(request: HttpRequest, endpoint: WebhookEndpoint, act: str) -> None:
    if act not in DONE:
        messages.error(request, "Choose what to do. Nothing was done.")
        return
    try:
        if act == "replay":
            endpoints.replay_delivery(_delivery(endpoint, request.POST.get("delivery", "")))
        elif act == "replay_failed":
            count = endpoints.replay(endpoint.deliveries.filter(state=DeliveryState.FAILED))
            messages.success(request, DONE[act].format(count))
            return
        else:
            act_on(endpoint, act, user_manager(request.user))
    except EndpointRefused as refused:
        messages.error(request, f"{refused.text} Nothing was done.")
        return
    messages.success(request, DONE[act])


def _delivery(endpoint: WebhookEndpoint, number: str) -> WebhookDelivery:
    rows = endpoint.deliveries.select_related("endpoint", "event")
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    found = rows.filter(pk=int(number)).first() if is_number else None
    if found is None:
        raise EndpointRefused("", "There is no such delivery.")
    return found


def _back(endpoint: WebhookEndpoint) -> HttpResponse:
    return SeeOther(reverse("webhook", args=[endpoint.public_id]))
