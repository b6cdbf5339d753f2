"""What every page of ours shares: login, the permission to decide, 303 after a change, the strip
with Undo.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from approvals.decisions import refusal_words, undo
from approvals.decisions.judgement import Refusal
from approvals.queue import review_queue
from approvals.queue.queue_view import QueueView
from outreach.models import Message

View = Callable[..., HttpResponse]
NOT_A_REVIEWER = refusal_words.FIXED[Refusal.NO_PERMISSION]
NO_ROLE = "Your account has no role yet. Ask a Lead to make you a viewer or a reviewer."
SIGNED_OUT = "You are signed out. Nothing was changed."
SKIPPED_KEY = "skipped"
MAX_SKIPPED = 100


class SeeOther(HttpResponseRedirect):
    status_code = 303


def viewer_page(view: View) -> View:
    """A page for signed-in people with a role, since every page shows personal data; never
    cached.
    """

    @wraps(view)
    def with_a_role(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        if not request.user.has_perm("outreach.view_message"):
            raise PermissionDenied(NO_ROLE)
        return view(request, *args, **more)

    return _say_when_signed_out(login_required(never_cache(with_a_role)))


def _say_when_signed_out(view: View) -> View:
    """A script's POST of somebody signed out gets 401, so that its page stays as it is."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        is_post_by_script = request.method == "POST" and "HX-Request" in request.headers
        if is_post_by_script and not request.user.is_authenticated:
            return HttpResponse(SIGNED_OUT, status=401, content_type="text/plain")
        return view(request, *args, **more)

    return answered


def reviewer_action(view: View) -> View:

    @wraps(view)
    def guarded(request: HttpRequest, public_id: Any, **more: Any) -> HttpResponse:
        if request.method != "POST":
            return redirect(desk_address(public_id, request))
        require_decide_permission(request)
        return view(request, find_message(public_id), **more)

    return viewer_page(guarded)


def require_decide_permission(request: HttpRequest) -> None:
    if not request.user.has_perm("approvals.decide"):
        raise PermissionDenied(NOT_A_REVIEWER)


def find_message(public_id: Any) -> Message:
    rows = Message.objects.select_related("lead__company", "sender", "template", "assessment")
    return get_object_or_404(rows, public_id=public_id)


def render_page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A whole page. After a refused POST the address bar keeps one that can be opened again."""
    response = render(
        request,
        template,
        {"undoable": undo.undoable_decisions(request.user), **context},
        status=status,
    )
    if request.method == "POST":
        response["HX-Push-Url"] = "false"
    return response


def redirect_to_next(request: HttpRequest, after: Message | None = None) -> HttpResponse:
    """Go to the next email of the view, or to the queue when none waits. Claims nothing."""
    view = QueueView.read(request.GET)
    found = review_queue.next_message_for(
        request.user, after, request.session.get(SKIPPED_KEY, ()), view.messages(request.user)
    )
    if found is None:
        return SeeOther(reverse("queue") + view.query)
    return redirect_to_desk(request, found)


def redirect_after_decision(request: HttpRequest, decided: Message) -> HttpResponse:
    """To the next email, or back to the decided one for who has chosen to stay there."""
    chosen = getattr(request, "chosen", None)
    if chosen is not None and chosen.stays_on_decided:
        return redirect_to_desk(request, decided)
    return redirect_to_next(request, after=decided)


def redirect_to_desk(request: HttpRequest, message: Message) -> HttpResponse:
    return SeeOther(desk_address(message.public_id, request))


def desk_address(public_id: Any, request: HttpRequest) -> str:
    return reverse("desk", args=[public_id]) + QueueView.read(request.GET).query


def remember_skip(request: HttpRequest, message: Message) -> None:
    skipped = [pk for pk in request.session.get(SKIPPED_KEY, []) if pk != message.pk]
    request.session[SKIPPED_KEY] = [*skipped, message.pk][-MAX_SKIPPED:]


def redirect_back(request: HttpRequest, default: str = "/sales") -> HttpResponse:
    to = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        to, {request.get_host()}, require_https=request.is_secure()
    )
    return SeeOther(to if safe else default)
