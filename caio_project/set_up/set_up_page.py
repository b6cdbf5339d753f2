"""The page of the set-up: everybody with a role sees its state, a Lead changes it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.files import FileReport, UnreadableFile, uploaded_bytes
from caio_project.lib.models import LiveVendor, SetUpChange, StoredSecret
from caio_project.lib.vendor_access import access, rb2b_tokens
from caio_project.lib.words.check_states import CheckState
from caio_project.lib.words.role_words import ask_a_lead
from caio_project.set_up import going_live, made_tokens, parts, proofs, vendor_parts
from caio_project.set_up.entered_secrets import ValueRefused, remove_secret, store_secret
from caio_project.set_up.secret_rows import secret_rows
from leads.imports.past_employers import import_past_employers

PERMISSION = "lib.set_up_vendors"
NOT_A_LEAD = ask_a_lead("set this up")
MOST_BYTES = 2_000_000
SHOWN_CHANGES = 20
SHOWN_ERRORS = 50


@sensitive_post_parameters("value")
@viewer_page
@require_http_methods(["GET", "HEAD", "POST"])
def set_up_page(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _act(request)
    return _render(request)


def _act(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied(NOT_A_LEAD)
    access.forget_rows()
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        messages.error(request, "Choose what to do. Nothing was changed.")
        return _back(request)
    return act(request, request.POST.get("about", ""))


def _enter(request: HttpRequest, name: str) -> HttpResponse:
    try:
        store_secret(name, request.POST.get("value", ""), request.user)
    except ValueRefused as refused:
        messages.error(request, f"{refused} Nothing was changed.")
    else:
        messages.success(request, f"{name} is stored. Send a test to prove it.")
    return _back(request)


def _remove(request: HttpRequest, name: str) -> HttpResponse:
    if remove_secret(name, request.user):
        messages.success(request, f"{name} is removed.")
    else:
        messages.error(request, "Nothing was entered for it. Nothing was changed.")
    return _back(request)


def _test(request: HttpRequest, part: str) -> HttpResponse:
    if part not in proofs.TESTS:
        messages.error(request, "There is no test of it. Nothing was sent.")
        return _back(request)
    row = proofs.run_proof(part, request.user)
    say = messages.success if row.ok else messages.error
    say(request, row.text)
    return _back(request)


def _make_token(request: HttpRequest, _: str) -> HttpResponse:
    """Answered with the page itself: the token is shown this once, and kept nowhere."""
    try:
        token = made_tokens.make_token(request.user)
    except made_tokens.TooManyTokens:
        messages.error(request, f"{made_tokens.TOO_MANY} Nothing was changed.")
        return _back(request)
    parts.count_done()
    return _render(request, new_address=vendor_parts.rb2b_address(token))


def _revoke_token(request: HttpRequest, pk: str) -> HttpResponse:
    if made_tokens.revoke_token(pk, request.user):
        messages.success(request, "Revoked: who posts with this token is refused from now on.")
    else:
        messages.error(request, "There is no such token. Nothing was changed.")
    return _back(request)


def _go_live(request: HttpRequest, vendor: str) -> HttpResponse:
    try:
        going_live.go_live(vendor, request.user)
    except going_live.NotAllowed as refused:
        messages.error(request, f"Not live. {' '.join(refused.reasons)}")
    else:
        name = going_live.VENDORS[vendor]
        messages.success(request, f"{name} is live: every process knows within 5 seconds.")
    return _back(request)


def _to_sandbox(request: HttpRequest, vendor: str) -> HttpResponse:
    if going_live.back_to_sandbox(vendor, request.user):
        messages.success(
            request, "Back in the sandbox. Emails that were approved as live are held again."
        )
    else:
        messages.error(request, "It did not go live on this page. Nothing was changed.")
    return _back(request)


def _take_employers(request: HttpRequest, _: str) -> HttpResponse:
    try:
        raw = uploaded_bytes(request.FILES.get("file"), MOST_BYTES, "a CSV file")
        report = import_past_employers(raw)
    except UnreadableFile as error:
        return _render(request, 422, file_error=f"{error} Nothing was stored.")
    if report.errors:
        return _refuse_lines(request, report)
    lines = "1 line" if report.read == 1 else f"{report.read} lines"
    said = f"{lines} read: {report.new} new, {report.known} known before."
    messages.success(request, said)
    return _back(request)


def _refuse_lines(request: HttpRequest, report: FileReport) -> HttpResponse:
    wrong = len({line for line, _ in report.errors}) + report.more_errors
    error = f"{wrong} of {report.read} lines are wrong. Nothing was stored."
    return _render(request, 422, file_error=error, lines=report.errors[:SHOWN_ERRORS])


Act = Callable[[HttpRequest, str], HttpResponse]
ACTS: dict[str, Act] = {
    "enter": _enter,
    "remove": _remove,
    "make_token": _make_token,
    "revoke_token": _revoke_token,
    "test": _test,
    "live": _go_live,
    "sandbox": _to_sandbox,
    "employers": _take_employers,
}


def _back(request: HttpRequest) -> HttpResponse:
    parts.count_done()
    return SeeOther(reverse("set-up"))


def _render(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    access.forget_rows()
    may_change = request.user.has_perm(PERMISSION)
    found = parts.read_parts()
    addresses = vendor_parts.webhook_addresses(with_token=may_change)
    stored = {row.name: row for row in StoredSecret.objects.all()}
    live = {row.vendor: row for row in LiveVendor.objects.all()}
    context = {
        "may_change": may_change,
        "done": sum(one.state == CheckState.PASS for one in found),
        "rows": [
            {
                "part": one,
                "addresses": addresses.get(one.key, ()),
                "secrets": secret_rows(one.key, stored),
                "has_test": one.key in proofs.TESTS,
                "vendor": one.key if one.key in going_live.VENDORS else "",
                "is_sandboxed": access.is_sandboxed(one.key),
                "why_not": going_live.why_not_live(one.key),
                "live": live.get(one.key),
            }
            for one in found
        ],
        "tokens": made_tokens.live_tokens(),
        "told_tokens": len(rb2b_tokens.environment_tokens()),
        "may_make": made_tokens.may_make_another(),
        "changes": SetUpChange.objects.all()[:SHOWN_CHANGES],
        **more,
    }
    return render_page(request, "caio_project/set_up/set_up.html", context, status)
